import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseUnchoked } from "../../source/swarm/choker.ts";
import { seededRandom } from "../helpers/simulation.ts";

const peer = (key: number, bytesPerSecond: number, peerInterested = true) => ({ key, bytesPerSecond, peerInterested });
const options = { slots: 2, previous: undefined, random: seededRandom(1) };

describe("choking", () => {
  it("unchokes the fastest and one more", () => {
    const choice = chooseUnchoked([peer(1, 10), peer(2, 30), peer(3, 20), peer(4, 5)], options);
    expect(choice.unchoked).toContain(2);
    expect(choice.unchoked).toContain(3);
    expect(choice.unchoked.size).toBe(3);
    expect([1, 4]).toContain(choice.optimistic);
  });

  it("gives no slot to who wants nothing, however fast it is", () => {
    const choice = chooseUnchoked([peer(1, 1_000, false), peer(2, 0)], options);
    expect([...choice.unchoked]).toEqual([2]);
    expect(choice.optimistic).toBeUndefined();
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
    const peers = fc.uniqueArray(
      fc.record({ key: fc.nat(1_000), bytesPerSecond: fc.nat(5), peerInterested: fc.boolean() }),
      {
        selector: ({ key }) => key,
      },
    );
    fc.assert(
      fc.property(peers, fc.nat(10), fc.nat(), (all, slots, seed) => {
        const { unchoked } = chooseUnchoked(all, { slots, previous: undefined, random: seededRandom(seed) });
        const interested = all.filter(({ peerInterested }) => peerInterested);
        expect(unchoked.size).toBe(Math.min(interested.length, slots + 1));
        const slowest = interested.filter(({ key }) => !unchoked.has(key)).map((one) => one.bytesPerSecond);
        const faster = interested.filter(({ bytesPerSecond }) => bytesPerSecond > Math.max(...slowest, -1));
        if (slowest.length > 0) for (const { key } of faster.slice(0, slots)) expect(unchoked).toContain(key);
      }),
    );
  });
});
