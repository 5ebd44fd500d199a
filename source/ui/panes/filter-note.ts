// Below a filter being typed: a mistake where it is, or what can be typed.
import { parseFilter } from "../../control/filter.ts";
import { columnsOf, cut, left, right } from "../format/columns.ts";
import type { Theme } from "../theme.ts";

const HOW = "words  size>1G  holders<3  rate>0  peer~10.0.  !done;  a b  a | b  ( )";

/** The line below the filter `value`, which stands behind `label`, in `width` columns. */
export function drawFilterNote(value: string, label: string, width: number, theme: Theme): string {
  const { ellipsis } = theme.glyphs;
  const filter = parseFilter(value);
  if (filter.ok) return theme.faint(left(` ${HOW}`, width, ellipsis));
  // Of a line that is too long its end is shown, the column of the cursor last.
  const room = width - label.length - 4;
  const hidden = Math.max(0, columnsOf(value) + 1 - room);
  const at = Math.max(0, 1 + label.length + columnsOf(value.slice(0, filter.at)) - hidden);
  const text = cut(filter.text, width - 2, ellipsis);
  const behind = columnsOf(text) + at + 3 <= width;
  const line = behind ? `${" ".repeat(at)}^ ${text}` : `${right(text, at - 1, ellipsis)} ^`;
  return theme.bad(left(line, width, ellipsis));
}
