// What a swarm gives to whom, how little it wastes, and how it comes back when the network was gone: figures on virtual time.
import { describe, expect, it } from "vitest";
import { Simulation } from "../helpers/simulation.ts";

describe("a seed", () => {
  it.each([1, 2, 3])("shares itself among 50 peers at once within a factor of two (seed %d)", (seed) => {
    const simulation = new Simulation({ seed, pieceCount: 4_000 });
    const seeder = simulation.add("seeder", { held: "all", upBytesPerSecond: 1_000_000 });
    const leechers = Array.from({ length: 50 }, (_, n) =>
      simulation.add(`leecher${n}`, { held: "nothing", upload: false }),
    );
    for (const leecher of leechers) {
      leecher.handle({ type: "candidates", addresses: [seeder.address], source: "tracker" });
    }
    simulation.run(180);
    const received = leechers.map((node) => node.receivedBytes);
    expect(seeder.swarm.peers.size).toBe(50);
    expect(Math.min(...received)).toBeGreaterThan(1_000_000);
    expect(Math.max(...received) / Math.min(...received)).toBeLessThan(2);
  });

  it("is not held by the slow: who cannot use its turn loses it, and the fast ones get what is there", () => {
    const simulation = new Simulation({ seed: 4, pieceCount: 2_000 });
    const seeder = simulation.add("seeder", { held: "all", upBytesPerSecond: 1_000_000 });
    const nodes = Array.from({ length: 30 }, (_, n) =>
      simulation.add(`leecher${n}`, { held: "nothing", upload: false, ...(n < 15 && { disk: { writeMs: 5_000 } }) }),
    );
    for (const node of nodes) node.handle({ type: "candidates", addresses: [seeder.address], source: "tracker" });
    simulation.run(200);
    const total = nodes.reduce((sum, node) => sum + node.receivedBytes, 0);
    expect(total).toBeGreaterThan(0.9 * 200 * 1_000_000);
    expect(Math.min(...nodes.map((node) => node.receivedBytes))).toBeGreaterThan(1_000_000);
  });
});

describe("the end of a download", () => {
  it.each([...Array(20).keys()])("of seed %d wastes less than 2 %%", (seed) => {
    const simulation = new Simulation({ seed, pieceCount: 150, delayMs: 5 + 10 * (seed % 10) });
    const peers = 2 + (seed % 7);
    for (let n = 0; n < peers; n++) {
      simulation.add(`seeder${n}`, { held: "all", upBytesPerSecond: 50_000 + simulation.random() * 2_000_000 });
    }
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    expect(simulation.run(200, () => leecher.isComplete)).toBe(true);
    expect(leecher.receivedBytes).toBeLessThan(1.02 * simulation.layout.length);
  });
});

describe("the network, gone", () => {
  it.each([
    [30, 15],
    [300, 60],
  ])(
    "for %d s, is back: pieces come again within %d s, and nobody was dialled more than 20 times a second",
    (goneS, withinS) => {
      for (let seed = 0; seed < 10; seed++) {
        const simulation = new Simulation({ seed, pieceCount: 4_000, delayMs: 40 });
        for (let n = 0; n < 10; n++) simulation.add(`seeder${n}`, { held: "all", upBytesPerSecond: 50_000 });
        const leecher = simulation.add("leecher", { held: "nothing" });
        simulation.introduce(leecher);
        simulation.run(20 + seed);
        expect(leecher.swarm.states.held.count).toBeGreaterThan(0);
        simulation.loseNetwork(goneS);
        simulation.run(goneS);
        const { count } = leecher.swarm.states.held;
        expect(
          simulation.run(withinS, () => leecher.swarm.states.held.count > count),
          `seed ${seed}`,
        ).toBe(true);
        const { dials } = leecher;
        const most = Math.max(...dials.map((at) => dials.filter((other) => other >= at && other < at + 1_000).length));
        expect(most).toBeLessThanOrEqual(20);
      }
    },
  );
});
