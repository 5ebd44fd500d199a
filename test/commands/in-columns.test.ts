import { expect, test } from "vitest";
import { inColumns } from "../../source/commands/in-columns.ts";

test("the parts of all lines stand one below the other, and nothing behind the last", () => {
  expect(
    inColumns([
      ["a", "1 kB", "x"],
      ["写真", "100 MB", "y"],
      ["", "", "z"],
    ]),
  ).toEqual(["a     1 kB    x", "写真  100 MB  y", "              z"]);
});

test("one long name moves its own line alone", () => {
  const [long, short] = inColumns([
    ["n".repeat(300), "1"],
    ["a", "2"],
  ]);
  expect(long).toBe(`${"n".repeat(300)}  1`);
  expect(short).toBe(`a${" ".repeat(41)}2`);
});

test("of nothing there is no line", () => {
  expect(inColumns([])).toEqual([]);
});
