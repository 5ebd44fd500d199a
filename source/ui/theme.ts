// How things look: styles as SGR sequences and the glyphs, for terminals with and without colour and Unicode.

/** Wraps text in a style. Texts may not be nested: each style ends all styles. */
export type Paint = (text: string) => string;

export interface Theme {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly busy: Paint;
  readonly bad: Paint;
  readonly accent: Paint;
  readonly given: Paint;
  readonly selected: Paint;
  readonly glyphs: Glyphs;
}

/** One column each, but `spark` and `some`, which are scales from low to high. No state is told by colour alone: each has its glyph. */
export interface Glyphs {
  readonly ellipsis: string;
  readonly cursor: string;
  readonly open: string;
  readonly closed: string;
  readonly whole: string;
  readonly partial: string;
  readonly none: string;
  readonly have: string;
  readonly down: string;
  readonly up: string;
  readonly pause: string;
  readonly wait: string;
  readonly check: string;
  readonly problem: string;
  readonly plus: string;
  readonly minus: string;
  readonly dot: string;
  /** Cells of a piece bar. */
  readonly held: string;
  readonly gave: string;
  readonly some: string;
  readonly arriving: string;
  readonly missing: string;
  readonly spark: string;
  /** Frames: top left, top right, bottom left, bottom right, across, down; of a pane, and of the one with the focus. */
  readonly frame: string;
  readonly focusFrame: string;
}

const UNICODE: Glyphs = {
  ellipsis: "…",
  cursor: "▌",
  open: "▾",
  closed: "▸",
  whole: "●",
  partial: "◐",
  none: "○",
  have: "✓",
  down: "↓",
  up: "↑",
  pause: "‖",
  wait: "…",
  check: "≈",
  problem: "!",
  plus: "+",
  minus: "-",
  dot: "·",
  held: "█",
  gave: "▓",
  some: "▁▂▃▄▅▆▇",
  arriving: "▒",
  missing: "░",
  spark: "▁▂▃▄▅▆▇█",
  frame: "╭╮╰╯─│",
  focusFrame: "┏┓┗┛━┃",
};

const ASCII: Glyphs = {
  ellipsis: "~",
  cursor: ">",
  open: "v",
  closed: ">",
  whole: "*",
  partial: "%",
  none: "o",
  have: "=",
  down: "D",
  up: "U",
  pause: "P",
  wait: "w",
  check: "c",
  problem: "!",
  plus: "+",
  minus: "-",
  dot: "-",
  held: "#",
  gave: "@",
  some: "+",
  arriving: ":",
  missing: ".",
  spark: "_.-=*#",
  frame: "++++-|",
  focusFrame: "++++=|",
};

/**
 * What SGR sequences each style is made of. `terminal`: the sixteen colours as the terminal's owner chose them. `light`: the same
 * without those that a white ground swallows. `muted`: soft ones of the 256. `high-contrast`: bright, and nothing faint. `mono`: none.
 */
const STYLES = {
  terminal: {
    strong: "1",
    faint: "2",
    good: "32",
    busy: "33",
    bad: "1;31",
    accent: "1;36",
    given: "35",
    selected: "7",
  },
  light: { strong: "1", faint: "2", good: "32", busy: "34", bad: "1;31", accent: "1;34", given: "35", selected: "7" },
  muted: {
    strong: "1",
    faint: "38;5;243",
    good: "38;5;108",
    busy: "38;5;179",
    bad: "1;38;5;167",
    accent: "38;5;110",
    given: "38;5;139",
    selected: "48;5;238;38;5;254",
  },
  "high-contrast": {
    strong: "1;97",
    faint: "97",
    good: "1;92",
    busy: "1;93",
    bad: "1;97;41",
    accent: "1;96",
    given: "1;95",
    selected: "1;30;103",
  },
  mono: { strong: "1", faint: "2", good: "", busy: "", bad: "1", accent: "1", given: "", selected: "7" },
} as const satisfies Readonly<Record<string, Readonly<Record<Style, string>>>>;

type Style = Exclude<keyof Theme, "glyphs">;

export type ThemeName = keyof typeof STYLES;

export const THEME_NAMES = Object.keys(STYLES) as readonly ThemeName[];

/** The glyphs of ASCII, or those of Unicode. */
export function glyphsOf(ascii: boolean): Glyphs {
  return ascii ? ASCII : UNICODE;
}

/** A look. `mono` uses bold, faint and inverse alone. */
export function createTheme(name: ThemeName, ascii: boolean): Theme {
  const paints = Object.entries(STYLES[name]).map(([style, codes]): [string, Paint] => [
    style,
    (text) => (text === "" || codes === "" ? text : `\u001b[${codes}m${text}\u001b[0m`),
  ]);
  return { ...(Object.fromEntries(paints) as Record<Style, Paint>), glyphs: glyphsOf(ascii) };
}

/** The same glyphs without any style, for rows that are styled as a whole. */
export function withoutStyles(theme: Theme): Theme {
  const plain: Paint = (text) => text;
  return {
    strong: plain,
    faint: plain,
    good: plain,
    busy: plain,
    bad: plain,
    accent: plain,
    given: plain,
    selected: plain,
    glyphs: theme.glyphs,
  };
}
