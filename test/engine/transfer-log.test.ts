import { expect, test } from "vitest";
import { MAX_LOG_LINES } from "../../source/engine/limits.ts";
import { logLine, TransferLog } from "../../source/engine/transfer-log.ts";
import { StorageError } from "../../source/storage/errors.ts";

test("keeps the last hundred lines, numbered", () => {
  const log = new TransferLog();
  for (let i = 1; i <= MAX_LOG_LINES + 5; i++) log.add(`line ${i}`, i);
  expect(log.rows).toHaveLength(MAX_LOG_LINES);
  expect(log.rows[0]).toEqual({ seq: 6, at: 6, text: "line 6" });
  expect(log.rows.at(-1)).toMatchObject({ seq: MAX_LOG_LINES + 5 });
});

test("what strangers say is made fit for a screen", () => {
  const log = new TransferLog();
  log.add("\u001B[31mred", 1);
  expect(log.rows[0]!.text).not.toContain("\u001B");
});

test.for([
  [{ type: "note", text: "10.0.0.7:1 was let go: it stalls" }, "10.0.0.7:1 was let go: it stalls"],
  [{ type: "problem", error: new StorageError("disk-full", "/d", "The disk is full.") }, "The disk is full."],
  [{ type: "pieces-lost", lost: 0 }, "checked: all that was held is right"],
  [{ type: "pieces-lost", lost: 1 }, "checked: 1 piece is lost"],
  [{ type: "pieces-lost", lost: 2 }, "checked: 2 pieces are lost"],
  [{ type: "completed", seconds: 1.23, peers: 2, bytes: 5_000_000 }, "complete: 5.0 MB in 1.2 s from 2 peers"],
  [{ type: "gift", direction: "given", index: 3, peer: "p" }, "p took piece 3"],
  [{ type: "gift", direction: "received", index: 3, peer: "p" }, "p gave us piece 3"],
  [{ type: "changed" }, undefined],
  [{ type: "mode-changed" }, undefined],
  [{ type: "piece-held", index: 1 }, undefined],
] as const)("%j", ([event, line]) => {
  expect(logLine(event)).toBe(line);
});
