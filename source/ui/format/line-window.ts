// lineWindow: what is shown of a line that is longer than its room.
import type { Line } from "../line.ts";
import { columnsOf } from "./columns.ts";

/** Three texts side by side, in no more columns than there is room; under the cursor one letter, behind the line a space. */
export interface LineWindow {
  readonly before: string;
  readonly under: string;
  readonly after: string;
  /** Columns of the line that are hidden to the left. */
  readonly hidden: number;
}

/** The end of the line; when the cursor is not in it, a part that has the cursor in its middle. `room`: columns, at least 1. */
export function lineWindow({ value, cursor }: Line, room: number): LineWindow {
  let columns = 0;
  const cells = Array.from(segmenter.segment(`${value} `), ({ segment: text, index }) => {
    const from = columns;
    columns += columnsOf(text);
    return { text, index, from, to: columns };
  });
  const at = cells.findLastIndex(({ index }) => index <= cursor);
  /** The first of the cells that, with cell `last` at their end, have so much room. */
  const firstBefore = (last: number, most: number) => cells.findIndex(({ from }) => cells[last]!.to - from <= most);
  const ofEnd = firstBefore(cells.length - 1, room);
  const first = Math.min(at, at >= ofEnd ? ofEnd : firstBefore(at, Math.ceil(room / 2)));
  const hidden = cells[first]!.from;
  const end = cells.findLastIndex(({ to }) => to - hidden <= room) + 1;
  const text = (start: number, behind: number) => cells.slice(start, behind).map((cell) => cell.text);
  const [before, after] = [text(first, at).join(""), text(at + 1, end).join("")];
  return { before, under: cells[at]!.text, after, hidden };
}

const segmenter = new Intl.Segmenter();
