// Peers that spoil, alone and in company: the faults P1 to P3 with their figures, on virtual time.
import { describe, expect, it } from "vitest";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import { Simulation, type SimulatedNode } from "../helpers/simulation.ts";
import { connectedOf, disconnects, HandSwarm } from "./support.ts";

const SEEDS = [...Array(10).keys()];

function party(seed: number, options: { honest: number; spoilers: number; spoils: number; blocksPerPiece?: number }) {
  const { honest, spoilers, spoils, blocksPerPiece = 4 } = options;
  const simulation = new Simulation({ seed, pieceCount: 200, pieceLength: blocksPerPiece * BLOCK_BYTES });
  const upBytesPerSecond = 300_000;
  for (let i = 0; i < honest; i++) simulation.add(`honest${i}`, { held: "all", upBytesPerSecond });
  for (let i = 0; i < spoilers; i++) {
    simulation.add(`spoiler${i}`, { held: "all", upBytesPerSecond, behaviour: { spoils } });
  }
  const leecher = simulation.add("leecher", { held: "nothing" });
  simulation.introduce(leecher);
  return { simulation, leecher };
}

const honestBanned = (node: SimulatedNode) => [...node.banned].filter((name) => name.startsWith("honest"));

describe("poison", () => {
  it.each(SEEDS)("P1: one of eight that spoils every block is banned after 3 bad pieces at most (seed %d)", (seed) => {
    const { simulation, leecher } = party(seed, { honest: 7, spoilers: 1, spoils: 1 });
    expect(simulation.run(120, () => leecher.isComplete)).toBe(true);
    expect([...leecher.banned]).toEqual(["spoiler0"]);
    expect(leecher.badPieces).toBeLessThanOrEqual(3);
    const { length, pieceLength } = simulation.layout;
    expect(leecher.receivedBytes).toBeLessThanOrEqual(1.05 * length + 2 * pieceLength);
  });

  it.each(SEEDS)("P2, seed %d: four of eight that spoil 5 %% of blocks cost 1.25 x at most", (seed) => {
    const { simulation, leecher } = party(seed, { honest: 4, spoilers: 4, spoils: 0.05 });
    expect(simulation.run(300, () => leecher.isComplete)).toBe(true);
    expect(honestBanned(leecher)).toEqual([]);
    expect(leecher.receivedBytes).toBeLessThanOrEqual(1.25 * simulation.layout.length);
  });

  it.each(SEEDS)(
    "is found by comparison where a piece has many senders, and nobody honest is banned (seed %d)",
    (seed) => {
      const { simulation, leecher } = party(seed, { honest: 6, spoilers: 2, spoils: 0.2, blocksPerPiece: 64 });
      expect(simulation.run(600, () => leecher.isComplete)).toBe(true);
      expect([honestBanned(leecher), leecher.banned.size]).toEqual([[], 2]);
    },
  );

  it("P3: of one alone is tried 3 times at most, and is done 10 s after an honest one comes", () => {
    const simulation = new Simulation({ seed: 22, pieceCount: 10 });
    simulation.add("spoiler", { held: "all", behaviour: { spoils: 1 } });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    simulation.run(60);
    expect(leecher.swarm.states.held.count).toBe(0);
    expect(Math.max(...leecher.badPiecesOf.values())).toBeLessThanOrEqual(3);
    simulation.add("honest", { held: "all" });
    simulation.introduce(leecher);
    expect(simulation.run(10, () => leecher.isComplete)).toBe(true);
  });

  it("is remembered of who has left: its blocks are compared, and it is banned all the same", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 2 });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.handle({ type: "peer-left", peer: 1 });
    leecher.join(2, "all");
    leecher.say(2, { type: "unchoke" });
    leecher.deliver(2, 0, 1);
    const digestOf = (bad: readonly number[]) => (block: number) => (bad.includes(block) ? "bad" : "good");
    leecher.take();
    leecher.handle({ type: "piece-verified", index: 0, ok: false, digestOf: digestOf([0]) });
    expect(leecher.requested(2)).toEqual(["0:0", "0:1"]);
    leecher.deliver(2, 0, 0);
    leecher.deliver(2, 0, 1);
    leecher.take();
    const commands = leecher.handle({ type: "piece-verified", index: 0, ok: true, digestOf: digestOf([]) });
    const bans = commands.flatMap((command) => (command.type === "ban" ? [command.address] : []));
    expect(bans).toEqual([connectedOf(1).address]);
    expect(disconnects(commands).filter(({ ban }) => ban)).toEqual([]);
  });

  it("is asked of another when who alone brings it chokes us, and rejects what it had allowed", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 2 });
    for (const key of [1, 2]) leecher.join(key, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.say(1, { type: "choke" });
    leecher.say(2, { type: "unchoke" });
    leecher.deliver(2, 0, 1);
    leecher.say(2, { type: "choke" });
    leecher.handle({ type: "piece-verified", index: 0, ok: false });
    leecher.pass(2_000);
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    expect(leecher.requested(1)).toEqual(["0:0", "0:1"]);
    leecher.say(1, { type: "allowed-fast", index: 0 });
    leecher.say(1, { type: "choke" });
    leecher.say(1, { type: "reject", index: 0, begin: 0, length: BLOCK_BYTES });
    leecher.say(1, { type: "reject", index: 0, begin: BLOCK_BYTES, length: BLOCK_BYTES });
    leecher.say(2, { type: "unchoke" });
    expect(leecher.requested(2)).toEqual(["0:0", "0:1"]);
  });

  it.each([false, true])(
    "has its sender banned by its IP address, whatever name was dialled, left already: %s",
    (isGone) => {
      const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 1 });
      const address = { host: "box.example", port: 7 };
      leecher.handle({ type: "peer-connected", ...connectedOf(1), source: "given", address, ip: "192.0.2.1" });
      leecher.say(1, { type: "have-all" });
      leecher.say(1, { type: "unchoke" });
      leecher.deliver(1, 0, 0);
      if (isGone) leecher.handle({ type: "peer-left", peer: 1 });
      const commands = leecher.handle({ type: "piece-verified", index: 0, ok: false });
      expect(commands.find(({ type }) => type === "ban")).toMatchObject({ address: { host: "192.0.2.1", port: 7 } });
      leecher.take();
      leecher.handle({ type: "candidates", addresses: [address], source: "given" });
      leecher.pass(60_000);
      expect(leecher.take().filter(({ type }) => type === "dial")).toEqual([]);
    },
  );

  it("that fails three times waits, and is fetched of who comes next", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 1 });
    for (const key of [1, 2, 3, 4]) leecher.join(key, "all");
    for (const key of [1, 2, 3]) {
      leecher.say(key, { type: "unchoke" });
      leecher.deliver(key, 0, 0);
      expect(disconnects(leecher.handle({ type: "piece-verified", index: 0, ok: false }))).toMatchObject([
        { peer: key, ban: true },
      ]);
    }
    leecher.take();
    leecher.say(4, { type: "unchoke" });
    expect(leecher.requested(4)).toEqual([]);
    leecher.pass(1_000);
    leecher.join(5, "all");
    leecher.take();
    leecher.say(5, { type: "unchoke" });
    expect(leecher.requested(5)).toEqual(["0:0"]);
    leecher.handle({ type: "peer-left", peer: 5 });
    leecher.pass(60_000);
    expect(leecher.requested(4)).toEqual(["0:0"]);
  });
});
