// Boxes above the panes: a question, and what a line can be completed to.
import { columnsOf, cut, left, wrapped } from "../format/columns.ts";
import { counted } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import { ORDERINGS, type Order, type SortedList } from "../orders.ts";
import type { Theme } from "../theme.ts";
import type { Question } from "../view-state.ts";
import { drawFrame } from "./frame.ts";

/** Lines, and where their first stands: columns and rows from the upper left of the screen. */
export interface Overlay {
  readonly lines: readonly string[];
  readonly left: number;
  readonly top: number;
}

/** The question in the middle of the screen. */
export function drawQuestion({ lines }: Question, screen: Size, theme: Theme): Overlay {
  const answers = "[n] no (also Enter, Esc)    [y] yes";
  const width = Math.min(screen.width - 4, Math.max(...[...lines, answers].map(columnsOf)) + 6);
  // Of many transfers each name has a line, so that the answers stay on the screen.
  const most = (line: string): number => (line.startsWith(" ") ? 1 : 3);
  const texts = lines.flatMap((line) => wrapped(line, width - 6, most(line), theme.glyphs.ellipsis));
  const rows = ["", ...texts.map((line) => `  ${line}`), "", `  ${theme.strong(answers)}`, ""];
  const size = { width, height: rows.length + 2 };
  return {
    lines: drawFrame({ title: "Sure?", note: "", rows, focused: true }, size, theme),
    left: Math.floor((screen.width - width) / 2),
    top: Math.max(0, Math.floor((screen.height - size.height) / 2)),
  };
}

/** The sort orders of a list in the middle of the screen; the one that it has says so. */
export function drawSortMenu(
  menu: { readonly list: SortedList; readonly index: number },
  order: Order,
  screen: Size,
  theme: Theme,
): Overlay {
  const width = 32;
  const rows = ORDERINGS[menu.list].map(({ by, key }, index) => {
    const now = by === order.by ? (order.reversed ? "now, reversed" : "now") : "";
    const row = ` ${key}  ${left(by, 10)} ${left(now, width - 17)}`;
    return index === menu.index ? theme.selected(theme.glyphs.cursor + row.slice(1)) : row;
  });
  const size = { width, height: rows.length + 2 };
  return {
    lines: drawFrame({ title: `Sort ${menu.list}`, note: "", rows, focused: true }, size, theme),
    left: Math.floor((screen.width - width) / 2),
    top: Math.max(0, Math.floor((screen.height - size.height) / 2)),
  };
}

const MOST_CANDIDATES = 8;

/** Candidates above the line being typed. */
export function drawCandidates(candidates: readonly string[], screen: Size, footerRows: number, theme: Theme): Overlay {
  // Of paths the folder that is typed already is left out.
  const shown = candidates.slice(0, MOST_CANDIDATES).map((candidate) => candidate.replace(/^\/.*\/(?=[^/]+\/?$)/, ""));
  const more = candidates.length - shown.length;
  const width = Math.min(screen.width - 2, Math.max(24, ...shown.map(columnsOf)) + 4);
  const rows = shown.map((candidate) => ` ${cut(candidate, width - 4, theme.glyphs.ellipsis)}`);
  const size = { width, height: rows.length + 2 };
  return {
    lines: drawFrame(
      {
        title: counted(candidates.length, "match", "matches"),
        note: more > 0 ? `${more} more` : "",
        rows,
        focused: true,
      },
      size,
      theme,
    ),
    left: 1,
    top: Math.max(0, screen.height - footerRows - size.height),
  };
}
