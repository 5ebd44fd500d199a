import { expect, test } from "vitest";
import { drawPiecesTab } from "../../source/ui/panes/pieces-tab.ts";
import { createTheme } from "../../source/ui/theme.ts";
import { transferRow } from "../helpers/scripted-client.ts";

const BAD = "\u001b[1;31m";

test("a piece that nobody connected holds stands out only where we lack it", () => {
  const row = transferRow("a", { pieceCount: 6, pieceMap: "hgmmpa", availabilityMap: "010020" });
  const lines = drawPiecesTab(row, { width: 80, height: 20 }, createTheme("terminal", false));
  const digits = lines.find((line) => line.includes(BAD))!;
  expect(digits.split("\u001b[").map((part) => part.replace(/^[\d;]+m/, (codes) => `${codes} `))).toEqual([
    expect.any(String),
    "2m 00001111",
    "0m ",
    "1;31m 00000000",
    "0m ",
    "2m 2222",
    "0m ",
    "1;31m 0000",
    "0m ",
  ]);
});
