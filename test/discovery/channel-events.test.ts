import { expect, test } from "vitest";
import { eventOf } from "../../source/discovery/channel-events.ts";
import type { CatalogueEntry } from "../../source/protocol/channel/messages.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";

const infoHash = "a".repeat(40) as InfoHashHex;

test("a notice and a file that came are told as they were broadcast", () => {
  const entry = { infoHash, name: "x" } as CatalogueEntry;
  expect(eventOf({ type: "notice", seq: 3, text: "hello" })).toEqual({ type: "notice", seq: 3, text: "hello" });
  expect(eventOf({ type: "available", seq: 4, entry })).toEqual({ type: "available", seq: 4, entry });
});

test("counts that moved tell only how many peers there are", () => {
  expect(eventOf({ type: "changed", seq: 5, entries: [], peers: 7 })).toEqual({ type: "peers-known", count: 7 });
});

test("a file that went is told without the tracker's own bookkeeping", () => {
  const went = { type: "unavailable", seq: 6, infoHash, name: "x", why: "left" } as const;
  expect(eventOf({ ...went, forgotten: true })).toStrictEqual({ ...went, peer: undefined });
  expect(eventOf({ ...went, peer: "127.0.0.1:1" })).toStrictEqual({ ...went, peer: "127.0.0.1:1" });
});
