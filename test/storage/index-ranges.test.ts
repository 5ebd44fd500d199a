import { expect, test } from "vitest";
import { parseRanges, toRanges } from "../../source/storage/index-ranges.ts";

test.each([
  ["", []],
  ["0", [0]],
  ["0-4,7", [0, 1, 2, 3, 4, 7]],
  ["3,5-6", [3, 5, 6]],
])("%j is %j", (text, indexes) => {
  expect(toRanges(indexes)).toBe(text);
  expect(parseRanges(text, 10)).toEqual(indexes);
});

test.each(["10", "9-10", "2-1", "1,1", "3,2", "a", "1-", "-1", "1,,2", "0-999999999", " 1"])(
  "%j is refused",
  (text) => {
    expect(parseRanges(text, 10)).toBeUndefined();
  },
);
