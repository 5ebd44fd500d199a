// The tab of trackers: those that keep a channel to us, and the announce URLs of the torrent.
import type { AnnounceRow, TrackerStatus, TransferRow } from "../../control/contract.ts";
import { cut, left, right } from "../format/columns.ts";
import { counted, formatCount } from "../format/numbers.ts";
import { formatClock, formatDuration } from "../format/time.ts";
import type { Size } from "../layout.ts";
import type { TrackerRow } from "../lists.ts";
import type { Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawTabList } from "./tab-list.ts";

export function drawTrackersTab(state: ViewState, transfer: TransferRow, size: Size, theme: Theme): readonly string[] {
  const addressWidth = Math.max(20, Math.min(44, Math.floor(size.width * 0.34)));
  const empty = transfer.private
    ? "This torrent is private: its own trackers alone may know of it, and it names none."
    : "No tracker is known:  :tracker HOST:PORT  names one.";
  const height = size.height - 3;
  const rows = drawTabList(
    state,
    {
      tab: "trackers",
      height,
      width: size.width,
      draw: (row, width, rowTheme) => drawTracker(row, addressWidth, width, rowTheme),
      empty,
    },
    theme,
  );
  const headings = `  ${left("tracker", addressWidth)} ${left("state", 11)}${right("seeds", 6)}${right("others", 7)}  ${left("next", 8)}`;
  const selected = state.lists.trackers[state.positions.trackers.index]?.row;
  const words = selected === undefined ? "" : wordsOf(cellsOf(selected));
  return [
    theme.faint(headings),
    ...rows,
    ...Array.from({ length: Math.max(0, height - rows.length) }, () => ""),
    "",
    ` ${theme.faint(cut(words, size.width - 2, theme.glyphs.ellipsis))}`,
  ];
}

function wordsOf({ address, state, words }: Cells): string {
  return words === "" ? `${address}: ${state}` : `${address}: ${state}, ${words}`;
}

function cellsOf(row: TrackerRow): Cells {
  return row.type === "channel" ? cellsOfChannel(row.status) : cellsOfAnnounce(row.announce);
}

function drawTracker(row: TrackerRow, addressWidth: number, width: number, theme: Theme): string {
  const { address, state, seeds, others, next, words, works } = cellsOf(row);
  const { ellipsis } = theme.glyphs;
  const glyph =
    works === null
      ? theme.faint(theme.glyphs.wait)
      : works
        ? theme.good(theme.glyphs.have)
        : theme.bad(theme.glyphs.problem);
  const before = `${left(address, addressWidth - 2, ellipsis)} ${left(state, 11)}`;
  const figures = `${right(seeds, 6)}${right(others, 7)}  ${left(next, 8)} `;
  const rest = width - (addressWidth - 2) - 2 - 12 - 24;
  return `${glyph} ${before}${figures}${left(cut(words, rest, ellipsis), rest)}`;
}

interface Cells {
  readonly address: string;
  readonly state: string;
  readonly seeds: string;
  readonly others: string;
  /** When it is asked again. */
  readonly next: string;
  readonly words: string;
  /** Null while that is not known. */
  readonly works: boolean | null;
}

function cellsOfChannel({ address, state, problem, retryInSeconds, peers, files, reachable }: TrackerStatus): Cells {
  const connected = state === "connected";
  const channel = `channel: ${counted(peers, "peer")}, ${counted(files, "file")}${reachable ? ", can dial us" : ""}`;
  const said = reachable === false ? "cannot dial our port: open or forward it" : channel;
  return {
    address,
    state,
    seeds: "",
    others: connected ? formatCount(peers) : "",
    next: retryInSeconds === null ? (connected ? "live" : "") : `in ${formatDuration(retryInSeconds)}`,
    words: problem ?? (connected ? said : "channel"),
    works: connected ? true : state === "connecting" ? null : false,
  };
}

function cellsOfAnnounce(announce: AnnounceRow): Cells {
  const { address, tier, state, problem, nextAnnounceAt, seeds, leechers } = announce;
  const counts = (count: number | null): string => (count === null ? "" : formatCount(count));
  return {
    address,
    state,
    seeds: counts(seeds),
    others: counts(leechers),
    next: nextAnnounceAt === null ? "" : formatClock(nextAnnounceAt),
    words: problem ?? (tier === 0 ? "" : `tier ${tier + 1}`),
    works: state === "working" ? true : state === "failing" ? false : null,
  };
}
