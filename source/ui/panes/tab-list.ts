// What the lists of details have in common: a window of rows, the selected one marked, and words where there is none.
import { wrapped } from "../format/columns.ts";
import type { Lists } from "../lists.ts";
import type { ListTab } from "../tabs.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";

interface ListParts<Tab extends ListTab> {
  readonly tab: Tab;
  readonly height: number;
  /** Columns of a row, its cursor counted. */
  readonly width: number;
  /** One row in `width` columns. */
  readonly draw: (row: Lists[Tab][number]["row"], width: number, theme: Theme) => string;
  /** Whether the selected row is marked; true by default. */
  readonly marked?: boolean;
  /** Where there is nothing, filter or not. */
  readonly empty: string;
}

/** The rows of the window. */
export function drawTabList<Tab extends ListTab>(state: ViewState, parts: ListParts<Tab>, theme: Theme): string[] {
  const { tab, height, width, draw, empty, marked = true } = parts;
  const items: readonly { readonly key: string; readonly row: Lists[Tab][number]["row"] }[] = state.lists[tab];
  const { top, index } = state.positions[tab];
  if (items.length === 0) {
    const text = state.filters[tab] === "" ? empty : "Nothing here has these words. Esc shows all again.";
    return wrapped(text, width - 2, height, theme.glyphs.ellipsis).map((line) => ` ${line}`);
  }
  return items.slice(top, top + height).map(({ key, row }, offset) => {
    const chosen = state.chosen[tab].has(key) ? theme.glyphs.plus : " ";
    return top + offset === index && marked
      ? theme.selected(theme.glyphs.cursor + chosen + draw(row, width - 2, withoutStyles(theme)))
      : ` ${chosen}${draw(row, width - 2, theme)}`;
  });
}
