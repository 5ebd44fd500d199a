import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bitfieldFromBase64,
  countPieces,
  fromBase64,
  fullBitfield,
  hasPiece,
  setPiece,
  toBase64,
} from "../../../source/protocol/channel/bitfield.ts";
import { MAX_ENTRIES_IN_FRAME, MAX_FRAME, MAX_HAVE_FRAME, MAX_NAME } from "../../../source/protocol/channel/limits.ts";
import {
  type CatalogueEntry,
  type ClientMessage,
  type TrackerMessage,
  encodeMessage,
  parseClientMessage,
  parseTrackerMessage,
} from "../../../source/protocol/channel/messages.ts";
import { TokenBucket } from "../../../source/protocol/channel/token-bucket.ts";
import { ProtocolError } from "../../../source/protocol/errors.ts";
import type { InfoHashHex, PeerIdHex } from "../../../source/protocol/ids.ts";

const infoHash = "0123456789abcdef0123456789abcdef01234567" as InfoHashHex;
const peerId = "ff".repeat(20) as PeerIdHex;
const entry: CatalogueEntry = {
  infoHash,
  name: "film.mkv",
  length: 5,
  pieceLength: 2,
  pieceCount: 3,
  availablePieces: 2,
  holders: 1,
  seeds: 0,
  private: false,
  addedAt: 7,
};
const ENTRY = `{"infoHash":"${infoHash}","name":"film.mkv","length":5,"pieceLength":2,"pieceCount":3,"availablePieces":2,"holders":1,"seeds":0,"private":false,"addedAt":7}`;

const CLIENT: readonly (readonly [string, ClientMessage])[] = [
  [
    `{"type":"hello","peerId":"${peerId}","port":6881,"agent":"sta 0.1.0"}`,
    { type: "hello", peerId, port: 6881, agent: "sta 0.1.0" },
  ],
  [
    `{"type":"hello","peerId":"${peerId}","port":65535,"agent":"","token":"t","resume":0,"epoch":"e"}`,
    { type: "hello", peerId, port: 65_535, agent: "", token: "t", resume: 0, epoch: "e" },
  ],
  ['{"type":"publish","id":1,"torrent":"ZGU="}', { type: "publish", id: 1, torrent: "ZGU=" }],
  [`{"type":"have","infoHash":"${infoHash}","pieces":"4A=="}`, { type: "have", infoHash, pieces: "4A==" }],
  [`{"type":"have","infoHash":"${infoHash}","pieces":null}`, { type: "have", infoHash, pieces: null }],
  [
    `{"type":"update","infoHash":"${infoHash}","gained":[0,2097151],"lost":[]}`,
    { type: "update", infoHash, gained: [0, 2_097_151], lost: [] },
  ],
  [`{"type":"torrent","id":2,"infoHash":"${infoHash}"}`, { type: "torrent", id: 2, infoHash }],
  ['{"type":"torrent","id":2,"name":"film.mkv"}', { type: "torrent", id: 2, name: "film.mkv" }],
  [`{"type":"holders","id":3,"infoHash":"${infoHash}","piece":4}`, { type: "holders", id: 3, infoHash, piece: 4 }],
  ['{"type":"peers","id":9007199254740991}', { type: "peers", id: Number.MAX_SAFE_INTEGER }],
];

const TRACKER: readonly (readonly [string, TrackerMessage])[] = [
  [
    `{"type":"welcome","seq":4,"epoch":"e","you":{"address":"::1","port":1},"peers":2,"catalogue":[${ENTRY}],"more":false,"limits":{"messagesPerSecond":10,"frame":65536}}`,
    {
      type: "welcome",
      seq: 4,
      epoch: "e",
      you: { address: "::1", port: 1 },
      peers: 2,
      catalogue: [entry],
      more: false,
      limits: { messagesPerSecond: 10, frame: 65_536 },
    },
  ],
  [`{"type":"catalogue","entries":[${ENTRY}],"more":true}`, { type: "catalogue", entries: [entry], more: true }],
  [`{"type":"published","re":1,"infoHash":"${infoHash}"}`, { type: "published", re: 1, infoHash }],
  ['{"type":"torrent","re":2,"torrent":"ZGU="}', { type: "torrent", re: 2, torrent: "ZGU=" }],
  [
    `{"type":"holders","re":3,"peers":[{"peerId":"${peerId}","address":"10.0.0.1","port":2,"pieces":"4A=="}]}`,
    { type: "holders", re: 3, peers: [{ peerId, address: "10.0.0.1", port: 2, pieces: "4A==" }] },
  ],
  ['{"type":"peers","re":4,"peers":[]}', { type: "peers", re: 4, peers: [] }],
  ['{"type":"error","re":5,"code":"not-found","text":"no"}', { type: "error", re: 5, code: "not-found", text: "no" }],
  [`{"type":"available","seq":6,"entry":${ENTRY}}`, { type: "available", seq: 6, entry }],
  [`{"type":"changed","seq":7,"entries":[],"peers":0}`, { type: "changed", seq: 7, entries: [], peers: 0 }],
  [
    `{"type":"unavailable","seq":8,"infoHash":"${infoHash}","name":"x","why":"left","peer":"10.0.0.1:2"}`,
    { type: "unavailable", seq: 8, infoHash, name: "x", why: "left", peer: "10.0.0.1:2" },
  ],
  ['{"type":"notice","seq":9,"text":"hi"}', { type: "notice", seq: 9, text: "hi" }],
  ['{"type":"reachable","port":6881,"ok":false}', { type: "reachable", port: 6881, ok: false }],
];

test.for(CLIENT)("a peer says %s", ([frame, message]) => {
  expect(encodeMessage(message)).toBe(frame);
  expect(parseClientMessage(frame)).toEqual(message);
});

test.for(TRACKER)("a tracker says %s", ([frame, message]) => {
  expect(encodeMessage(message)).toBe(frame);
  expect(parseTrackerMessage(frame)).toEqual(message);
});

test("a peer at an address that no system call takes is refused", () => {
  const peers = [{ peerId, address: "10.0.0.1\0", port: 2, pieces: "4A==" }];
  const frame = JSON.stringify({ type: "holders", re: 3, peers });
  expect(() => parseTrackerMessage(frame)).toThrow(ProtocolError);
});

describe("a malformed frame", () => {
  test.for([...CLIENT, ...TRACKER])("%s cut anywhere is refused", ([frame]) => {
    for (let end = 0; end < frame.length; end++) {
      expect(() => parseClientMessage(frame.slice(0, end))).toThrow(ProtocolError);
      expect(() => parseTrackerMessage(frame.slice(0, end))).toThrow(ProtocolError);
    }
  });

  test.for([
    ["a port below 0", { ...CLIENT[0]![1], port: -1 }],
    ["port 65536", { ...CLIENT[0]![1], port: 65_536 }],
    ["an upper-case id", { ...CLIENT[0]![1], peerId: "F".repeat(40) }],
    ["a long agent", { ...CLIENT[0]![1], agent: "x".repeat(129) }],
    ["a piece below 0", { type: "update", infoHash, gained: [-1], lost: [] }],
    ["a piece beyond all", { type: "update", infoHash, gained: [2_097_152], lost: [] }],
    ["half a piece", { type: "update", infoHash, gained: [0.5], lost: [] }],
    ["4001 pieces", { type: "update", infoHash, gained: Array.from({ length: 4_001 }, () => 1), lost: [] }],
    ["no id", { type: "peers" }],
    ["a type that is a number", { type: 1 }],
    ["a list", []],
    ["nothing", null],
  ])("with %s is refused", ([, value]) => {
    expect(() => parseClientMessage(JSON.stringify(value))).toThrow(
      expect.objectContaining({ name: "ProtocolError", code: "bad-message" }),
    );
  });

  test("is one above its cap; torrents and bitfields have their own", () => {
    const padded = (start: string, length: number) => `${start}${"A".repeat(length - start.length - 2)}"}`;
    const have = `{"type":"have","infoHash":"${infoHash}","pieces":"`;
    expect(parseClientMessage(padded('{"type":"unknown","x":"', MAX_FRAME))).toBeUndefined();
    expect(() => parseClientMessage(padded('{"type":"unknown","x":"', MAX_FRAME + 1))).toThrow(/at most 65536/);
    expect(parseClientMessage(padded(have, MAX_HAVE_FRAME))?.type).toBe("have");
    expect(() => parseClientMessage(padded(have, MAX_HAVE_FRAME + 1))).toThrow(/at most 524288/);
    expect(parseClientMessage(padded('{"type":"publish","id":1,"torrent":"', 1_000_000))?.type).toBe("publish");
    expect(() => parseTrackerMessage(padded('{"type":"notice","seq":1,"text":"', MAX_FRAME + 1))).toThrow(/at most/);
  });

  test("of any kind yields a value or a ProtocolError", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (frame) => {
        for (const parse of [parseClientMessage, parseTrackerMessage]) {
          try {
            parse(frame);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
    );
  });
});

test("unknown types are ignored, unknown members dropped, and a prototype stays what it is", () => {
  expect(parseClientMessage('{"type":"of tomorrow"}')).toBeUndefined();
  expect(parseTrackerMessage('{"type":"peers","re":1,"peers":[],"__proto__":{"x":1},"new":1}')).toEqual({
    type: "peers",
    re: 1,
    peers: [],
  });
});

test("a full page of the worst names fits a frame", () => {
  const worst = { ...entry, name: "\u0001".repeat(MAX_NAME), length: Number.MAX_SAFE_INTEGER };
  const entries = Array.from({ length: MAX_ENTRIES_IN_FRAME }, () => worst);
  expect(encodeMessage({ type: "changed", seq: 1, entries, peers: 1 }).length).toBeLessThan(MAX_FRAME);
});

test("a bitfield has its exact length and no spare bits", () => {
  expect(bitfieldFromBase64("/8A=", 10)).toEqual(new Uint8Array([0xff, 0xc0]));
  expect(() => bitfieldFromBase64("/8A=", 8)).toThrow(/expected 1 bytes, received 2/);
  expect(() => bitfieldFromBase64("/8A=", 17)).toThrow(/expected 3 bytes, received 2/);
  expect(() => bitfieldFromBase64("/8A=", 9)).toThrow(/spare bits/);
  for (const text of ["/8A", "/8B=", "_8A=", " /8A=", "/8A=\n", "*"])
    expect(() => fromBase64(text)).toThrow(ProtocolError);
});

test("pieces set are the pieces there", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.uniqueArray(fc.nat(99)), (size, wanted) => {
      const bits = new Uint8Array(Math.ceil(size / 8));
      const pieces = wanted.filter((piece) => piece < size);
      for (const piece of pieces) setPiece(bits, piece, true);
      expect(countPieces(bits)).toBe(pieces.length);
      for (let piece = 0; piece < size + 9; piece++) expect(hasPiece(bits, piece)).toBe(pieces.includes(piece));
      expect(bitfieldFromBase64(toBase64(bits), size)).toEqual(bits);
      for (const piece of pieces) setPiece(bits, piece, false);
      expect(countPieces(bits)).toBe(0);
      expect(countPieces(fullBitfield(size))).toBe(size);
      expect(bitfieldFromBase64(toBase64(fullBitfield(size)), size)).toEqual(fullBitfield(size));
    }),
  );
});

test("a bucket gives its burst, then its rate", () => {
  const bucket = new TokenBucket(10, 3, 0);
  expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false]);
  expect([bucket.take(99), bucket.take(100), bucket.take(100)]).toEqual([false, true, false]);
  expect([bucket.isFull(300), bucket.isFull(500)]).toEqual([false, true]);
});
