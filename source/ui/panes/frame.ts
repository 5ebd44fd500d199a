// The frame around a pane: its title, what is said of its list, and which part of it is shown.
import { columnsOf, cut, padded } from "../format/columns.ts";
import { formatCount } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import type { Theme } from "../theme.ts";

export interface FrameParts {
  readonly title: string;
  /** Behind the title, which is cut short for it; see `markerOf`. */
  readonly mark?: string;
  /** At the right of the upper edge. */
  readonly note: string;
  /** Without room for both the title is cut, and then the note; else the note goes. */
  readonly noteFirst?: boolean;
  /** Styled rows of at most the inner width. */
  readonly rows: readonly string[];
  readonly focused: boolean;
  /** At the right of the lower edge when not all is shown: the row selected, or the rows shown, and how many there are. */
  readonly window?: {
    readonly first: number;
    readonly shown: number;
    readonly all: number;
    readonly selected?: number;
  };
}

/** As much of a title that is cut for its note still tells what it names. */
const LEAST_TITLE = 24;

/** Lines of exactly `size`. */
export function drawFrame(parts: FrameParts, size: Size, theme: Theme): string[] {
  const [topLeft, topRight, bottomLeft, bottomRight, across, down] = [
    ...(parts.focused ? theme.glyphs.focusFrame : theme.glyphs.frame),
  ] as [string, string, string, string, string, string];
  const edge = parts.focused ? theme.accent : theme.faint;
  const inner = size.width - 2;
  const mark = parts.mark ? ` ${parts.mark} ` : " ";
  const whole = ` ${parts.title}`;
  const room = inner - 2 - columnsOf(mark);
  const least = parts.noteFirst ? Math.min(LEAST_TITLE, columnsOf(whole)) : columnsOf(whole);
  const fitting = parts.noteFirst ? cut(parts.note, room - least - 2, theme.glyphs.ellipsis) : parts.note;
  const note = fitting === "" || columnsOf(fitting) + 2 + least > room ? "" : ` ${fitting} `;
  const title = cut(whole, room - columnsOf(note), theme.glyphs.ellipsis) + mark;
  const gap = inner - 1 - columnsOf(title) - columnsOf(note);
  const upper =
    edge(topLeft) +
    (parts.focused ? theme.strong(title) : title) +
    edge(across.repeat(gap)) +
    note +
    edge(across + topRight);
  const range = rangeOf(parts);
  const lower = edge(bottomLeft + across.repeat(inner - 1 - columnsOf(range))) + range + edge(across + bottomRight);
  const side = edge(down);
  const rows = Array.from({ length: size.height - 2 }, (_, row) => side + padded(parts.rows[row] ?? "", inner) + side);
  return [upper, ...rows, lower];
}

function rangeOf({ window }: FrameParts): string {
  if (window === undefined || window.all <= window.shown) return "";
  if (window.selected !== undefined) return ` ${formatCount(window.selected + 1)} of ${formatCount(window.all)} `;
  const last = Math.min(window.all, window.first + window.shown);
  return ` ${formatCount(window.first + 1)}-${formatCount(last)} of ${formatCount(window.all)} `;
}
