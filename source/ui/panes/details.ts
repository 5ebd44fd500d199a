// The details of one transfer: a head that says how it is, and below it one of its tabs.
import type { Snapshot, TransferRow } from "../../control/contract.ts";
import { pieceBar } from "../format/bars.ts";
import { formatBytes, formatPart, formatRate } from "../format/bytes.ts";
import { columnsOf, cut, wrapped } from "../format/columns.ts";
import { formatCount } from "../format/numbers.ts";
import { formatDate, formatDuration } from "../format/time.ts";
import type { Size } from "../layout.ts";
import { markerOf } from "../lists.ts";
import { DETAIL_HEAD_ROWS, DETAIL_TABS, isListTab, tabHeight, tabListHeight, type DetailTab } from "../tabs.ts";
import type { Theme } from "../theme.ts";
import type { Details, ViewState } from "../view-state.ts";
import { drawFilesTab } from "./files-tab.ts";
import { drawFrame } from "./frame.ts";
import { drawGraphTab } from "./graph-tab.ts";
import { listNote } from "./list-note.ts";
import { drawLogTab } from "./log-tab.ts";
import { drawPeersTab } from "./peers-tab.ts";
import { drawPiecesTab } from "./pieces-tab.ts";
import { drawTrackersTab } from "./trackers-tab.ts";
import { doneShare, isMissingSomewhere, stateGlyph, wordsOf } from "./transfers.ts";

const TABS: Readonly<
  Record<DetailTab, (state: ViewState, transfer: TransferRow, size: Size, theme: Theme) => readonly string[]>
> = {
  pieces: (_state, transfer, size, theme) => drawPiecesTab(transfer, size, theme),
  peers: drawPeersTab,
  files: drawFilesTab,
  trackers: drawTrackersTab,
  log: drawLogTab,
  graph: (_state, transfer, size, theme) => drawGraphTab(transfer, size, theme),
};

export function drawDetails(
  state: ViewState,
  transfer: TransferRow,
  { tab }: Details,
  size: Size,
  theme: Theme,
): string[] {
  const inner = size.width - 2;
  const rows = TABS[tab](state, transfer, { width: inner, height: tabHeight(size.height) }, theme);
  const window = isListTab(tab)
    ? {
        first: state.positions[tab].top,
        shown: tabListHeight(tab, size.height),
        all: state.lists[tab].length,
        selected: state.positions[tab].index,
      }
    : null;
  return drawFrame(
    {
      title: transfer.name,
      mark: markerOf(state.snapshot.transfers)(transfer),
      note: noteOf(state, transfer, tab),
      noteFirst: isListTab(tab) && state.filters[tab] !== "",
      rows: [...head(state.snapshot, transfer, tab, inner, theme), ...rows],
      focused: true,
      ...(window !== null && { window }),
    },
    size,
    theme,
  );
}

function noteOf(state: ViewState, transfer: TransferRow, tab: DetailTab): string {
  switch (tab) {
    case "peers":
      return listNote(state, tab, transfer.peers.length);
    case "files":
      return listNote(state, tab, transfer.fileCount);
    case "log": {
      const filter = state.filters.log === "" ? "" : `/${state.filters.log} ${formatCount(state.lists.log.length)}, `;
      return filter + (state.following.log ? "following" : "G follows");
    }
    case "pieces":
    case "trackers":
    case "graph":
      return `added ${formatDate(transfer.addedAt)}`;
    default:
      return tab satisfies never;
  }
}

function head(snapshot: Snapshot, row: TransferRow, tab: DetailTab, inner: number, theme: Theme): string[] {
  const { ellipsis } = theme.glyphs;
  const time = row.secondsLeft === null ? "" : `, ${formatDuration(row.secondsLeft)} left`;
  const rates = `${formatRate(row.downBytesPerSecond)} down, ${formatRate(row.upBytesPerSecond)} up`;
  const part = formatPart(row.wantedHeldBytes, row.wantedBytes);
  const leftOut = row.wantedBytes < row.length ? ` wanted of ${formatBytes(row.length)}` : "";
  const first = `${doneShare(row)}, ${part}${leftOut}${time}, ${rates}, ratio ${row.ratio.toFixed(2)}`;
  const wasted = row.wastedBytes === 0 ? "" : `, ${formatBytes(row.wastedBytes)} wasted`;
  const how = [...settingsOf(row), row.summary ?? `${wordsOf(row).replace(/\.$/, "")}, in ${row.folder}${wasted}`];
  const second = isMissingSomewhere(row) ? ["not all of it is there", ...how] : how;
  // A fault says at its end what to do: it is not cut, even if its bar has to go.
  const words = wrapped(second.join("; "), inner - 4, row.state === "error" ? 3 : 1, ellipsis);
  const bar = ` ${pieceBar(row.pieceMap, inner - 2, theme)}`;
  return [
    ` ${tabLine(snapshot, row, tab, inner - 2, theme)}`,
    ` ${stateGlyph(row, theme)} ${cut(first, inner - 4, ellipsis)}`,
    ...[...words.map((line) => `   ${line}`), bar, ""].slice(0, DETAIL_HEAD_ROWS - 2),
  ];
}

/** The tabs with what they hold; where that does not fit, only their names. */
function tabLine(snapshot: Snapshot, row: TransferRow, open: DetailTab, width: number, theme: Theme): string {
  const trackers = (row.private && row.trackers.length > 0 ? 0 : snapshot.trackers.length) + row.trackers.length;
  const counts: Readonly<Record<DetailTab, string>> = {
    pieces: ` ${formatCount(row.heldPieces)}/${formatCount(row.pieceCount)}`,
    peers: ` ${row.peers.length}`,
    files: ` ${formatCount(row.fileCount)}`,
    trackers: ` ${trackers}`,
    log: "",
    graph: "",
  };
  const texts = (counting: boolean): string[] =>
    DETAIL_TABS.map((tab) => {
      const text = `${tab}${counting ? counts[tab] : ""}`;
      return tab === open ? `[${text}]` : ` ${text} `;
    });
  const whole = texts(true);
  const fitting = columnsOf(whole.join(" ")) <= width ? whole : texts(false);
  return fitting.map((text, index) => (DETAIL_TABS[index] === open ? theme.selected(text) : text)).join(" ");
}

/** What was asked of this transfer alone. */
function settingsOf(row: TransferRow): string[] {
  const { downLimitBytesPerSecond: down, upLimitBytesPerSecond: up, ratioLimit, seedSecondsLimit } = row;
  return [
    row.sequential ? "in order" : "",
    down === 0 ? "" : `at most ${formatRate(down)} down`,
    up === 0 ? "" : `at most ${formatRate(up)} up`,
    ratioLimit === null ? "" : `gives until ratio ${ratioLimit}`,
    seedSecondsLimit === null ? "" : `gives for ${formatDuration(seedSecondsLimit)}`,
  ].filter((text) => text !== "");
}
