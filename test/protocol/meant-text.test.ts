import { expect, test } from "vitest";
import { meantText } from "../../source/protocol/meant-text.ts";

test.each([
  ["big", ["big.bin", "small.bin"], " Is big.bin meant?"],
  ["BIG", ["big.bin", "not so Big", "x"], " Is big.bin or not so Big meant?"],
  ["big", ["big.bin", "big.bin"], " Is big.bin meant?"],
  ["i", ["i1", "i2", "i3", "i4"], ""],
  ["z", ["a"], ""],
  [" ", ["a b"], ""],
])("of %j among %j it says %j", (asked, names, says) => {
  expect(meantText(asked, names)).toBe(says);
});
