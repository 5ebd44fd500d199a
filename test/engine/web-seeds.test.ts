// Which web servers are asked, and when again, on virtual time and without a network.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  MAX_WEB_SEED_LESSONS,
  MAX_WEB_SEED_RETRY_MS,
  WEB_SEED_AGAIN_MS,
  WEB_SEED_RETRY_MS,
} from "../../source/engine/limits.ts";
import type { WebSeed } from "../../source/engine/web-seed.ts";
import { WebSeeds } from "../../source/engine/web-seeds.ts";
import { makeTorrent } from "../storage/fixtures.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class FakeTransfer {
  readonly metainfo;
  readonly layout;
  isFetching = true;
  readonly asked: WebSeed[] = [];
  readonly notes: string[] = [];

  constructor(urls: readonly string[], files: Parameters<typeof makeTorrent>[0] = [{ length: 100 }]) {
    const { metainfo, layout } = makeTorrent(files);
    this.metainfo = { ...metainfo, webSeeds: urls };
    this.layout = layout;
  }

  /** The n-th that was asked, from 0, says that it does not have this file. */
  lacks(n: number, file: number): void {
    this.asked[n]!.absentFiles.add(file);
    this.asked[n]!.close("it does not have it");
  }

  attachWebSeed(seed: WebSeed): void {
    this.asked.push(seed);
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

function seedsOf(transfer: FakeTransfer, hasRoom = () => true): WebSeeds {
  return new WebSeeds({ transfer, localAddress: undefined, hasRoom });
}

test("three are asked at once, and the next one as soon as one of them fails, of which only the place is told", () => {
  const transfer = new FakeTransfer(["http://a/", "http://me:secret@b:81/token/", "http://c/", "http://d/"]);
  const seeds = seedsOf(transfer);
  seeds.wake();
  seeds.wake();
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "c"]);
  transfer.asked[1]!.close("b:81 answers with the HTTP status 503");
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "c", "d"]);
  expect(transfer.notes).toEqual(["b:81 answers with the HTTP status 503: http://b:81 is asked again in 10 s"]);
  seeds.stop();
});

test("whom the swarm lets go is named with why", () => {
  const transfer = new FakeTransfer(["http://a:81/"]);
  const seeds = seedsOf(transfer);
  seeds.wake();
  transfer.asked[0]!.close("it gave wrong data and is banned");
  expect(seeds.reports[0]!.problem).toBe("a:81: it gave wrong data and is banned");
  seeds.stop();
});

test("one that gives nothing is asked later and later, and never more than twice an hour", () => {
  const transfer = new FakeTransfer(["http://a/"]);
  seedsOf(transfer).wake();
  let waitMs = WEB_SEED_RETRY_MS;
  for (let failures = 1; failures <= 12; failures++) {
    expect(transfer.asked).toHaveLength(failures);
    transfer.asked.at(-1)!.close("nobody answers at a");
    vi.advanceTimersByTime(waitMs - 1);
    expect(transfer.asked).toHaveLength(failures);
    vi.advanceTimersByTime(1);
    waitMs = Math.min(MAX_WEB_SEED_RETRY_MS, 2 * waitMs);
  }
  expect(transfer.asked).toHaveLength(13);
});

test("each is told of as trackers are, with what is wrong and when it is asked again, and no secret of its URL", () => {
  const transfer = new FakeTransfer(["http://me:secret@a/token/", "http://b:81/", "http://c/", "http://d/"]);
  const seeds = seedsOf(transfer);
  const told = () => seeds.reports.map(({ tracker, state, problem, nextAt }) => [tracker, state, problem, nextAt]);
  expect(told()[0]).toEqual(["web a", "unused", null, null]);
  seeds.wake();
  transfer.asked[1]!.close("nobody answers at b:81");
  expect(told()).toEqual([
    ["web a", "announcing", null, null],
    ["web b:81", "failing", "nobody answers at b:81", Date.now() + WEB_SEED_RETRY_MS],
    ["web c", "announcing", null, null],
    ["web d", "announcing", null, null],
  ]);
  seeds.stop();
});

test("one that was let go because nothing is wanted has not failed", () => {
  const transfer = new FakeTransfer(["http://a/"]);
  const seeds = seedsOf(transfer);
  seeds.wake();
  transfer.isFetching = false;
  transfer.asked[0]!.close("the transfer is paused");
  seeds.wake();
  expect(transfer.asked).toHaveLength(1);
  transfer.isFetching = true;
  seeds.wake();
  expect(transfer.asked).toHaveLength(2);
  expect(transfer.notes).toEqual([]);
});

test("nothing is asked after the end, also of those that wait", () => {
  const transfer = new FakeTransfer(["http://a/", "http://b/"]);
  const seeds = seedsOf(transfer);
  seeds.wake();
  transfer.asked[0]!.close("it failed");
  seeds.stop();
  transfer.asked[1]!.close("the transfer ends");
  vi.advanceTimersByTime(MAX_WEB_SEED_RETRY_MS + WEB_SEED_AGAIN_MS);
  seeds.wake();
  expect(transfer.asked).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

test("none is asked while there are peers enough, and all of them once there is room", () => {
  const transfer = new FakeTransfer(["http://a/", "http://b/"]);
  let room = 0;
  const seeds = seedsOf(transfer, () => room-- > 0);
  seeds.wake();
  vi.advanceTimersByTime(10 * WEB_SEED_RETRY_MS);
  expect(transfer.asked).toHaveLength(0);
  room = 1;
  vi.advanceTimersByTime(WEB_SEED_RETRY_MS);
  expect(transfer.asked).toHaveLength(1);
  room = 1;
  vi.advanceTimersByTime(WEB_SEED_RETRY_MS);
  expect([transfer.asked.length, transfer.notes]).toEqual([2, []]);
  seeds.stop();
});

test("those that lack files keep nobody else from being asked", () => {
  const files = ["x", "y"].map((name) => ({ path: [name], length: 9 }));
  const transfer = new FakeTransfer(["http://a/", "http://b/", "http://c/", "http://d/", "http://e/"], files);
  const seeds = seedsOf(transfer);
  seeds.wake();
  for (const n of [0, 1, 2]) transfer.lacks(n, 0);
  vi.advanceTimersByTime(WEB_SEED_AGAIN_MS);
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "c", "d", "e", "a", "b", "c"]);
  seeds.stop();
});

test("one that turns out to have none of the files has failed, and is asked for all of them later", () => {
  const transfer = new FakeTransfer(
    ["http://a/"],
    [
      { path: ["x"], length: 9 },
      { path: ["empty"], length: 0 },
      { path: ["zeros"], length: 9, padding: true },
      { path: ["y"], length: 9 },
    ],
  );
  const seeds = seedsOf(transfer);
  seeds.wake();
  transfer.lacks(0, 0);
  vi.advanceTimersByTime(WEB_SEED_AGAIN_MS);
  transfer.lacks(1, 3);
  expect(transfer.notes.at(-1)).toContain("asked again in 20 s");
  vi.advanceTimersByTime(2 * WEB_SEED_RETRY_MS);
  expect(transfer.asked).toHaveLength(3);
  transfer.lacks(2, 0);
  expect(transfer.notes.at(-1)).toContain("asked again in 1 s");
  seeds.stop();
});

test("a person who waits has all of them asked now, for all files", () => {
  const files = ["x", "y"].map((name) => ({ path: [name], length: 9 }));
  const transfer = new FakeTransfer(["http://a/", "http://b/", "http://a/"], files);
  const seeds = seedsOf(transfer);
  seeds.wake();
  expect(transfer.asked).toHaveLength(2);
  transfer.asked[0]!.close("nobody answers at a");
  transfer.lacks(1, 1);
  vi.advanceTimersByTime(WEB_SEED_AGAIN_MS);
  const said: string[] = [];
  transfer.asked[2]!.handOver({ gotMessage: ({ type }) => void said.push(type), closed: () => undefined });
  seeds.again();
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "b", "a"]);
  expect([transfer.asked[2]!.absentFiles.size, said]).toEqual([0, ["extended-handshake", "bitfield", "unchoke"]]);
  transfer.asked[3]!.close("nobody answers at a");
  expect(transfer.notes.at(-1)).toContain("in 10 s");
  vi.advanceTimersByTime(WEB_SEED_RETRY_MS);
  expect(transfer.asked).toHaveLength(5);
  seeds.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("after a sleep of the machine all are asked over new connections", () => {
  const transfer = new FakeTransfer(["http://a/", "http://b/", "http://c/", "http://d/"]);
  const seeds = seedsOf(transfer);
  seeds.wake();
  seeds.woke();
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "c", "d"]);
  vi.advanceTimersByTime(WEB_SEED_RETRY_MS);
  expect(transfer.asked).toHaveLength(6);
  seeds.stop();
});

test("one that lacks file after file is asked later and later", () => {
  const files = Array.from({ length: 20 }, (_, i) => ({ path: [`${i}`], length: 5 }));
  const transfer = new FakeTransfer(["http://a/"], files);
  seedsOf(transfer).wake();
  for (let file = 0; file < 6; file++) {
    transfer.lacks(file, file);
    vi.advanceTimersByTime(WEB_SEED_AGAIN_MS);
    expect(transfer.asked).toHaveLength(file < MAX_WEB_SEED_LESSONS ? file + 2 : file + 1);
    vi.advanceTimersByTime(MAX_WEB_SEED_RETRY_MS);
  }
});

test("a torrent without web servers costs nothing", () => {
  const transfer = new FakeTransfer([]);
  seedsOf(transfer).wake();
  expect(vi.getTimerCount()).toBe(0);
});
