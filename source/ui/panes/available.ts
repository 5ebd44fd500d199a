// Pane 1: what the swarm offers right now.
import type { CatalogueRow } from "../../control/contract.ts";
import { formatBytes } from "../format/bytes.ts";
import { left, right } from "../format/columns.ts";
import { formatCount, formatShare } from "../format/numbers.ts";
import { listHeight, type Size } from "../layout.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawFrame } from "./frame.ts";
import { listNote } from "./list-note.ts";

const SIZE = 10;
const PIECES = 13;
const HOLDERS = 9;
const WORDS = 22;

export function drawAvailable(state: ViewState, size: Size, theme: Theme): string[] {
  const inner = size.width - 2;
  const items = state.lists.available;
  const { top, index } = state.positions.available;
  const height = listHeight("available", size);
  const focused = state.pane === "available";
  const rows = items.slice(top, top + height).map(({ row }, offset) => {
    const selected = top + offset === index;
    return selected && focused
      ? theme.selected(drawRow(row, inner, withoutStyles(theme), theme.glyphs.cursor))
      : drawRow(row, inner, theme, selected ? theme.glyphs.dot : " ");
  });
  return drawFrame(
    {
      title: "1 Available",
      note: listNote(state, "available", state.snapshot.catalogue.length, `by ${state.availableOrder}`),
      rows: [
        theme.faint(headings(inner)),
        ...(rows.length > 0 ? rows : [` ${emptyText(state)}`].map((text) => left(text, inner))),
      ],
      focused,
      window: { first: top, shown: height, all: items.length },
    },
    size,
    theme,
  );
}

function headings(inner: number): string {
  const words = inner >= WIDE ? left("now", WORDS) : "";
  return `  ${left("name", nameWidth(inner))}${right("size", SIZE)}${right("pieces", PIECES)}${right("holders", HOLDERS)}   ${words}`;
}

/** From here on each row says its state in words too. */
const WIDE = 96;

function nameWidth(inner: number): number {
  return inner - 2 - SIZE - PIECES - HOLDERS - 3 - (inner >= WIDE ? WORDS : 0);
}

function drawRow(row: CatalogueRow, inner: number, theme: Theme, cursor: string): string {
  const { ellipsis } = theme.glyphs;
  const partial = row.availablePieces < row.pieceCount;
  const counts = `${formatCount(row.availablePieces)}/${formatCount(row.pieceCount)}`;
  const part = counts.length < PIECES ? counts : formatShare(row.availablePieces / row.pieceCount);
  const pieces = partial ? part : formatCount(row.pieceCount);
  const { glyph, words } = stateOf(row, theme);
  const numbers =
    right(formatBytes(row.length), SIZE) + right(pieces, PIECES) + right(formatCount(row.holders), HOLDERS);
  const name = left(row.name, nameWidth(inner), ellipsis);
  return `${cursor} ${name}${numbers} ${glyph} ${inner >= WIDE ? left(words, WORDS, ellipsis) : ""}`;
}

function stateOf(row: CatalogueRow, theme: Theme): { glyph: string; words: string } {
  const { glyphs } = theme;
  if (row.ours === "complete") return { glyph: theme.good(glyphs.have), words: "we have it" };
  if (row.ours === "transferring") return { glyph: theme.busy(glyphs.down), words: "on its way" };
  if (row.holders === 0) return { glyph: theme.faint(glyphs.none), words: "nobody has it now" };
  if (row.availablePieces < row.pieceCount) return { glyph: theme.busy(glyphs.partial), words: "not all pieces now" };
  return { glyph: theme.good(glyphs.whole), words: "can be downloaded" };
}

function emptyText(state: ViewState): string {
  if (state.filters.available !== "") return "No file has these words. Esc shows all again.";
  if (state.snapshot.trackers.length === 0) return "No tracker yet:  :tracker HOST:PORT  names one.";
  if (state.snapshot.trackers.every((tracker) => tracker.state !== "connected"))
    return "Nothing to see before a tracker is there.";
  return "The swarm offers nothing yet: s shares a file.";
}
