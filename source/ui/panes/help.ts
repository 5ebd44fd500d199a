// Help on the screen.
import { left } from "../format/columns.ts";
import { helpGroups, type HelpEntry } from "../help-groups.ts";
import type { Size } from "../layout.ts";
import { matches } from "../lists.ts";
import type { Theme } from "../theme.ts";
import { drawFrame } from "./frame.ts";

const KEYS = 21;
/** From here on two columns of bindings stand side by side, neither of them cut. */
const TWO_COLUMNS = 120;

type HelpRow = { readonly heading: string } | HelpEntry | null;

export function drawHelp(help: { top: number; search: string }, ascii: boolean, size: Size, theme: Theme): string[] {
  const inner = size.width - 2;
  const rows = helpRows(help.search, ascii);
  const height = size.height - 2;
  const columns = columnCount(size);
  const columnRows = Math.ceil(rows.length / columns);
  const width = Math.floor((inner - 1) / columns);
  const lines = Array.from({ length: columnRows }, (_, line) =>
    Array.from({ length: columns }, (_, column) =>
      drawRow(rows[column * columnRows + line] ?? null, width, theme),
    ).join(""),
  );
  return drawFrame(
    {
      title: "Help",
      note:
        help.search === ""
          ? "/ searches"
          : `/${help.search} ${rows.filter((row) => row !== null && "keys" in row).length} found`,
      rows: lines.length > 0 ? lines.slice(help.top).map((line) => ` ${line}`) : [" No key does that."],
      focused: true,
      window: { first: help.top, shown: height, all: columnRows },
    },
    size,
    theme,
  );
}

/** Lines that help fills in a pane of `size`. */
export function helpLength(search: string, ascii: boolean, size: Size): number {
  return Math.ceil(helpRows(search, ascii).length / columnCount(size));
}

function columnCount(size: Size): number {
  return size.width >= TWO_COLUMNS ? 2 : 1;
}

function helpRows(search: string, ascii: boolean): HelpRow[] {
  return helpGroups(ascii).flatMap(({ heading, entries }, index): HelpRow[] => {
    const found = entries.filter(({ keys, help }) => matches(`${keys} ${help}`, search));
    if (found.length === 0) return [];
    return [...(index === 0 ? [] : [null]), { heading }, ...found];
  });
}

function drawRow(row: HelpRow, width: number, theme: Theme): string {
  if (row === null) return " ".repeat(width);
  if ("heading" in row) return theme.strong(left(row.heading, width));
  return `  ${theme.accent(left(row.keys, KEYS - 2))}${left(row.help, width - KEYS, theme.glyphs.ellipsis)}`;
}
