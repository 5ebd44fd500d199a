// The details of one transfer: its pieces, peers, files, trackers and log.
import type { Snapshot, TransferRow } from "../../control/contract.ts";
import { pieceBar, sliceOfCell } from "../format/bars.ts";
import { formatBytes, formatPart, formatRate } from "../format/bytes.ts";
import { cut, left, right } from "../format/columns.ts";
import { counted, formatCount, formatShare } from "../format/numbers.ts";
import { formatDuration } from "../format/time.ts";
import type { Size } from "../layout.ts";
import { markedName } from "../lists.ts";
import type { Theme } from "../theme.ts";
import type { Details } from "../view-state.ts";
import { drawBroadcast } from "./broadcasts.ts";
import { drawFrame } from "./frame.ts";
import { drawPeer, stateGlyph, wordsOf } from "./transfers.ts";

export const DETAIL_TABS = ["pieces", "peers", "files", "trackers", "log"] as const;
export type DetailTab = (typeof DETAIL_TABS)[number];

/** Rows above the tab's own: the tabs, two lines about the transfer, its bar, one empty. */
export const DETAIL_HEAD_ROWS = 5;

export function drawDetails(
  snapshot: Snapshot,
  transfer: TransferRow,
  details: Details,
  size: Size,
  theme: Theme,
): string[] {
  const inner = size.width - 2;
  const height = size.height - 2 - DETAIL_HEAD_ROWS;
  const rows = tabRows(snapshot, transfer, details.tab, { width: inner - 2, height }, theme);
  const shown = rows.slice(details.top, details.top + height).map((row) => ` ${row}`);
  return drawFrame(
    {
      title: markedName(transfer, snapshot.transfers),
      note: `added ${new Date(transfer.addedAt).toISOString().slice(0, 10)}`,
      rows: [...head(snapshot, transfer, details.tab, inner, theme), ...shown],
      focused: true,
      window: { first: details.top, shown: height, all: rows.length },
    },
    size,
    theme,
  );
}

function head(snapshot: Snapshot, row: TransferRow, tab: DetailTab, inner: number, theme: Theme): string[] {
  const { ellipsis } = theme.glyphs;
  const counts: Readonly<Record<DetailTab, string>> = {
    pieces: ` ${formatCount(row.heldPieces)}/${formatCount(row.pieceCount)}`,
    peers: ` ${row.peers.length}`,
    files: ` ${formatCount(row.fileCount)}`,
    trackers: ` ${snapshot.trackers.length}`,
    log: "",
  };
  const tabs = DETAIL_TABS.map((name) =>
    name === tab ? theme.selected(`[${name}${counts[name]}]`) : ` ${name}${counts[name]} `,
  ).join(" ");
  const time = row.secondsLeft === null ? "" : `, ${formatDuration(row.secondsLeft)} left`;
  const share = formatShare(row.length === 0 ? 1 : row.heldBytes / row.length);
  const rates = `${formatRate(row.downBytesPerSecond)} down, ${formatRate(row.upBytesPerSecond)} up`;
  const first = `${share}, ${formatPart(row.heldBytes, row.length)}${time}, ${rates}, ratio ${row.ratio.toFixed(2)}`;
  const wasted = row.wastedBytes === 0 ? "" : `, ${formatBytes(row.wastedBytes)} wasted`;
  const second = row.summary ?? `${wordsOf(row)}, in ${row.folder}${wasted}`;
  return [
    ` ${tabs}`,
    ` ${stateGlyph(row, theme)} ${cut(first, inner - 4, ellipsis)}`,
    `   ${cut(second, inner - 4, ellipsis)}`,
    ` ${pieceBar(row.pieceMap, inner - 2, theme)}`,
    "",
  ];
}

function tabRows(snapshot: Snapshot, row: TransferRow, tab: DetailTab, size: Size, theme: Theme): string[] {
  const { width } = size;
  const { ellipsis } = theme.glyphs;
  switch (tab) {
    case "pieces":
      return pieceRows(row, size, theme);
    case "peers":
      return row.peers.length === 0
        ? ["No peer is connected."]
        : row.peers.map((peer) => {
            const { before, bar, after } = drawPeer(peer, width, theme, theme);
            return before + bar + after;
          });
    case "files":
      return [
        ...row.files.map(
          (file) =>
            left(file.path, width - 30, ellipsis) +
            right(formatPart(file.heldBytes, file.length), 22) +
            right(formatShare(file.length === 0 ? 1 : file.heldBytes / file.length), 8),
        ),
        ...(row.fileCount > row.files.length ? [`and ${counted(row.fileCount - row.files.length, "more file")}`] : []),
      ];
    case "trackers":
      return row.private && snapshot.trackers.length === 0
        ? ["This torrent is private: its own trackers alone may know of it."]
        : snapshot.trackers.map((tracker) =>
            cut(
              `${left(tracker.address, 28, ellipsis)} ${left(tracker.state, 11)} ${tracker.problem ?? `${counted(tracker.peers, "peer")}, ${counted(tracker.files, "file")}`}`,
              width,
              ellipsis,
            ),
          );
    case "log":
      return logOf(snapshot, row).map((broadcast) => drawBroadcast(broadcast, width, theme));
    default:
      return tab satisfies never;
  }
}

/** Rows that a tab would fill without a bound; the pieces are fitted to whatever room there is. */
export function detailLength(snapshot: Snapshot, row: TransferRow, tab: DetailTab): number {
  switch (tab) {
    case "pieces":
      return 0;
    case "peers":
      return row.peers.length;
    case "files":
      return row.files.length + (row.fileCount > row.files.length ? 1 : 0);
    case "trackers":
      return snapshot.trackers.length;
    case "log":
      return logOf(snapshot, row).length;
    default:
      return tab satisfies never;
  }
}

/** What was said of this transfer, newest first. */
function logOf({ broadcasts }: Snapshot, { name }: TransferRow): Snapshot["broadcasts"] {
  return broadcasts.filter(({ text }) => text.includes(name)).toReversed();
}

/** The map over several lines, below each how many peers hold its rarest pieces, and a legend. */
function pieceRows(row: TransferRow, size: Size, theme: Theme): string[] {
  const { glyphs } = theme;
  const lines = Math.max(1, Math.min(Math.ceil(row.pieceMap.length / size.width), Math.floor((size.height - 2) / 2)));
  const cells = Math.min(row.pieceMap.length, lines * size.width);
  const drawn = Array.from({ length: lines }, (_, line) => {
    const from = line * size.width;
    const width = Math.min(size.width, cells - from);
    const states = Array.from({ length: width }, (_, cell) =>
      pieceBar(sliceOfCell(row.pieceMap, from + cell, cells), 1, theme),
    );
    const digits = Array.from({ length: width }, (_, cell) =>
      lowest(sliceOfCell(row.availabilityMap, from + cell, cells)),
    );
    return [states.join(""), theme.faint(digits.join(""))];
  }).flat();
  const legend = [
    `${glyphs.held} held`,
    `${glyphs.gave} given away`,
    `${glyphs.some[Math.floor(glyphs.some.length / 2)]} some held`,
    `${glyphs.arriving} arriving`,
    `${glyphs.missing} missing`,
    "0-9 peers that hold it",
  ];
  return [...drawn, "", cut(legend.join("  "), size.width, glyphs.ellipsis)];
}

function lowest(digits: string): string {
  return [...digits].reduce((least, digit) => (digit < least ? digit : least), digits[0] ?? " ");
}
