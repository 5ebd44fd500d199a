import * as fc from "fast-check";
import { expect, test } from "vitest";
import { columnsOf } from "../../../source/ui/format/columns.ts";
import { lineWindow } from "../../../source/ui/format/line-window.ts";

const shown = (value: string, cursor: number, room: number) => {
  const { before, under, after, hidden } = lineWindow({ value, cursor }, room);
  return [hidden, `${before}[${under}]${after}`];
};

test.each([
  ["abc", 3, 4, 0, "abc[ ]"],
  ["abc", 0, 4, 0, "[a]bc "],
  ["abcdefgh", 8, 4, 5, "fgh[ ]"],
  ["abcdefgh", 5, 4, 5, "[f]gh "],
  ["abcdefgh", 4, 4, 3, "d[e]fg"],
  ["abcdefgh", 0, 4, 0, "[a]bcd"],
  ["", 0, 1, 0, "[ ]"],
  ["abc", 1, 1, 1, "[b]"],
  ["写真写真", 4, 5, 4, "写真[ ]"],
  ["写真写真", 1, 5, 2, "[真]写"],
])("of %s with the cursor at %i, %i columns show from column %i: %s", (value, cursor, room, hidden, text) => {
  expect(shown(value, cursor, room)).toEqual([hidden, text]);
});

test("it never takes more than its room, and the cursor is in it where that has two columns", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "写", "é", "e\u0301", " ", "🎬"), maxLength: 30 });
  fc.assert(
    fc.property(text, fc.nat(30), fc.integer({ min: 2, max: 20 }), (value, at, room) => {
      const { before, under, after } = lineWindow({ value, cursor: Math.min(at, value.length) }, room);
      expect(columnsOf(before) + columnsOf(under) + columnsOf(after)).toBeLessThanOrEqual(room);
      expect(under).not.toBe("");
    }),
  );
});
