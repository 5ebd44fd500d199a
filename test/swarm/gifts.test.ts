import { describe, expect, it } from "vitest";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import {
  GIFT_TIMEOUT_MS,
  MAX_OPEN_GIFTS,
  MAX_PARTIAL_BYTES,
  OFFER_AGAIN_MS,
  STALL_MS,
} from "../../source/swarm/limits.ts";
import { Simulation, type SimulatedNode } from "../helpers/simulation.ts";
import { disconnects, HandSwarm, pushesTo } from "./support.ts";

const blockOf = (piece: number, block: number, length = BLOCK_BYTES) =>
  ({ type: "block", piece, begin: block * BLOCK_BYTES, data: new Uint8Array(length) }) as const;

function received(node: SimulatedNode): number[] {
  return node.gifts.filter(({ direction }) => direction === "received").map(({ index }) => index);
}

/** A giver with everything and takers that ask for nothing, all connected. */
function giftParty(
  pieceCount: number,
  takers: number,
  options: { private?: boolean; behaviour?: { spoils: number } } = {},
) {
  const simulation = new Simulation({ seed: pieceCount + takers, pieceCount, lastPieceLength: 5 });
  const shared = { ...(options.private && { private: true }) };
  const giver = simulation.add("giver", {
    held: "all",
    ...shared,
    ...(options.behaviour && { behaviour: options.behaviour }),
  });
  const nodes = Array.from({ length: takers }, (_, i) =>
    simulation.add(`taker${i}`, { held: "nothing", download: false, ...shared }),
  );
  simulation.introduce(giver);
  simulation.run(1);
  return { simulation, giver, takers: nodes };
}

describe("giving", () => {
  it("gives each peer one random piece, and different peers different ones while there are enough", () => {
    const { simulation, giver, takers } = giftParty(20, 6);
    giver.handle({ type: "give", count: 1, keep: false });
    simulation.run(20);
    for (const taker of takers) expect(taker.swarm.states.held.count).toBe(1);
    expect(new Set(takers.flatMap(received)).size).toBe(6);
    expect(giver.gifts.filter(({ direction }) => direction === "given")).toHaveLength(6);
  });

  it("gives pieces twice only when there are fewer pieces than peers", () => {
    const { simulation, giver, takers } = giftParty(3, 5);
    giver.handle({ type: "give", count: 1, keep: false });
    simulation.run(20);
    const counts = [0, 1, 2].map((piece) => takers.flatMap(received).filter((index) => index === piece).length);
    expect(counts.toSorted()).toEqual([1, 2, 2]);
  });

  it("gives as many as it was told to and no more", () => {
    const { simulation, giver, takers } = giftParty(20, 2);
    giver.handle({ type: "give", count: 3, keep: false });
    simulation.run(60);
    for (const taker of takers) expect(taker.swarm.states.held.count).toBe(3);
    giver.handle({ type: "give", count: 1, keep: false });
    simulation.run(60);
    for (const taker of takers) expect(taker.swarm.states.held.count).toBe(4);
  });

  it("goes on until nobody lacks anything when it is told to keep giving, also to those that come later", () => {
    const { simulation, giver, takers } = giftParty(10, 2);
    giver.handle({ type: "give", count: 1, keep: true });
    simulation.run(60);
    const late = simulation.add("late", { held: "nothing", download: false });
    simulation.introduce(late);
    simulation.run(60);
    for (const taker of [...takers, late]) expect(taker.isComplete).toBe(true);
    expect([...giver.banned]).toEqual([]);
  });

  it("gives to a peer that downloads from it at the same time, and no block counts twice", () => {
    for (let seed = 0; seed < 20; seed++) {
      const simulation = new Simulation({ seed, pieceCount: 12, delayMs: 5 + 10 * seed });
      const giver = simulation.add("giver", { held: "all", upBytesPerSecond: 300_000 });
      const taker = simulation.add("taker", { held: "nothing" });
      simulation.introduce(taker);
      giver.handle({ type: "give", count: 1, keep: true });
      expect(
        simulation.run(120, () => taker.isComplete),
        `seed ${seed}`,
      ).toBe(true);
      expect([...taker.banned]).toEqual([]);
      expect(received(taker).length, `seed ${seed}`).toBeGreaterThan(0);
    }
  });

  it("gives to all on a line so slow that takers give pieces up, and nobody takes what is left of them for a lie", () => {
    const simulation = new Simulation({ seed: 1, pieceCount: 6, pieceLength: 4 * BLOCK_BYTES });
    const giver = simulation.add("giver", { held: "all", upBytesPerSecond: 1_500 });
    const takers = [0, 1, 2, 3].map((i) => simulation.add(`taker${i}`, { held: "nothing", download: false }));
    simulation.introduce(giver);
    giver.handle({ type: "give", count: 1, keep: true });
    expect(simulation.run(2_000, () => takers.every((taker) => taker.isComplete))).toBe(true);
    expect(takers.flatMap((taker) => [...taker.banned])).toEqual([]);
    expect(takers.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)).toBeGreaterThan(4 * 24 * BLOCK_BYTES);
  });

  it("takes back what is left of a piece that the taker gave up, that is too slow, or whose taker leaves", () => {
    const ends: readonly ((giver: HandSwarm, piece: number) => void)[] = [
      (giver, piece) => giver.push(1, { type: "finish", piece, ok: false }),
      (giver, piece) => giver.push(1, { type: "refuse", piece, why: "busy" }),
      (giver) => giver.pass(GIFT_TIMEOUT_MS + 1_000),
      (giver) => giver.speakPush(1, false),
    ];
    for (const end of ends) {
      const giver = new HandSwarm({ held: "all" });
      giver.join(1);
      const [offer] = pushesTo(1, giver.handle({ type: "give", count: 1, keep: false }));
      giver.push(1, { type: "ready", piece: offer!.piece });
      giver.take();
      end(giver, offer!.piece);
      const takenBack = giver.take().filter(({ type }) => type === "take-back-piece");
      expect(takenBack).toEqual([{ type: "take-back-piece", peer: 1, index: offer!.piece }]);
    }
  });

  it("neither gives nor takes a piece of a private torrent", () => {
    const { simulation, giver, takers } = giftParty(5, 1, { private: true });
    giver.handle({ type: "give", count: 1, keep: true });
    simulation.run(20);
    expect(takers[0]!.swarm.states.held.count).toBe(0);
    const taker = new HandSwarm({ private: true });
    taker.join(1, "all");
    taker.take();
    expect(pushesTo(1, taker.push(1, { type: "offer", piece: 0 }))).toEqual([
      { type: "refuse", piece: 0, why: "unwanted" },
    ]);
  });

  it("offers nothing that it does not hold or that the peer has", () => {
    const giver = new HandSwarm({ pieceCount: 4, held: [1, 2] });
    giver.join(1, [1]);
    giver.take();
    expect(pushesTo(1, giver.handle({ type: "give", count: 1, keep: false }))).toEqual([{ type: "offer", piece: 2 }]);
    const other = new HandSwarm({ pieceCount: 4, held: [1, 2] });
    other.join(1, [0, 1, 2]);
    expect(pushesTo(1, other.handle({ type: "give", count: 1, keep: true }))).toEqual([]);
  });

  it("sends a piece once, however often the taker says that it is ready", () => {
    const giver = new HandSwarm({ held: "all" });
    giver.join(1);
    const [offer] = pushesTo(1, giver.handle({ type: "give", count: 1, keep: false }));
    const ready = { type: "ready", piece: offer!.piece } as const;
    expect(giver.push(1, ready)).toEqual([{ type: "give-piece", peer: 1, index: offer!.piece }]);
    for (let i = 0; i < 1_000; i++) expect(giver.push(1, ready)).toEqual([]);
  });

  it("does not believe that a piece was taken that it never sent", () => {
    const giver = new HandSwarm({ held: "all" });
    giver.join(1);
    const [offer] = pushesTo(1, giver.handle({ type: "give", count: 1, keep: false }));
    const commands = giver.push(1, { type: "finish", piece: offer!.piece, ok: true });
    expect(commands.filter(({ type }) => type === "gift")).toEqual([]);
  });

  it("waits for as long as bytes leave, and forgets a taker that is silent for 30 s", () => {
    const giver = new HandSwarm({ held: "all" });
    giver.join(1);
    const [offer] = pushesTo(1, giver.handle({ type: "give", count: 1, keep: false }));
    giver.push(1, { type: "ready", piece: offer!.piece });
    giver.take();
    for (let i = 0; i < 6; i++) {
      giver.pass(20_000);
      giver.handle({ type: "block-sent", peer: 1, bytes: BLOCK_BYTES });
      giver.say(1, { type: "keep-alive" });
    }
    expect(pushesTo(1, giver.take())).toEqual([]);
    giver.pass(GIFT_TIMEOUT_MS + 2_000);
    expect(pushesTo(1, giver.take())).toHaveLength(1);
  });

  it("stops offering to a peer that wants nothing, until it is told to give again", () => {
    const giver = new HandSwarm({ pieceCount: 30, held: "all" });
    giver.join(1);
    const [offer] = pushesTo(1, giver.handle({ type: "give", count: 1, keep: true }));
    expect(pushesTo(1, giver.push(1, { type: "refuse", piece: offer!.piece, why: "full" }))).toEqual([]);
    giver.pass(10_000);
    giver.take();
    expect(pushesTo(1, giver.handle({ type: "give", count: 1, keep: true }))).toHaveLength(1);
  });

  it("offers to who refused again after two minutes while it keeps giving", () => {
    const giver = new HandSwarm({ pieceCount: 30, held: "all" });
    giver.join(1);
    for (const { piece } of pushesTo(1, giver.handle({ type: "give", count: 1, keep: true }))) {
      giver.push(1, { type: "refuse", piece, why: "full" });
    }
    giver.take();
    giver.pass(OFFER_AGAIN_MS - 1_000);
    expect(pushesTo(1, giver.take())).toEqual([]);
    giver.pass(2_000);
    expect(pushesTo(1, giver.take())).toHaveLength(MAX_OPEN_GIFTS);
  });

  it("offers another piece when one is refused, eight times at most", () => {
    const giver = new HandSwarm({ pieceCount: 30, held: "all" });
    giver.join(1);
    let offers = pushesTo(1, giver.handle({ type: "give", count: 1, keep: false }));
    const offered: number[] = [];
    while (offers.length > 0) {
      offered.push(offers[0]!.piece);
      offers = pushesTo(1, giver.push(1, { type: "refuse", piece: offers[0]!.piece, why: "have" }));
    }
    expect(offered).toHaveLength(8);
    expect(new Set(offered).size).toBe(8);
  });

  it("survives a taker that takes sta_push back in the middle", () => {
    const giver = new HandSwarm({ held: "all" });
    giver.join(1);
    const [offer] = pushesTo(1, giver.handle({ type: "give", count: 1, keep: true }));
    giver.push(1, { type: "ready", piece: offer!.piece });
    giver.speakPush(1, false);
    giver.take();
    giver.pass(GIFT_TIMEOUT_MS + 5_000);
    giver.handle({ type: "give", count: 1, keep: true });
    expect(pushesTo(1, giver.take())).toEqual([]);
  });
});

describe("taking", () => {
  it("refuses what it has, what is under way, what it does not want, and a third at once", () => {
    const taker = new HandSwarm({ pieceCount: 6, held: [0] });
    taker.join(1, "all");
    const answer = (piece: number) => pushesTo(1, taker.push(1, { type: "offer", piece }))[0];
    expect(answer(0)).toEqual({ type: "refuse", piece: 0, why: "have" });
    expect(answer(1)).toEqual({ type: "ready", piece: 1 });
    expect(answer(1)).toEqual({ type: "refuse", piece: 1, why: "busy" });
    for (let open = 1; open < MAX_OPEN_GIFTS; open++) expect(answer(open + 1)?.type).toBe("ready");
    expect(answer(5)).toEqual({ type: "refuse", piece: 5, why: "busy" });
    const full = new HandSwarm({ giftRefusal: () => "full" });
    full.join(1, "all");
    full.take();
    expect(pushesTo(1, full.push(1, { type: "offer", piece: 0 }))).toEqual([{ type: "refuse", piece: 0, why: "full" }]);
  });

  it("refuses one more than memory is kept for, however many givers offer", () => {
    const taker = new HandSwarm({ pieceCount: 8, blocksPerPiece: MAX_PARTIAL_BYTES / BLOCK_BYTES / 2 });
    const answers = [0, 1, 2, 3].map((piece) => {
      taker.join(piece + 1, "all");
      return pushesTo(piece + 1, taker.push(piece + 1, { type: "offer", piece }))[0];
    });
    expect(answers.map((answer) => answer?.type)).toEqual(["ready", "ready", "refuse", "refuse"]);
    expect(taker.swarm.states.partialBytes).toBe(MAX_PARTIAL_BYTES);
  });

  it("asks anew for each offer whether there is room for it", () => {
    let room = 1;
    const taker = new HandSwarm({ giftRefusal: () => (room-- > 0 ? undefined : "full") });
    taker.join(1, "all");
    taker.take();
    const answers = [0, 1].map((piece) => pushesTo(1, taker.push(1, { type: "offer", piece }))[0]?.type);
    expect(answers).toEqual(["ready", "refuse"]);
  });

  it("holds a piece only when it was verified, and tells the giver then", () => {
    const taker = new HandSwarm({ pieceCount: 3 });
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 2 });
    taker.push(1, blockOf(2, 0));
    expect(taker.push(1, blockOf(2, 1)).at(-1)).toEqual({ type: "verify-piece", index: 2 });
    expect(taker.swarm.states.stateOf(2)).toBe("verifying");
    const commands = taker.handle({ type: "piece-verified", index: 2, ok: true });
    expect(pushesTo(1, commands)).toEqual([{ type: "finish", piece: 2, ok: true }]);
    expect(commands).toContainEqual({ type: "gift", direction: "received", peer: 1, index: 2 });
    expect(taker.swarm.states.stateOf(2)).toBe("held");
  });

  it.each([
    ["nobody was ready for", 2, 0, BLOCK_BYTES],
    ["out of order", 0, 1, BLOCK_BYTES],
    ["too short", 0, 0, BLOCK_BYTES - 1],
    ["of a piece that is held", 1, 0, BLOCK_BYTES],
    ["of no piece", 4, 0, BLOCK_BYTES],
  ])("ends the connection at a block %s, and holds nothing", (_, piece, block, length) => {
    const taker = new HandSwarm({ held: [1] });
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    const ended = disconnects(taker.push(1, blockOf(piece, block, length)));
    expect(ended).toEqual([expect.objectContaining({ peer: 1, ban: piece < 4 })]);
    expect(taker.swarm.states.held.count).toBe(1);
    expect(taker.swarm.states.downloading.size).toBe(0);
  });

  it("takes a piece from the one it said ready to and from nobody else", () => {
    const taker = new HandSwarm();
    taker.join(1, "all");
    taker.join(2, "all");
    taker.push(1, { type: "offer", piece: 0 });
    expect(disconnects(taker.push(2, blockOf(0, 0)))[0]).toMatchObject({ peer: 2, ban: true });
    expect(taker.swarm.states.stateOf(0)).toBe("downloading");
  });

  it("bans who gives bad data", () => {
    const { simulation, giver, takers } = giftParty(5, 1, { behaviour: { spoils: 1 } });
    giver.handle({ type: "give", count: 1, keep: true });
    simulation.run(60);
    expect([...takers[0]!.banned]).toEqual(["giver"]);
    expect(takers[0]!.swarm.states.held.count).toBe(0);
    expect(takers[0]!.swarm.states.downloading.size).toBe(0);
  });

  it("frees a piece whose giver stops in the middle, within 30 s", () => {
    const taker = new HandSwarm();
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    taker.push(1, blockOf(0, 0));
    taker.take();
    taker.pass(GIFT_TIMEOUT_MS - 1_000);
    expect(taker.swarm.states.stateOf(0)).toBe("downloading");
    taker.pass(2_000);
    expect(taker.swarm.states.stateOf(0)).toBe("missing");
    const commands = taker.take();
    expect(commands).toContainEqual({ type: "discard-piece", index: 0 });
    expect(pushesTo(1, commands)).toEqual([{ type: "finish", piece: 0, ok: false }]);
  });

  it("does not ban a giver whose last blocks come after it was given up", () => {
    const taker = new HandSwarm();
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    taker.push(1, blockOf(0, 0));
    taker.pass(GIFT_TIMEOUT_MS + 2_000);
    expect(disconnects(taker.push(1, blockOf(0, 1)))).toEqual([]);
    expect(taker.swarm.states.stateOf(0)).toBe("missing");
    taker.push(1, { type: "offer", piece: 0 });
    taker.push(1, blockOf(0, 0));
    expect(taker.push(1, blockOf(0, 1)).at(-1)).toEqual({ type: "verify-piece", index: 0 });
  });

  it("takes one of the last pieces from others when its giver lets it trickle in", () => {
    const taker = new HandSwarm({ pieceCount: 1, blocksPerPiece: 64 });
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    for (let block = 0; block < 4; block++) {
      taker.push(1, blockOf(0, block));
      taker.pass(20_000);
    }
    expect(taker.swarm.states.stateOf(0)).toBe("downloading");
    taker.join(2, "all");
    taker.say(2, { type: "unchoke" });
    taker.take();
    taker.push(1, blockOf(0, 4));
    taker.pass(2_000);
    expect(taker.requested(2).length).toBeGreaterThan(0);
    expect(disconnects(taker.push(1, blockOf(0, 5)))).toEqual([]);
  });

  it("frees a piece at once when its giver leaves", () => {
    const taker = new HandSwarm();
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    taker.handle({ type: "peer-left", peer: 1 });
    expect(taker.swarm.states.stateOf(0)).toBe("missing");
  });

  it("never asks the giver for blocks of what it is giving", () => {
    const taker = new HandSwarm({ pieceCount: 2 });
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    taker.push(1, { type: "offer", piece: 1 });
    taker.take();
    taker.say(1, { type: "unchoke" });
    expect(taker.requested(1)).toEqual([]);
  });

  it("says nothing more about gifts to a giver that takes sta_push back", () => {
    const taker = new HandSwarm();
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    taker.push(1, { type: "offer", piece: 1 });
    taker.push(1, blockOf(1, 0));
    taker.push(1, blockOf(1, 1));
    taker.take();
    taker.speakPush(1, false);
    taker.handle({ type: "piece-verified", index: 1, ok: true });
    taker.pass(GIFT_TIMEOUT_MS + 2_000);
    expect(pushesTo(1, taker.take())).toEqual([]);
    expect(taker.swarm.states.stateOf(0)).toBe("missing");
    expect(taker.swarm.states.stateOf(1)).toBe("held");
  });
});

describe("a peer that gives", () => {
  it("is not stalling, whatever else it was asked for", () => {
    const taker = new HandSwarm({ pieceCount: 40, blocksPerPiece: 64 });
    taker.join(1, "all");
    taker.push(1, { type: "offer", piece: 0 });
    taker.say(1, { type: "unchoke" });
    for (let block = 0; block < 6; block++) {
      taker.pass(STALL_MS - 2_000);
      taker.push(1, blockOf(0, block));
    }
    expect(taker.swarm.peers.has(1)).toBe(true);
    taker.pass(STALL_MS + 2_000);
    expect(taker.swarm.peers.has(1)).toBe(false);
  });
});
