// Pane 2: what we download and share, and below an opened transfer its peers.
import type { PeerRow, TransferRow } from "../../control/contract.ts";
import { pieceBar, progressBar } from "../format/bars.ts";
import { formatPart, formatRate } from "../format/bytes.ts";
import { columnsOf, cut, left, leftWithMark, padded, right, wrapped } from "../format/columns.ts";
import { counted, formatCount, formatShare } from "../format/numbers.ts";
import { formatDuration } from "../format/time.ts";
import { listHeight, type Size } from "../layout.ts";
import type { TransferItem } from "../lists.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawFrame } from "./frame.ts";
import { listNote } from "./list-note.ts";

export function drawTransfers(state: ViewState, size: Size, theme: Theme): string[] {
  const inner = size.width - 2;
  const items = state.lists.transfers;
  const { top, index } = state.positions.transfers;
  const height = listHeight("transfers", size);
  const focused = state.pane === "transfers";
  const rows = items
    .slice(top, top + height)
    .map((item, offset) => drawItem(item, state, inner, theme, { selected: top + offset === index, focused }));
  return drawFrame(
    {
      title: "2 Transfers",
      note: listNote(state, "transfers", state.snapshot.transfers.length),
      noteFirst: state.filters.transfers !== "",
      rows:
        rows.length > 0
          ? rows
          : emptyText(state).flatMap((text) => wrapped(text, inner - 2, 2).map((line) => ` ${line}`)),
      focused,
      window: { first: top, shown: height, all: items.length, selected: index },
    },
    size,
    theme,
  );
}

/** A row with a bar, which keeps its colours when the texts around it are selected. */
interface BarRow {
  readonly before: string;
  readonly bar: string;
  readonly after: string;
}

function drawItem(
  item: TransferItem,
  state: ViewState,
  inner: number,
  theme: Theme,
  { selected, focused }: { selected: boolean; focused: boolean },
): string {
  const { peer } = item;
  const marked = selected && focused;
  const texts = marked ? withoutStyles(theme) : theme;
  const { before, bar, after } =
    peer === null ? drawTransfer(item, state, inner - 2, texts, theme) : drawPeer(peer, inner - 6, texts, theme);
  const cursor = marked ? theme.glyphs.cursor : selected ? theme.glyphs.dot : " ";
  const head = `${cursor}${peer === null ? "" : "    "}${before}`;
  const tail = padded(after, inner - columnsOf(head) - columnsOf(bar));
  return marked ? theme.selected(head) + bar + theme.selected(tail) : head + bar + tail;
}

function drawTransfer(
  { transfer: row, mark, key }: TransferItem,
  state: ViewState,
  width: number,
  texts: Theme,
  bars: Theme,
): BarRow {
  const { glyphs } = texts;
  const barWidth = width >= 108 ? 24 + Math.max(0, Math.floor((width - 130) / 3)) : width >= 90 ? 18 : 12;
  const nameWidth = Math.max(14, Math.min(40, Math.round(width * 0.22)));
  const restWidth = width - 4 - nameWidth - 1 - barWidth - 6 - 2;
  const name = leftWithMark(row.name, mark, nameWidth, glyphs.ellipsis);
  const open = state.expanded.has(row.infoHash) ? glyphs.open : glyphs.closed;
  const chosen = state.chosen.transfers.has(key) ? glyphs.plus : " ";
  const share = right(doneShare(row), 6);
  return {
    before: `${open}${chosen}${stateGlyph(row, texts)} ${name} `,
    bar: pieceBar(row.pieceMap, barWidth, bars),
    after: `${share}  ${restOf(row, restWidth, texts)}`,
  };
}

export function stateGlyph(row: TransferRow, theme: Theme): string {
  const { glyphs } = theme;
  switch (row.state) {
    case "downloading":
      return theme.busy(glyphs.down);
    case "seeding":
      return theme.good(glyphs.up);
    case "paused":
      return theme.faint(glyphs.pause);
    case "waiting":
    case "queued":
      return theme.faint(glyphs.wait);
    case "checking":
      return theme.busy(glyphs.check);
    case "error":
      return theme.bad(glyphs.problem);
    default:
      return row.state satisfies never;
  }
}

function restOf(row: TransferRow, width: number, theme: Theme): string {
  const { glyphs } = theme;
  const peers = right(counted(row.peers.length, "peer"), 10);
  if (row.state === "downloading" && (row.downBytesPerSecond >= 1 || row.reason === "")) {
    const part = left(formatPart(row.wantedHeldBytes, row.wantedBytes), 19);
    const lacking = isMissingSomewhere(row) ? "incomplete" : "";
    const time = row.secondsLeft === null ? lacking : `${formatDuration(row.secondsLeft)} left`;
    const figures = [right(formatRate(row.downBytesPerSecond), 10), right(time, 13), peers];
    return asManyAsFit(width >= 50 ? [part, ...figures] : figures, width);
  }
  if (row.state === "seeding" && row.upBytesPerSecond < 1 && row.summary !== null) {
    const figures = row.summary.startsWith(`${row.name}: `) ? row.summary.slice(row.name.length + 2) : row.summary;
    return cut(`seeding; got ${figures}`, width, glyphs.ellipsis);
  }
  if (row.state === "seeding") {
    const word = row.private ? "seeding, private" : "seeding";
    const rate = right(row.upBytesPerSecond < 1 ? "" : `${glyphs.up} ${formatRate(row.upBytesPerSecond)}`, 12);
    const ratio = right(`ratio ${row.ratio.toFixed(1)}`, 11);
    return asManyAsFit(width >= 52 ? [left(word, 19), rate, ratio, peers] : [left(word, 11), rate, peers], width);
  }
  const shown = cut(wordsOf(row), width, glyphs.ellipsis);
  return row.state === "error" ? theme.bad(shown) : shown;
}

function asManyAsFit(cells: readonly string[], width: number): string {
  const joined = cells.join("");
  return columnsOf(joined) <= width ? joined : asManyAsFit(cells.slice(0, -1), width);
}

/** The state and its reason. */
export function wordsOf(row: TransferRow): string {
  const { state, reason, wantedHeldBytes, wantedBytes, queuePosition } = row;
  const place = state === "queued" && queuePosition !== null ? `queued, number ${formatCount(queuePosition)}` : state;
  const said = reason === "" ? place : reason.startsWith(state) ? reason : `${place}: ${reason}`;
  if (state === "paused") {
    const at = `paused at ${formatPart(wantedHeldBytes, wantedBytes)}`;
    return reason === "" ? at : `${at}, ${reason}`;
  }
  return isMissingSomewhere(row) ? `not all of it is there; ${said}` : said;
}

/** How much of what is wanted is held. */
export function doneShare({ wantedHeldBytes, wantedBytes }: TransferRow): string {
  return formatShare(wantedBytes === 0 ? 1 : wantedHeldBytes / wantedBytes);
}

/** Whether a piece that we lack is held by nobody connected, while somebody is: what comes cannot become all of it. */
export function isMissingSomewhere(row: TransferRow): boolean {
  const wants = row.state === "downloading" || row.state === "waiting";
  if (!wants || row.peers.length === 0 || row.availability >= 1 || row.wantedHeldBytes >= row.wantedBytes) return false;
  for (let cell = 0; cell < row.pieceMap.length; cell++) {
    if (row.pieceMap[cell] === "m" && row.availabilityMap[cell] === "0") return true;
  }
  return false;
}

/** One peer in `width` columns. */
export function drawPeer(peer: PeerRow, width: number, texts: Theme, bars: Theme): BarRow {
  const { glyphs } = texts;
  const wide = width >= 107;
  const address = left(peer.address, wide ? 22 : 17, glyphs.ellipsis);
  // Below 80 columns there is no room for all of it.
  const client = width >= 60 ? ` ${left(peer.client, wide ? 17 : 9, glyphs.ellipsis)}` : "";
  const who = `${address}${client} ${right(formatShare(peer.progress), 5)}  `;
  const barWidth = wide ? 10 : 6;
  const labelWidth = wide ? 12 : 7;
  const down = right(`${glyphs.down} ${formatRate(peer.downBytesPerSecond)}`, wide ? 13 : 12);
  const up = right(`${glyphs.up} ${formatRate(peer.upBytesPerSecond)}`, wide ? 13 : 12);
  const after = wide ? `${down} ${up}  ${peer.via}` : width >= 72 ? down + up : down;
  if (peer.piece === null) {
    const moves = peer.downBytesPerSecond >= 1 || peer.upBytesPerSecond >= 1;
    const reasonWidth = moves ? labelWidth + barWidth : width - columnsOf(who);
    return { before: who + left(peer.idle, reasonWidth, glyphs.ellipsis), bar: "", after: moves ? after : "" };
  }
  const label = left(`${wide ? "piece " : "#"}${formatCount(peer.piece)}`, labelWidth, glyphs.ellipsis);
  return { before: who + label, bar: progressBar(peer.pieceFraction, barWidth, bars), after };
}

function emptyText(state: ViewState): string[] {
  if (state.filters.transfers !== "") return ["No transfer matches. Esc shows all again."];
  return ["Nothing is moving yet.", "Enter on a file of pane 1 downloads it; a adds by name, s shares."];
}
