import { expect, test } from "vitest";
import { commandSchema, replySchema } from "../../source/control/contract.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";

test.for([
  { method: "download", target: HASH },
  { method: "download", target: "a.mkv", peers: ["10.0.0.1:6881"], folder: "/srv" },
  { method: "share", path: "/srv/a.mkv" },
  { method: "share", path: "/srv/a.torrent", folder: "/srv", partial: true },
  { method: "push", target: "a.mkv", count: 1000, keep: true },
  { method: "pause", infoHash: HASH },
  { method: "resume", infoHash: HASH },
  { method: "check", infoHash: HASH },
  { method: "remove", infoHash: HASH, withData: false },
  { method: "add-tracker", address: "[::1]:5000" },
  { method: "remove-tracker", address: "[::1]:5000" },
  { method: "set-limits", downBytesPerSecond: 0, upBytesPerSecond: 500_000 },
  { method: "complete-path", prefix: "" },
  { method: "stop" },
])("%j is a command, and comes through unchanged", (command) => {
  expect(commandSchema.parse(JSON.parse(JSON.stringify(command)))).toEqual(command);
});

test.for([
  { method: "fly" },
  { method: "pause", infoHash: HASH.toUpperCase() },
  { method: "pause", infoHash: `${HASH}\n` },
  { method: "share", path: "" },
  { method: "set-limits", upBytesPerSecond: Number.POSITIVE_INFINITY },
])("%j is none", (command) => {
  expect(commandSchema.safeParse(command).success).toBe(false);
});

test("a reply is a sentence, with a code when it is a refusal", () => {
  expect(replySchema.safeParse({ ok: true, text: "done" }).success).toBe(true);
  expect(replySchema.safeParse({ ok: false, code: "engine-gone", text: "gone" }).success).toBe(true);
  expect(replySchema.safeParse({ ok: false, text: "gone" }).success).toBe(false);
  expect(replySchema.safeParse({ ok: false, code: "whatever", text: "gone" }).success).toBe(false);
});
