import { expect, test } from "vitest";
import { Announces } from "../../../source/discovery/lan/announces.ts";
import {
  ANNOUNCE_MS,
  BURST_DATAGRAMS,
  BURST_MS,
  GATHER_MS,
  LEAST_ANNOUNCE_MS,
  MAX_APART,
} from "../../../source/discovery/lan/limits.ts";
import { toHex, toInfoHash } from "../../../source/protocol/ids.ts";
import { MAX_LAN_HASHES } from "../../../source/protocol/local-discovery.ts";

const hash = (n: number) => toInfoHash(Uint8Array.from({ length: 20 }, (_, i) => (i === 0 ? n >> 8 : n & 255)));

/** Tells of all that is due until then: when, and how many torrents are in each datagram. */
function told(announces: Announces, until: number): { at: number; sizes: number[] }[] {
  const bursts: { at: number; sizes: number[] }[] = [];
  for (let at = announces.nextTick(); at !== undefined && at <= until; at = announces.nextTick()) {
    bursts.push({ at, sizes: announces.take(at, true).map(({ length }) => length) });
    if (bursts.length > 10_000) throw new Error("it never ends");
  }
  return bursts;
}

const timesOf = (bursts: { at: number }[]) => bursts.map(({ at }) => at);

test("a torrent is told at once, a minute later, and then every five minutes", () => {
  const announces = new Announces();
  expect(announces.nextTick()).toBeUndefined();
  announces.add(hash(1), 0);
  expect(announces.take(0, true)).toEqual([]);
  const second = GATHER_MS + LEAST_ANNOUNCE_MS;
  expect(timesOf(told(announces, second + 2 * ANNOUNCE_MS))).toEqual([
    GATHER_MS,
    second,
    second + ANNOUNCE_MS,
    second + 2 * ANNOUNCE_MS,
  ]);
});

test("some are told in a datagram each, a few a second, one more and they share them", () => {
  const some = new Announces();
  for (let n = 0; n < MAX_APART; n++) some.add(hash(n), 0);
  expect(told(some, 30_000)).toEqual(
    Array.from({ length: MAX_APART / BURST_DATAGRAMS }, (_, burst) => ({
      at: GATHER_MS + burst * BURST_MS,
      sizes: [1, 1, 1, 1, 1],
    })),
  );
  const more = new Announces();
  for (let n = 0; n <= MAX_APART; n++) more.add(hash(n), 0);
  expect(told(more, 30_000)).toEqual([{ at: GATHER_MS, sizes: [MAX_LAN_HASHES, MAX_LAN_HASHES, 1] }]);
});

test("a thousand torrents are told within eight seconds, each of them once a minute at most", () => {
  const announces = new Announces();
  for (let n = 0; n < 1_000; n++) announces.add(hash(n), 0);
  const bursts = told(announces, 30_000);
  expect(bursts).toHaveLength(8);
  for (const { sizes } of bursts) expect(sizes).toEqual(Array.from({ length: BURST_DATAGRAMS }, () => MAX_LAN_HASHES));
  expect(bursts.at(-1)!.at).toBe(GATHER_MS + 7 * BURST_MS);
});

test("what is wanted no more is told no more; what is wanted again is told no sooner than a minute after the last time", () => {
  const announces = new Announces();
  announces.add(hash(1), 0);
  expect(announces.dueAt(toHex(hash(1)))).toBe(GATHER_MS);
  announces.take(GATHER_MS, true);
  announces.remove(toHex(hash(1)));
  expect(announces.nextTick()).toBeUndefined();
  expect(announces.dueAt(toHex(hash(1)))).toBeUndefined();
  announces.add(hash(1), 10_000);
  expect(timesOf(told(announces, ANNOUNCE_MS))).toEqual([GATHER_MS + LEAST_ANNOUNCE_MS]);
  announces.remove(toHex(hash(1)));
  announces.take(2 * ANNOUNCE_MS, true);
  announces.add(hash(1), 2 * ANNOUNCE_MS);
  expect(announces.nextTick()).toBe(2 * ANNOUNCE_MS + GATHER_MS);
});

test("who is new hears all as soon as a minute is over since others did, and at once what nobody could hear", () => {
  const announces = new Announces();
  announces.add(hash(1), 0);
  announces.take(GATHER_MS, true);
  announces.add(hash(2), 1_000);
  announces.take(1_000 + GATHER_MS, false);
  announces.hurry(2_000);
  expect(timesOf(told(announces, LEAST_ANNOUNCE_MS + 1_000))).toEqual([
    2_000 + GATHER_MS,
    LEAST_ANNOUNCE_MS + GATHER_MS,
  ]);
  announces.hurry(LEAST_ANNOUNCE_MS + 2_000);
  expect(announces.nextTick()).toBe(LEAST_ANNOUNCE_MS + 2_000 + GATHER_MS);
});

test("where nobody may have heard it all is told again at once, but for what is wanted no more", () => {
  const announces = new Announces();
  for (const n of [1, 2]) announces.add(hash(n), 0);
  announces.take(GATHER_MS, true);
  announces.remove(toHex(hash(2)));
  announces.again(2_000);
  expect(told(announces, 10_000)).toEqual([{ at: 2_000 + GATHER_MS, sizes: [1] }]);
});
