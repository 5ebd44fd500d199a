// The tab of rates: the last minute, down above up, each with its scale.
import type { TransferRow } from "../../control/contract.ts";
import { areaChart, roundedUp } from "../format/charts.ts";
import { formatBytes, formatRate } from "../format/bytes.ts";
import { cut, left, right } from "../format/columns.ts";
import type { Size } from "../layout.ts";
import type { Paint, Theme } from "../theme.ts";

const SECONDS = 60;
const SCALE = 10;

export function drawGraphTab(row: TransferRow, size: Size, theme: Theme): readonly string[] {
  const { glyphs } = theme;
  // A heading and an axis each, and an empty row between.
  const height = Math.max(1, Math.min(10, Math.floor((size.height - 5) / 2)));
  return [
    ...drawRate(
      {
        title: `${glyphs.down} down`,
        now: row.downBytesPerSecond,
        mean: row.meanDownBytesPerSecond,
        total: `${formatBytes(row.downloadedBytes)} in all`,
        limit: row.downLimitBytesPerSecond,
        history: row.downHistory,
        paint: theme.busy,
      },
      { width: size.width, height },
      theme,
    ),
    "",
    ...drawRate(
      {
        title: `${glyphs.up} up`,
        now: row.upBytesPerSecond,
        mean: row.meanUpBytesPerSecond,
        total: `${formatBytes(row.uploadedBytes)} in all`,
        limit: row.upLimitBytesPerSecond,
        history: row.upHistory,
        paint: theme.given,
      },
      { width: size.width, height },
      theme,
    ),
  ];
}

interface Rate {
  readonly title: string;
  readonly now: number;
  readonly mean: number;
  readonly total: string;
  readonly limit: number;
  readonly history: readonly number[];
  readonly paint: Paint;
}

function drawRate(rate: Rate, size: Size, theme: Theme): string[] {
  const { ellipsis } = theme.glyphs;
  const width = size.width - SCALE - 4;
  const highest = Math.max(0, ...rate.history);
  const scale = roundedUp(highest);
  const limit = rate.limit === 0 ? "" : `, at most ${formatRate(rate.limit)}`;
  const figures = `${left(rate.title, 7)} ${formatRate(rate.now)} now, ${formatRate(rate.mean)} mean of 30 s, ${formatRate(highest)} highest, ${rate.total}${limit}`;
  const samples = [...Array.from({ length: Math.max(0, SECONDS - rate.history.length) }, () => 0), ...rate.history];
  const chart = areaChart(samples.slice(-SECONDS), { width, height: size.height }, scale, theme.glyphs);
  const [, , , , across, down] = [...theme.glyphs.frame] as [string, string, string, string, string, string];
  const rows = chart.map((line, index) => {
    const label = index === 0 ? formatRate(scale) : "";
    return ` ${theme.faint(`${right(label, SCALE)} ${down}`)}${rate.paint(line)}`;
  });
  const ago = "60 s ago";
  const axis = `${right("0", SCALE)} ${down}${ago}${across.repeat(Math.max(0, width - ago.length - 3))}now`;
  return [` ${cut(figures, size.width - 2, ellipsis)}`, ...rows, ` ${theme.faint(axis)}`];
}
