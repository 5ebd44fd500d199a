import { expect, test } from "vitest";
import { holdersIn, torrentIn } from "../../source/discovery/reply-bytes.ts";
import type { PeerIdHex } from "../../source/protocol/ids.ts";

const peer = { peerId: "0".repeat(40) as PeerIdHex, address: "127.0.0.1", port: 7000 };

test("a torrent is the bytes that were published", () => {
  expect(torrentIn({ type: "torrent", re: 1, torrent: "AP+A" })).toEqual(new Uint8Array([0x00, 0xff, 0x80]));
  expect(torrentIn({ type: "torrent", re: 1, torrent: "" })).toHaveLength(0);
});

test("a holder keeps its address and has its bitfield as bytes, of whatever length", () => {
  const peers = [
    { ...peer, pieces: "gA==" },
    { ...peer, pieces: "" },
  ];
  expect(holdersIn({ type: "holders", re: 1, peers })).toEqual([
    { ...peer, pieces: new Uint8Array([0x80]) },
    { ...peer, pieces: new Uint8Array(0) },
  ]);
});

test.for(["gA", "g===", "not base64!", "gA==\n", "gB=="])("%j is an unreadable answer", (text) => {
  const unreadable = expect.objectContaining({ code: "malformed", message: "The tracker's answer is unreadable." });
  expect(() => torrentIn({ type: "torrent", re: 1, torrent: text })).toThrow(unreadable);
  const peers = [{ ...peer, pieces: text }];
  expect(() => holdersIn({ type: "holders", re: 1, peers })).toThrow(unreadable);
});
