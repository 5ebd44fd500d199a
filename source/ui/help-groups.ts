// What help says, made from the key map, the commands of the `:` line, the fields of filters and the signs. docs/KEYS.md is made of it too.
import { FILTER_FIELDS } from "../control/filter.ts";
import { COMMAND_LINES } from "./command-line.ts";
import { KEYMAP, keyLabel } from "./keymap.ts";
import { glyphsOf, type Glyphs } from "./theme.ts";

export interface HelpEntry {
  /** Keys with spaces between them, or what is typed, or a sign. */
  readonly keys: string;
  readonly help: string;
}

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

/** All that help says, below its headings. */
export function helpGroups(
  ascii: boolean,
): readonly { readonly heading: string; readonly entries: readonly HelpEntry[] }[] {
  const glyphs = glyphsOf(ascii);
  const bindings = Map.groupBy(KEYMAP, ({ group }) => group);
  return [
    ...Array.from(bindings, ([heading, all]) => ({
      heading,
      entries: all.map(({ keys, help }) => ({ keys: keys.map((key) => keyLabel(key, ascii)).join(" "), help })),
    })),
    { heading: "The line of :", entries: COMMAND_LINES.map(({ usage, help }) => ({ keys: usage, help })) },
    { heading: "The filter of /", entries: FILTER_FIELDS.map(({ usage, help }) => ({ keys: usage, help })) },
    { heading: "The signs", entries: SIGNS.map(([sign, help]) => ({ keys: glyphs[sign], help })) },
  ];
}
