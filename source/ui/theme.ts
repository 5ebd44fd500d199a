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

/** The look for a terminal. Without `colour` only bold, faint and inverse are used. */
export function createTheme(options: { readonly ascii: boolean; readonly colour: boolean }): Theme {
  const style = (attributes: string, colour?: number): Paint => {
    const codes = [attributes, options.colour && colour !== undefined ? String(colour) : ""].filter(Boolean).join(";");
    return (text) => (text === "" || codes === "" ? text : `\u001b[${codes}m${text}\u001b[0m`);
  };
  return {
    strong: style("1"),
    faint: style("2"),
    good: style("", 32),
    busy: style("", 33),
    bad: style("1", 31),
    accent: style("1", 36),
    given: style("", 35),
    selected: style("7"),
    glyphs: options.ascii ? ASCII : UNICODE,
  };
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
