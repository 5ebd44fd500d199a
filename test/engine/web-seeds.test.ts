// Which web servers are asked, and when again, on virtual time and without a network.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_WEB_SEED_RETRY_MS, WEB_SEED_AGAIN_MS, WEB_SEED_RETRY_MS } from "../../source/engine/limits.ts";
import type { WebSeed } from "../../source/engine/web-seed.ts";
import { WebSeeds } from "../../source/engine/web-seeds.ts";
import { makeTorrent } from "../storage/fixtures.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { metainfo, layout } = makeTorrent([{ length: 100 }]);

class FakeTransfer {
  readonly metainfo;
  readonly layout = layout;
  isFetching = true;
  readonly asked: WebSeed[] = [];
  readonly notes: string[] = [];

  constructor(urls: readonly string[]) {
    this.metainfo = { ...metainfo, webSeeds: urls };
  }

  attachWebSeed(seed: WebSeed): void {
    this.asked.push(seed);
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

test("three are asked at once, and the next one as soon as one of them fails, of which only the place is told", () => {
  const transfer = new FakeTransfer(["http://a/", "http://me:secret@b:81/token/", "http://c/", "http://d/"]);
  const seeds = new WebSeeds(transfer, undefined);
  seeds.wake();
  seeds.wake();
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "c"]);
  transfer.asked[1]!.close("b answers with the HTTP status 503");
  expect(transfer.asked.map(({ address }) => address.host)).toEqual(["a", "b", "c", "d"]);
  expect(transfer.notes).toEqual(["http://b:81 is not asked for 10 s: b answers with the HTTP status 503"]);
  seeds.stop();
});

test("one that gives nothing is asked later and later, and never more than twice an hour", () => {
  const transfer = new FakeTransfer(["http://a/"]);
  new WebSeeds(transfer, undefined).wake();
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

test("one that was let go because nothing is wanted has not failed", () => {
  const transfer = new FakeTransfer(["http://a/"]);
  const seeds = new WebSeeds(transfer, undefined);
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
  const seeds = new WebSeeds(transfer, undefined);
  seeds.wake();
  transfer.asked[0]!.close("it failed");
  seeds.stop();
  transfer.asked[1]!.close("the transfer ends");
  vi.advanceTimersByTime(MAX_WEB_SEED_RETRY_MS + WEB_SEED_AGAIN_MS);
  seeds.wake();
  expect(transfer.asked).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

test("a torrent without web servers costs nothing", () => {
  const transfer = new FakeTransfer([]);
  new WebSeeds(transfer, undefined).wake();
  expect(vi.getTimerCount()).toBe(0);
});
