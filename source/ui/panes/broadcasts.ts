// Pane 3: what the tracker told everybody, and what happened to our pieces.
import type { BroadcastRow } from "../../control/contract.ts";
import { left } from "../format/columns.ts";
import { formatCount } from "../format/numbers.ts";
import { formatClock } from "../format/time.ts";
import { listHeight, type Size } from "../layout.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawFrame } from "./frame.ts";

export function drawBroadcasts(state: ViewState, size: Size, theme: Theme): string[] {
  const inner = size.width - 2;
  const items = state.lists.broadcasts;
  const { top, index } = state.positions.broadcasts;
  const height = listHeight("broadcasts", size);
  const focused = state.pane === "broadcasts";
  const rows = items.slice(top, top + height).map(({ row }, offset) => {
    const selected = top + offset === index;
    return selected && focused && !state.following.broadcasts
      ? theme.selected(drawBroadcast(row, inner, withoutStyles(theme)))
      : drawBroadcast(row, inner, theme);
  });
  const newer = items.length - 1 - index;
  const filter = state.filters.broadcasts === "" ? "" : `/${state.filters.broadcasts} ${formatCount(items.length)}, `;
  return drawFrame(
    {
      title: "3 Broadcasts",
      note:
        filter +
        (state.following.broadcasts ? "following" : newer > 0 ? `${formatCount(newer)} newer, G follows` : "G follows"),
      noteFirst: state.filters.broadcasts !== "",
      rows: rows.length > 0 ? rows : [" Nothing was said yet."],
      focused,
      window: { first: top, shown: height, all: items.length, selected: index },
    },
    size,
    theme,
  );
}

/** One broadcast in `width` columns. */
export function drawBroadcast(row: BroadcastRow, width: number, theme: Theme): string {
  const text = left(row.text, width - 12, theme.glyphs.ellipsis);
  return ` ${theme.faint(formatClock(row.at))} ${glyphOf(row, theme)} ${row.kind === "problem" ? theme.bad(text) : text}`;
}

function glyphOf({ kind }: BroadcastRow, theme: Theme): string {
  const { glyphs } = theme;
  switch (kind) {
    case "available":
      return theme.good(glyphs.plus);
    case "unavailable":
      return theme.bad(glyphs.minus);
    case "given":
      return theme.given(glyphs.up);
    case "received":
      return theme.busy(glyphs.down);
    case "finished":
      return theme.good(glyphs.have);
    case "notice":
    case "problem":
      return theme.bad(glyphs.problem);
    default:
      return kind satisfies never;
  }
}
