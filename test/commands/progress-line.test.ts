import { expect, test } from "vitest";
import { progressLine } from "../../source/commands/progress-line.ts";
import { columnsOf } from "../../source/ui/format/columns.ts";
import { transferRow } from "../helpers/scripted-client.ts";

test("it says how far a download is, how fast and how long still", () => {
  const row = transferRow("new.iso", { heldPieces: 12, downBytesPerSecond: 2_000_000, secondsLeft: 7 });
  expect(progressLine(row, 79)).toMatch(/^new\.iso: \d+ %, 2\.0 MB\/s from \d+ peers?, 7 s left$/);
});

test.each(["long ".repeat(60), "日本語のファイル名".repeat(20), "🎉".repeat(90)])(
  "of a name that is too long it leaves out the end, and nothing of what moves: %s",
  (name) => {
    const row = transferRow(name, { heldPieces: 12, downBytesPerSecond: 2_000_000, secondsLeft: 7 });
    for (const columns of [59, 79, 199]) {
      const line = progressLine(row, columns);
      expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      expect(line).toMatch(/…: \d+ %, 2\.0 MB\/s from \d+ peers?, 7 s left$/);
    }
  },
);

test("where there is no room at all it is cut", () => {
  const row = transferRow("new.iso", { state: "waiting" });
  for (const columns of [1, 5, 20]) expect(columnsOf(progressLine(row, columns))).toBeLessThanOrEqual(columns);
});
