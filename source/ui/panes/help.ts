// Help, made from the key map and the commands of the `:` line.
import { FILTER_FIELDS } from "../../control/filter.ts";
import { COMMAND_LINES } from "../command-line.ts";
import { left } from "../format/columns.ts";
import { KEYMAP, keyLabel } from "../keymap.ts";
import type { Size } from "../layout.ts";
import { matches } from "../lists.ts";
import { glyphsOf, type Glyphs, type Theme } from "../theme.ts";
import { drawFrame } from "./frame.ts";

const KEYS = 21;
/** From here on two columns of bindings stand side by side. */
const TWO_COLUMNS = 100;

/** What the signs before and behind a name say. */
const SIGNS: readonly (readonly [sign: keyof Glyphs, says: string])[] = [
  ["whole", "can be downloaded"],
  ["partial", "not all of its pieces are there now"],
  ["none", "nobody has it now"],
  ["have", "we have it"],
  ["down", "it is on its way to us"],
  ["up", "we share it"],
  ["wait", "it waits: for its turn, or for peers"],
  ["pause", "it is paused"],
  ["check", "its files are being checked"],
  ["problem", "a fault stops it; its row says which"],
  ["plus", "chosen, for the next key"],
  ["dot", "selected, where the focus is not"],
];

type HelpRow = { readonly heading: string } | { readonly keys: string; readonly help: string } | null;

export function drawHelp(help: { top: number; search: string }, ascii: boolean, size: Size, theme: Theme): string[] {
  const inner = size.width - 2;
  const rows = helpRows(help.search, ascii);
  const height = size.height - 2;
  const columns = columnCount(size);
  const columnRows = Math.ceil(rows.length / columns);
  const width = Math.floor((inner - 2) / columns);
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
  const bindings = KEYMAP.map(({ keys, help, group }) => {
    return { group: group as string, keys: keys.map((key) => keyLabel(key, ascii)).join(" "), help };
  });
  const lines = COMMAND_LINES.map(({ usage, help }) => ({ group: "The line of :", keys: usage, help }));
  const fields = FILTER_FIELDS.map(({ usage, help }) => ({ group: "The filter of /", keys: usage, help }));
  const glyphs = glyphsOf(ascii);
  const signs = SIGNS.map(([sign, says]) => ({ group: "The signs", keys: glyphs[sign], help: says }));
  const groups = Map.groupBy([...bindings, ...lines, ...fields, ...signs], ({ group }) => group);
  return [...groups].flatMap(([heading, all], index): HelpRow[] => {
    const found = all.filter(({ keys, help }) => matches(`${keys} ${help}`, search));
    if (found.length === 0) return [];
    return [...(index === 0 ? [] : [null]), { heading }, ...found];
  });
}

function drawRow(row: HelpRow, width: number, theme: Theme): string {
  if (row === null) return " ".repeat(width);
  if ("heading" in row) return theme.strong(left(row.heading, width));
  return `  ${theme.accent(left(row.keys, KEYS - 2))}${left(row.help, width - KEYS - 1, theme.glyphs.ellipsis)} `;
}
