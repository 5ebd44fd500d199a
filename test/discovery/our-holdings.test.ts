import { expect, test } from "vitest";
import { OurHoldings } from "../../source/discovery/our-holdings.ts";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { MAX_UPDATE_PIECES } from "../../source/protocol/channel/limits.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";

const A = "a".repeat(40) as InfoHashHex;
const B = "b".repeat(40) as InfoHashHex;
const has = (infoHash: InfoHashHex, ...bytes: number[]) => ({
  type: "have",
  infoHash,
  pieces: toBase64(new Uint8Array(bytes)),
});
const nothing = (infoHash: InfoHashHex) => ({ type: "have", infoHash, pieces: null });

/** Says all that is owed. */
const said = (holdings: OurHoldings, updates = true) => [...holdings.owed(updates)];

/** Holds one byte of pieces of `infoHash`, and the tracker knows. */
function heard(infoHash: InfoHashHex, bits = 0): OurHoldings {
  const holdings = new OurHoldings();
  holdings.have(infoHash, new Uint8Array([bits]));
  said(holdings);
  return holdings;
}

test("what is said is owed no longer, what could not be sent is owed still", () => {
  const holdings = new OurHoldings();
  holdings.have(A, new Uint8Array([0x80]));
  holdings.have(B, new Uint8Array([0x40]));
  // The first goes out, the second finds no room.
  const owed = holdings.owed(false);
  owed.next();
  owed.next();
  owed.return();
  expect(said(holdings, false)).toEqual([has(B, 0x40)]);
  expect(said(holdings)).toEqual([]);
});

test("a bitfield is copied: what its owner does to it later is not said", () => {
  const holdings = new OurHoldings();
  const bits = new Uint8Array([0x80]);
  holdings.have(A, bits);
  bits[0] = 0xff;
  expect(said(holdings)).toEqual([has(A, 0x80)]);
});

test("pieces gained and lost wait to be gathered; the last word of each counts", () => {
  const holdings = heard(A, 0x80);
  holdings.update(A, [1, 2], [0]);
  holdings.update(A, [0], [2]);
  expect(said(holdings, false)).toEqual([]);
  expect(said(holdings)).toEqual([{ type: "update", infoHash: A, gained: [1, 0], lost: [2] }]);
  expect(said(holdings)).toEqual([]);
});

test("pieces that come before the bitfield was said are said with it", () => {
  const holdings = new OurHoldings();
  holdings.have(A, new Uint8Array([0x80]));
  holdings.update(A, [7], [0]);
  expect(said(holdings, false)).toEqual([has(A, 0x01)]);
  expect(said(holdings)).toEqual([]);
});

test("more pieces than an update holds are said as a bitfield", () => {
  const holdings = new OurHoldings();
  holdings.have(A, new Uint8Array(501));
  said(holdings);
  holdings.update(
    A,
    Array.from({ length: MAX_UPDATE_PIECES }, (_, piece) => piece),
    [],
  );
  expect([...holdings.owed(true)]).toMatchObject([{ type: "update", gained: { length: MAX_UPDATE_PIECES } }]);
  holdings.update(
    A,
    [],
    Array.from({ length: MAX_UPDATE_PIECES + 1 }, (_, piece) => piece),
  );
  expect(said(holdings, false)).toEqual([has(A, ...new Uint8Array(501))]);
});

test("an update before have, or of a piece beyond the bitfield, is our own mistake", () => {
  const holdings = new OurHoldings();
  expect(() => holdings.update(A, [0], [])).toThrow("update before have");
  holdings.have(A, fullBitfield(8));
  expect(() => holdings.update(A, [], [8])).toThrow("no piece 8");
});

test("what was said is taken back when it is forgotten, what the tracker never listed is not", () => {
  const holdings = heard(A);
  holdings.have(B, new Uint8Array(1));
  holdings.unlisted(B);
  holdings.forget(A);
  holdings.forget(B);
  holdings.forget(A);
  expect(said(holdings, false)).toEqual([nothing(A)]);
  expect(said(holdings)).toEqual([]);
});

test("what is shared again before it was taken back is not taken back", () => {
  const holdings = heard(A);
  holdings.forget(A);
  holdings.have(A, new Uint8Array([0xff]));
  expect(said(holdings)).toEqual([has(A, 0xff)]);

  holdings.forget(A);
  holdings.keepTorrent(A, new Uint8Array([1]));
  expect(said(holdings)).toEqual([]);
});

test("what is taken back goes out before what is held", () => {
  const holdings = heard(B);
  holdings.have(A, new Uint8Array(1));
  holdings.forget(B);
  expect(said(holdings)).toEqual([nothing(B), has(A, 0)]);
});

test("nothing is said of a torrent while it is being published", () => {
  const holdings = new OurHoldings();
  holdings.publishing(A);
  holdings.have(A, new Uint8Array(1));
  expect(said(holdings)).toEqual([]);
  holdings.publishingEnded(A);
  expect(said(holdings, false)).toEqual([has(A, 0)]);
});

test("nothing is said of what the tracker does not list until it does, and then all of it", () => {
  const holdings = heard(A);
  holdings.unlisted(A);
  holdings.update(A, [0], []);
  expect(said(holdings)).toEqual([]);
  expect(holdings.listed(A)).toBe(true);
  expect(said(holdings, false)).toEqual([has(A, 0x80)]);
  expect(holdings.listed(A)).toBe(false);
});

test("listing what we do not hold gives nothing to say", () => {
  const holdings = new OurHoldings();
  holdings.unlisted(A);
  expect(holdings.listed(A)).toBe(false);
  expect(said(holdings)).toEqual([]);
});

test("a tracker that knows nothing of us is told all as it is now, and nothing is taken back", () => {
  const holdings = heard(A);
  holdings.have(B, new Uint8Array(1));
  holdings.unlisted(B);
  holdings.publishing(A);
  holdings.update(A, [0, 1], []);
  const gone = "c".repeat(40) as InfoHashHex;
  holdings.have(gone, new Uint8Array(1));
  holdings.forget(gone);
  holdings.startOver();
  expect(said(holdings, false)).toEqual([has(B, 0), has(A, 0xc0)]);
});

test("torrents are kept until they are dropped or forgotten", () => {
  const holdings = new OurHoldings();
  const torrent = new Uint8Array([1]);
  holdings.keepTorrent(A, torrent);
  holdings.keepTorrent(B, torrent);
  holdings.startOver();
  expect([...holdings.torrents().keys()]).toEqual([A, B]);
  holdings.dropTorrent(A);
  holdings.forget(B);
  expect(holdings.torrents().size).toBe(0);
  expect(said(holdings)).toEqual([]);
});
