// Pane 2: what we download and share, and below an opened transfer its peers.
import type { PeerRow, TransferRow } from "../../control/contract.ts";
import { pieceBar, progressBar } from "../format/bars.ts";
import { formatPart, formatRate } from "../format/bytes.ts";
import { cut, left, padded, right } from "../format/columns.ts";
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
  const rows = items.slice(top, top + height).map((item, offset) => {
    const selected = top + offset === index;
    return selected && focused
      ? theme.selected(drawItem(item, state, inner, withoutStyles(theme), theme.glyphs.cursor))
      : drawItem(item, state, inner, theme, selected ? theme.glyphs.dot : " ");
  });
  return drawFrame(
    {
      title: "2 Transfers",
      note: listNote(state, "transfers", state.snapshot.transfers.length, `by ${state.transferOrder}`),
      rows: rows.length > 0 ? rows : emptyText(state).map((text) => cut(` ${text}`, inner, theme.glyphs.ellipsis)),
      focused,
      window: { first: top, shown: height, all: items.length },
    },
    size,
    theme,
  );
}

function drawItem(item: TransferItem, state: ViewState, inner: number, theme: Theme, cursor: string): string {
  const row =
    item.peer === null
      ? drawTransfer(item.transfer, state.expanded.has(item.transfer.infoHash), inner - 1, theme)
      : `    ${drawPeer(item.peer, inner - 5, theme)}`;
  return padded(cursor + row, inner);
}

/** One transfer in `width` columns. */
export function drawTransfer(row: TransferRow, open: boolean, width: number, theme: Theme): string {
  const { glyphs } = theme;
  const barWidth = width >= 108 ? 24 : width >= 90 ? 18 : 12;
  const nameWidth = Math.max(14, Math.min(40, Math.round(width * 0.22)));
  const restWidth = width - 4 - nameWidth - 1 - barWidth - 6 - 2;
  const name = left(row.name, nameWidth, glyphs.ellipsis);
  const share = right(formatShare(row.length === 0 ? 1 : row.heldBytes / row.length), 6);
  const bar = pieceBar(row.pieceMap, barWidth, theme);
  return `${open ? glyphs.open : glyphs.closed} ${stateGlyph(row, theme)} ${name} ${bar}${share}  ${restOf(row, restWidth, theme)}`;
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
  const peers = counted(row.peers.length, "peer");
  if (row.state === "downloading" && (row.downBytesPerSecond >= 1 || row.reason === "")) {
    const part = width >= 50 ? left(formatPart(row.heldBytes, row.length), 19) : "";
    const time = row.secondsLeft === null ? "" : `${formatDuration(row.secondsLeft)} left`;
    return cut(
      part + right(formatRate(row.downBytesPerSecond), 10) + right(time, 13) + right(peers, 10),
      width,
      glyphs.ellipsis,
    );
  }
  if (row.state === "seeding") {
    const word = width >= 50 ? left(row.private ? "seeding, private" : "seeding", 19) : "";
    const rate = row.upBytesPerSecond < 1 ? "" : `${glyphs.up} ${formatRate(row.upBytesPerSecond)}`;
    return cut(
      word + right(rate, 12) + right(`ratio ${row.ratio.toFixed(1)}`, 11) + right(peers, 10),
      width,
      glyphs.ellipsis,
    );
  }
  const shown = cut(wordsOf(row), width, glyphs.ellipsis);
  return row.state === "error" ? theme.bad(shown) : shown;
}

/** The state and its reason. */
export function wordsOf({ state, reason, heldBytes, length }: TransferRow): string {
  if (reason !== "") return reason.startsWith(state) ? reason : `${state}: ${reason}`;
  return state === "paused" ? `paused at ${formatPart(heldBytes, length)}` : state;
}

/** One peer in `width` columns. */
export function drawPeer(peer: PeerRow, width: number, theme: Theme): string {
  const { glyphs } = theme;
  const wide = width >= 96;
  const address = left(peer.address, wide ? 22 : 17, glyphs.ellipsis);
  const client = left(peer.client, wide ? 17 : 10, glyphs.ellipsis);
  const share = right(formatShare(peer.progress), 5);
  const barWidth = wide ? 10 : 6;
  const labelWidth = wide ? 12 : 7;
  const doing =
    peer.piece === null
      ? left(peer.idle, labelWidth + barWidth, glyphs.ellipsis)
      : `${left(`${wide ? "piece " : "#"}${formatCount(peer.piece)}`, labelWidth, glyphs.ellipsis)}${progressBar(peer.pieceFraction, barWidth, theme)}`;
  const down = right(`${glyphs.down} ${formatRate(peer.downBytesPerSecond)}`, wide ? 13 : 12);
  const up = right(`${glyphs.up} ${formatRate(peer.upBytesPerSecond)}`, wide ? 13 : 12);
  return `${address} ${client} ${share}  ${doing}${down}${wide ? ` ${up}  ${peer.via}` : up}`;
}

function emptyText(state: ViewState): string[] {
  if (state.filters.transfers !== "") return ["No transfer has these words. Esc shows all again."];
  return ["Nothing is moving yet.", "Enter on a file of pane 1 downloads it; a adds by name, s shares."];
}
