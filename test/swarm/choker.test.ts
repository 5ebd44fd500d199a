import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chargeTurns, chooseTurns, chooseUnchoked } from "../../source/swarm/choker.ts";
import { seededRandom } from "../helpers/simulation.ts";

const peer = (key: number, bytesPerSecond: number) => ({ key, bytesPerSecond });
const options = { slots: 2, previous: undefined, random: seededRandom(1) };

describe("choking", () => {
  it("unchokes the fastest and one more", () => {
    const choice = chooseUnchoked([peer(1, 10), peer(2, 30), peer(3, 20), peer(4, 5)], options);
    expect(choice.unchoked).toContain(2);
    expect(choice.unchoked).toContain(3);
    expect(choice.unchoked.size).toBe(3);
    expect([1, 4]).toContain(choice.optimistic);
  });

  it("keeps the optimistic peer while it has earned no slot of its own", () => {
    const peers = [peer(1, 50), peer(2, 40), ...Array.from({ length: 20 }, (_, i) => peer(10 + i, 1))];
    for (let seed = 0; seed < 20; seed++) {
      const choice = chooseUnchoked(peers, { slots: 2, previous: 17, random: seededRandom(seed) });
      expect(choice.optimistic).toBe(17);
    }
    const earned = chooseUnchoked([...peers, peer(99, 100)], { slots: 2, previous: 99, random: seededRandom(1) });
    expect(earned.optimistic).not.toBe(99);
    expect(earned.unchoked).toContain(99);
  });

  it("never has more than the slots and one, and never leaves one free that somebody wants", () => {
    const peers = fc.uniqueArray(fc.record({ key: fc.nat(1_000), bytesPerSecond: fc.nat(5) }), {
      selector: ({ key }) => key,
    });
    fc.assert(
      fc.property(peers, fc.nat(10), fc.nat(), (all, slots, seed) => {
        const { unchoked } = chooseUnchoked(all, { slots, previous: undefined, random: seededRandom(seed) });
        expect(unchoked.size).toBe(Math.min(all.length, slots + 1));
        const slowest = all.filter(({ key }) => !unchoked.has(key)).map((one) => one.bytesPerSecond);
        const faster = all.filter(({ bytesPerSecond }) => bytesPerSecond > Math.max(...slowest, -1));
        if (slowest.length > 0) for (const { key } of faster.slice(0, slots)) expect(unchoked).toContain(key);
      }),
    );
  });
});

describe("a seed's turns", () => {
  it("go to those that had least, ties in random order", () => {
    const peers = [50, 10, 30, 20, 40].map((hadBytes, key) => ({ key, hadBytes }));
    expect([...chooseTurns(peers, { slots: 2, random: seededRandom(1) })].toSorted()).toEqual([1, 3]);
    const ties = Array.from({ length: 10 }, (_, key) => ({ key, hadBytes: 0 }));
    const first = (seed: number) => [...chooseTurns(ties, { slots: 1, random: seededRandom(seed) })][0];
    expect(new Set(Array.from({ length: 50 }, (_, seed) => first(seed))).size).toBeGreaterThan(5);
  });

  it("cost what was taken, and the mean at least: else the slow would keep them", () => {
    const slow = { amChoking: false, tookBytes: 0, hadBytes: 5 };
    const fast = { amChoking: false, tookBytes: 100, hadBytes: 5 };
    const choked = { amChoking: true, tookBytes: 7, hadBytes: 5 };
    chargeTurns([slow, fast, choked]);
    expect([slow.hadBytes, fast.hadBytes, choked.hadBytes]).toEqual([55, 105, 12]);
  });
});
