import { describe, expect, it } from "vitest";
import {
  HUNGRY_MS,
  MAX_SEARCHES,
  SATED_GAP_MS,
  SEARCH_GAP_MS,
  SEARCH_MS,
} from "../../../source/discovery/dht/limits.ts";
import type { PeerSearch } from "../../../source/discovery/dht/node.ts";
import { Searches, type SearchResult } from "../../../source/discovery/dht/searches.ts";
import { toNodeId } from "../../../source/protocol/dht/node-id.ts";
import { toHex, toInfoHash } from "../../../source/protocol/ids.ts";
import { seededRandom } from "../../helpers/simulation.ts";

const NEAR = [{ id: toNodeId(new Uint8Array(20)), host: "192.0.2.1", port: 1 }];
const PEERS = [{ host: "192.0.2.9", port: 6881 }];

function setUp() {
  const begun: (PeerSearch & { at: number })[] = [];
  const searches = new Searches({
    random: seededRandom(7),
    search: (search, at) => begun.push({ ...search, at }),
  });
  const add = (n: number, now = 0, isHungry: () => boolean = () => false) => {
    const results: SearchResult[] = [];
    const peers: unknown[] = [];
    const infoHash = toInfoHash(Uint8Array.from({ length: 20 }, (_, i) => (i < 2 ? (n >> (8 * i)) & 255 : 0)));
    const onPeers = (more: readonly unknown[]) => peers.push(...more);
    const stop = searches.add(
      { infoHash, port: () => 6881, isHungry, onPeers, onSearched: (result) => results.push(result) },
      now,
    );
    return { stop, results, peers };
  };
  /** Lets time pass as its own clock says, each search being over at once. */
  const run = (until: number) => {
    for (let now = searches.nextTick() ?? Infinity; now <= until; now = searches.nextTick() ?? Infinity) {
      const before = begun.length;
      searches.tick(now);
      for (const search of begun.slice(before)) search.done(NEAR);
    }
  };
  return { searches, begun, add, run };
}

describe("a torrent", () => {
  it("is searched at once, and again after a quarter of an hour or so, from the nodes that were near", () => {
    const { searches, begun, add, run } = setUp();
    const { results, peers } = add(1);
    searches.tick(0);
    expect(begun).toHaveLength(1);
    expect(begun[0]).toMatchObject({ port: 6881, near: [] });
    begun[0]!.onPeers(PEERS);
    begun[0]!.done(NEAR);
    expect(peers).toEqual(PEERS);
    expect(results).toMatchObject([{ found: 1, works: true }]);
    run(10 * SEARCH_MS);
    const gaps = begun.slice(1).map(({ at }, i) => at - begun[i]!.at);
    for (const gap of gaps) expect(Math.abs(gap / SEARCH_MS - 1)).toBeLessThan(0.11);
    expect(new Set(gaps).size).toBe(gaps.length);
    expect(begun[1]!.near).toEqual(NEAR);
  });

  it("that lacks peers is searched sooner, less and less often, until it does not", () => {
    const { begun, add, run } = setUp();
    let hungry = true;
    add(1, 0, () => hungry);
    run(SEARCH_MS);
    const gaps = begun.slice(1).map(({ at }, i) => (at - begun[i]!.at) / HUNGRY_MS);
    expect(gaps.map((gap) => 2 ** Math.round(Math.log2(gap)))).toEqual([1, 2, 4, 8, 16]);
    hungry = false;
    const before = begun.length;
    run(5 * SEARCH_MS);
    expect(begun.length - before).toBeLessThan(6);
  });

  it("that is not wanted any more is not searched, and hears nothing of a search under way", () => {
    const { searches, begun, add, run } = setUp();
    const { stop, results, peers } = add(1);
    searches.tick(0);
    stop();
    begun[0]!.onPeers(PEERS);
    begun[0]!.done(NEAR);
    run(10 * SEARCH_MS);
    expect(peers).toEqual([]);
    expect(results).toEqual([]);
    expect(begun).toHaveLength(1);
    expect([searches.size, searches.running]).toEqual([0, 0]);
  });

  it("is due at once when the machine has slept", () => {
    const { searches, begun, add, run } = setUp();
    add(1);
    run(SEARCH_MS / 2);
    expect(begun).toHaveLength(1);
    searches.again(SEARCH_MS / 2);
    searches.tick(SEARCH_MS / 2);
    expect(begun).toHaveLength(2);
  });

  it("for which no node answered has failed, and is tried again", () => {
    const { searches, begun, add } = setUp();
    const { results } = add(1, 0, () => true);
    searches.tick(0);
    begun[0]!.done([]);
    expect(results).toMatchObject([{ works: false, found: 0 }]);
    expect(searches.nextTick()).toBeLessThan(1.2 * HUNGRY_MS);
  });
});

describe("many torrents", () => {
  it.each([
    [true, SEARCH_GAP_MS],
    [false, SATED_GAP_MS],
  ])("that lack peers (%s) are searched so many at once, with %d ms between their beginnings", (hungry, gapMs) => {
    const { searches, begun, add } = setUp();
    for (let i = 0; i < 10; i++) add(i, 0, () => hungry);
    for (let now = 0; now < 60_000; now += 100) searches.tick(now);
    expect(begun.map(({ at }) => at)).toEqual(Array.from({ length: MAX_SEARCHES }, (_, i) => i * gapMs));
    expect(searches.running).toBe(MAX_SEARCHES);
    expect(searches.nextTick()).toBeUndefined();
    begun[0]!.done(NEAR);
    searches.tick(60_000);
    expect(begun).toHaveLength(MAX_SEARCHES + 1);
  });

  it("of which a thousand are through in 25 minutes, and come again spread over time", () => {
    const { begun, add, run } = setUp();
    for (let i = 0; i < 1_000; i++) add(i);
    run(1_500_000);
    expect(new Set(begun.map(({ infoHash }) => toHex(infoHash))).size).toBe(1_000);
    run(3_000_000);
    const minutes = Map.groupBy(begun, ({ at }) => Math.floor(at / 60_000));
    for (const searched of minutes.values()) expect(searched.length).toBeLessThanOrEqual(41);
  });

  it("do not keep one waiting that is added and lacks peers", () => {
    const { searches, begun, add } = setUp();
    add(1);
    searches.tick(0);
    searches.tick(400);
    add(2, 450, () => true);
    expect(searches.nextTick()).toBe(SEARCH_GAP_MS);
    searches.tick(SEARCH_GAP_MS);
    expect(begun).toHaveLength(2);
    expect(searches.nextTick()).toBeUndefined();
  });

  it("let those go first that lack peers", () => {
    const { searches, begun, add } = setUp();
    for (let i = 0; i < 5; i++) add(i);
    add(300, 0, () => true);
    searches.tick(0);
    expect(begun[0]!.infoHash[1]).toBe(1);
  });
});
