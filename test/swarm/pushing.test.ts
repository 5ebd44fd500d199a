// What giving is good for, in figures: `npm run simulate -- --push` prints them.
import { describe, expect, it } from "vitest";
import { runPushRace } from "../helpers/push-race.ts";
import { Simulation } from "../helpers/simulation.ts";
import { connectedOf, disconnects, HandSwarm, pushesTo } from "./support.ts";
import { MAX_REFUSED_OFFERS } from "../../source/swarm/limits.ts";

/** 25 MiB at 1 MB/s. */
const SECONDS_OF_THE_SEEDER = 26.2;

describe("a fresh file of one slow seeder", () => {
  it.each([1, 4, 16])(
    "is whole on %d peers that pull it no later when it is pushed too, and 1 %% comes twice at most",
    (peers) => {
      for (let seed = 1; seed <= 3; seed++) {
        const pulled = runPushRace({ peers, seed, way: "pulled" });
        const pushed = runPushRace({ peers, seed, way: "pulled and pushed" });
        expect([pulled.done, pushed.done]).toEqual([true, true]);
        expect(pushed.seconds).toBeLessThanOrEqual(pulled.seconds);
        expect(pushed.seconds).toBeLessThan(1.4 * SECONDS_OF_THE_SEEDER);
        expect(pushed.twice).toBeLessThan(0.01);
        expect(pulled.twice).toBeLessThan(0.01);
      }
    },
  );

  it.each([1, 4, 16])(
    "takes the seeder %d times as long when peers that ask for nothing are given it, each byte once",
    (peers) => {
      const { seconds, twice, done } = runPushRace({ peers, seed: 1, way: "pushed" });
      expect([done, twice]).toEqual([true, 0]);
      expect(seconds / (peers * SECONDS_OF_THE_SEEDER)).toBeGreaterThan(0.99);
      expect(seconds / (peers * SECONDS_OF_THE_SEEDER)).toBeLessThan(1.02);
    },
  );
});

describe("a campaign", () => {
  /** A giver of 40 pieces, slow enough that giving all takes half a minute, and takers that ask for nothing. */
  function giveTo(takers: number) {
    const simulation = new Simulation({ seed: takers, pieceCount: 40 });
    const giver = simulation.add("giver", { held: "all", upBytesPerSecond: 100_000 });
    const nodes = Array.from({ length: takers }, (_, n) =>
      simulation.add(`taker${n}`, { held: "nothing", download: false }),
    );
    simulation.introduce(giver);
    simulation.run(1);
    return { simulation, giver, takers: nodes };
  }

  it("ends when it is told to: what is under way arrives, and nothing more is offered", () => {
    const { simulation, giver, takers } = giveTo(2);
    giver.handle({ type: "give", count: 1, keep: true });
    simulation.run(5);
    giver.handle({ type: "stop-giving" });
    expect(giver.swarm.campaign).toBeUndefined();
    const before = takers.map((node) => node.swarm.states.held.count);
    simulation.run(60);
    for (const [n, node] of takers.entries()) {
      expect(node.swarm.states.held.count - before[n]!).toBeLessThanOrEqual(2);
      expect(node.swarm.states.downloading.size).toBe(0);
    }
  });

  it("goes on after a reconnect with as many pieces as were left", () => {
    const { simulation, giver, takers } = giveTo(1);
    giver.handle({ type: "give", count: 6, keep: false });
    const [taker] = takers;
    simulation.run(60, () => taker!.swarm.states.held.count === 3);
    // Late enough that nobody new is given anything.
    simulation.run(0.1);
    const [key] = giver.swarm.peers.keys();
    giver.unlink(key!);
    giver.handle({ type: "peer-left", peer: key! });
    simulation.run(120);
    expect(taker!.swarm.states.held.count).toBe(6);
  });

  it("gives no piece to a second taker while another one was given to nobody", () => {
    const { simulation, giver, takers } = giveTo(4);
    giver.handle({ type: "give", count: 1, keep: true });
    simulation.run(600, () => giver.gifts.length === 40);
    expect(new Set(giver.gifts.map(({ index }) => index)).size).toBe(40);
    expect(simulation.run(600, () => takers.every((node) => node.isComplete))).toBe(true);
  });

  it("is handed on to the swarm that comes after a check", () => {
    const giver = new HandSwarm({ held: "all" });
    giver.handle({ type: "give", count: 1, keep: true });
    const next = new HandSwarm({ held: "all", campaign: giver.swarm.campaign });
    next.handle({ type: "peer-connected", ...connectedOf(1) });
    expect(pushesTo(1, next.speakPush(1, true))).toHaveLength(2);
  });
});

describe("offers without end", () => {
  it.each([
    [MAX_REFUSED_OFFERS - 1, 0],
    [MAX_REFUSED_OFFERS, 0],
    [MAX_REFUSED_OFFERS + 1, 1],
  ])("are borne %d times a minute, each refused; dropped: %d", (offers, dropped) => {
    const taker = new HandSwarm({ held: [0] });
    taker.join(1, "all");
    taker.take();
    for (let n = 0; n < offers; n++) taker.push(1, { type: "offer", piece: 0 });
    const commands = taker.take();
    expect(pushesTo(1, commands)).toHaveLength(Math.min(offers, MAX_REFUSED_OFFERS + 1 - dropped));
    expect(disconnects(commands)).toHaveLength(dropped);
    if (dropped > 0) return;
    taker.pass(61_000);
    for (let n = 0; n < MAX_REFUSED_OFFERS; n++) taker.push(1, { type: "offer", piece: 0 });
    expect(disconnects(taker.take())).toEqual([]);
  });

  it("of a piece that is off are unwanted, whoever gives", () => {
    const taker = new HandSwarm({ pieceCount: 2 });
    taker.handle({ type: "set-wanted", priorities: Uint8Array.of(0, 1), sequential: false });
    taker.join(1, "all");
    expect(pushesTo(1, taker.push(1, { type: "offer", piece: 0 }))).toEqual([
      { type: "refuse", piece: 0, why: "unwanted" },
    ]);
    expect(pushesTo(1, taker.push(1, { type: "offer", piece: 1 }))).toEqual([{ type: "ready", piece: 1 }]);
  });
});
