// Pane 1: what the swarm offers right now.
import type { CatalogueRow } from "../../control/contract.ts";
import { formatBytes } from "../format/bytes.ts";
import { left, leftWithMark, right, wrapped } from "../format/columns.ts";
import { formatCount, formatShare } from "../format/numbers.ts";
import { listHeight, type Size } from "../layout.ts";
import type { AvailableItem } from "../lists.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawFrame } from "./frame.ts";
import { listNote } from "./list-note.ts";

interface Widths {
  readonly name: number;
  readonly size: number;
  readonly pieces: number;
  readonly holders: number;
  /** Its state in words too, where there is room; else 0. */
  readonly words: number;
}

function widthsOf(inner: number): Widths {
  const figures = inner >= 56 ? { size: 10, pieces: 13, holders: 9 } : { size: 9, pieces: 8, holders: 8 };
  const words = inner >= 96 ? 22 : 0;
  return { ...figures, words, name: inner - 5 - figures.size - figures.pieces - figures.holders - words };
}

export function drawAvailable(state: ViewState, size: Size, theme: Theme): string[] {
  const inner = size.width - 2;
  const widths = widthsOf(inner);
  const items = state.lists.available;
  const { top, index } = state.positions.available;
  const height = listHeight("available", size);
  const focused = state.pane === "available";
  const rows = items.slice(top, top + height).map((item, offset) => {
    const selected = top + offset === index;
    const chosen = state.chosen.available.has(item.key) ? theme.glyphs.plus : " ";
    return selected && focused
      ? theme.selected(drawRow(item, widths, withoutStyles(theme), theme.glyphs.cursor + chosen))
      : drawRow(item, widths, theme, (selected ? theme.glyphs.dot : " ") + chosen);
  });
  return drawFrame(
    {
      title: "1 Available",
      note: listNote(state, "available", state.snapshot.catalogue.length),
      noteFirst: state.filters.available !== "",
      rows: [
        theme.faint(headings(widths)),
        ...(rows.length > 0 ? rows : wrapped(emptyText(state), inner - 2, 3).map((text) => ` ${text}`)),
      ],
      focused,
      window: { first: top, shown: height, all: items.length, selected: index },
    },
    size,
    theme,
  );
}

function headings(widths: Widths): string {
  const figures = right("size", widths.size) + right("pieces", widths.pieces) + right("holders", widths.holders);
  return `  ${left("name", widths.name)}${figures}   ${left("now", widths.words)}`;
}

function drawRow({ row, mark }: AvailableItem, widths: Widths, theme: Theme, cursor: string): string {
  const { ellipsis } = theme.glyphs;
  const counts = `${formatCount(row.availablePieces)}/${formatCount(row.pieceCount)}`;
  const part = counts.length < widths.pieces ? counts : formatShare(row.availablePieces / row.pieceCount);
  const pieces = row.availablePieces < row.pieceCount ? part : formatCount(row.pieceCount);
  const { glyph, words } = stateOf(row, theme);
  const name = leftWithMark(row.name, mark, widths.name, ellipsis);
  const size = right(formatBytes(row.length), widths.size);
  const figures = size + right(pieces, widths.pieces) + right(formatCount(row.holders), widths.holders);
  return `${cursor}${name}${figures} ${glyph} ${left(words, widths.words, ellipsis)}`;
}

function stateOf(row: CatalogueRow, theme: Theme): { glyph: string; words: string } {
  const { glyphs } = theme;
  if (row.ours === "complete") return { glyph: theme.good(glyphs.have), words: "we have it" };
  if (row.ours === "transferring") return { glyph: theme.busy(glyphs.down), words: "on its way" };
  if (row.holders === 0) return { glyph: theme.faint(glyphs.none), words: "nobody has it now" };
  if (row.availablePieces < row.pieceCount) return { glyph: theme.busy(glyphs.partial), words: "not all pieces now" };
  return { glyph: theme.good(glyphs.whole), words: "can be downloaded" };
}

function emptyText({ filters, prompt, snapshot: { trackers } }: ViewState): string {
  if (filters.available !== "") return "No file matches. Esc shows all again.";
  if (trackers.length === 0 && prompt?.kind === "tracker")
    return "A tracker tells what the swarm offers, live. Type its address below, or none to add torrents by yourself.";
  if (trackers.length === 0) return "No tracker:  :tracker HOST:PORT  names one; a adds a torrent.";
  if (trackers.every(({ state }) => state !== "connected"))
    return "The tracker is not there yet; a adds a torrent meanwhile.";
  return "The swarm offers nothing yet: s shares a file.";
}
