// What is wanted, in which order, and what peers may want of us: priorities, the order of the file, BEP 6 and BEP 21.
import { describe, expect, it } from "vitest";
import { allowedFastSet } from "../../source/metainfo/allowed-fast-set.ts";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import {
  ALLOWED_FAST_PIECES,
  INITIAL_WINDOW,
  MAX_ALLOWED_FAST,
  MAX_CHOKED_REQUESTS,
  MAX_SUGGESTED,
  UPLOAD_SLOTS,
} from "../../source/swarm/limits.ts";
import { Simulation } from "../helpers/simulation.ts";
import { connectedOf, disconnects, HandSwarm, INFO_HASH } from "./support.ts";

const typesTo = (key: number, on: HandSwarm) =>
  on.take().flatMap((command) => (command.type === "send" && command.peer === key ? [command.message.type] : []));

describe("priorities", () => {
  it("leave pieces out: it is completed when all others are held, and says that it only uploads", () => {
    const simulation = new Simulation({ seed: 1, pieceCount: 20 });
    const seeder = simulation.add("seeder", { held: "all" });
    const leecher = simulation.add("leecher", { held: "nothing" });
    const priorities = Uint8Array.from({ length: 20 }, (_, index) => (index < 5 ? 1 : 0));
    leecher.handle({ type: "set-wanted", priorities, sequential: false });
    simulation.introduce(leecher);
    expect(simulation.run(10, () => leecher.completedAt !== undefined)).toBe(true);
    simulation.run(5);
    expect([...leecher.swarm.states.held.held()]).toEqual([0, 1, 2, 3, 4]);
    expect(seeder.disconnects.concat(leecher.disconnects)[0]?.reason).toContain("neither wants");
    // More is wanted: the peers that were let go are found again.
    leecher.handle({ type: "set-wanted", priorities: new Uint8Array(20).fill(1), sequential: false });
    expect(simulation.run(10, () => leecher.isComplete)).toBe(true);
  });

  it("tell who has nothing of what is wanted that we are not interested, and take that back", () => {
    const leecher = new HandSwarm({ pieceCount: 4 });
    leecher.join(1, [0, 1]);
    leecher.take();
    leecher.handle({ type: "set-wanted", priorities: Uint8Array.of(0, 0, 1, 1), sequential: false });
    expect(typesTo(1, leecher)).toEqual(["not-interested"]);
    leecher.say(1, { type: "have", index: 2 });
    expect(typesTo(1, leecher)).toEqual(["interested"]);
    leecher.handle({ type: "set-wanted", priorities: Uint8Array.of(1, 0, 0, 0), sequential: false });
    expect([leecher.swarm.peers.get(1)!.wanted, typesTo(1, leecher)]).toEqual([1, []]);
  });

  it("cancel and throw away what is under way and not wanted any more", () => {
    const leecher = new HandSwarm({ pieceCount: 2 });
    leecher.join(1, [0]);
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.take();
    const commands = leecher.handle({ type: "set-wanted", priorities: Uint8Array.of(0, 1), sequential: false });
    expect(commands).toContainEqual({ type: "discard-piece", index: 0 });
    expect(commands).toContainEqual(expect.objectContaining({ message: expect.objectContaining({ type: "cancel" }) }));
    expect(leecher.swarm.states.stateOf(0)).toBe("missing");
    expect(leecher.swarm.peers.get(1)!.requests.outstanding.size).toBe(0);
    // What was on its way is no offence.
    leecher.deliver(1, 0, 1);
    expect(leecher.swarm.peers.get(1)!.unexplainedBlocks).toBe(0);
  });

  it("ask for what comes first before all others, rarest first among them", () => {
    for (const sequential of [false, true]) {
      const leecher = new HandSwarm({ pieceCount: 100, blocksPerPiece: 4 });
      const priorities = Uint8Array.from({ length: 100 }, (_, index) => (index >= 90 ? 2 : 1));
      leecher.handle({ type: "set-wanted", priorities, sequential });
      leecher.join(1, "all");
      leecher.take();
      leecher.say(1, { type: "unchoke" });
      const pieces = [...new Set(leecher.requested(1).map((name) => Number(name.split(":")[0])))];
      expect(pieces.slice(0, 10).toSorted((a, b) => a - b)).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
      if (sequential) expect(pieces.slice(10)).toEqual([0, 1, 2, 3, 4, 5]);
    }
  });

  it("of a download in the order of the file bring it in that order, of several peers too", () => {
    const simulation = new Simulation({ seed: 3, pieceCount: 200 });
    for (const name of ["one", "two"]) simulation.add(name, { held: "all", upBytesPerSecond: 500_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    leecher.handle({ type: "set-wanted", priorities: new Uint8Array(200).fill(1), sequential: true });
    simulation.introduce(leecher);
    while (!leecher.isComplete) {
      simulation.run(1);
      const { held } = leecher.swarm.states;
      const [gap] = held.missing();
      // Behind the first gap there is no more than what is asked for at once of two peers.
      if (gap !== undefined) expect(held.count - gap).toBeLessThan(100);
    }
    expect(leecher.receivedBytes).toBeLessThan(1.02 * simulation.layout.length);
  });

  it("complete a transfer that is paused, too", () => {
    const holder = new HandSwarm({ pieceCount: 2, held: [0] });
    holder.handle({ type: "set-active", download: false, upload: false });
    const narrow = { type: "set-wanted", priorities: Uint8Array.of(1, 0), sequential: false } as const;
    expect(holder.handle(narrow)).toEqual([{ type: "completed" }]);
    expect(holder.swarm.isDone).toBe(true);
    expect(holder.handle(narrow)).toEqual([]);
  });
});

describe("a peer that only uploads (BEP 21)", () => {
  const uploadOnly = (value: boolean) =>
    ({ type: "extended-handshake", handshake: { extensions: new Map(), uploadOnly: value } }) as const;

  it("is let go when we want nothing either, and kept while we do", () => {
    const leecher = new HandSwarm({ pieceCount: 2 });
    leecher.join(1, [0]);
    leecher.say(1, uploadOnly(true));
    expect(leecher.swarm.peers.has(1)).toBe(true);
    const seeder = new HandSwarm({ held: "all" });
    seeder.join(1, [0]);
    seeder.say(1, uploadOnly(false));
    expect(seeder.swarm.peers.has(1)).toBe(true);
    expect(disconnects(seeder.say(1, uploadOnly(true)))).toMatchObject([
      { reason: expect.stringContaining("neither") },
    ]);
  });

  it("hears of us that we want nothing more, when that is so", () => {
    const leecher = new HandSwarm({ pieceCount: 2, blocksPerPiece: 1 });
    leecher.join(1, "all");
    leecher.join(2);
    leecher.handle({ type: "set-wanted", priorities: Uint8Array.of(1, 0), sequential: false });
    const said = (key: number) =>
      leecher
        .take()
        .flatMap((command) =>
          command.type === "send" && command.peer === key && command.message.type === "extended-handshake"
            ? [command.message.handshake.uploadOnly]
            : [],
        );
    expect(said(2)).toEqual([false]);
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.handle({ type: "piece-verified", index: 0, ok: true });
    expect(said(2)).toEqual([true]);
    leecher.handle({ type: "set-wanted", priorities: Uint8Array.of(1, 1), sequential: false });
    expect(said(2)).toEqual([false]);
  });

  it("is not dialled again before we want something", () => {
    const seeder = new HandSwarm({ held: [0, 1, 2] });
    seeder.handle({ type: "set-wanted", priorities: Uint8Array.of(1, 1, 1, 0), sequential: false });
    const { address } = connectedOf(1);
    seeder.handle({ type: "candidates", addresses: [address], source: "tracker" });
    seeder.take();
    seeder.join(1, "all", "tracker");
    expect(seeder.swarm.peers.size).toBe(0);
    seeder.take();
    seeder.pass(600_000);
    expect(seeder.take().filter(({ type }) => type === "dial")).toEqual([]);
    const priorities = Uint8Array.of(1, 1, 1, 1);
    const commands = seeder.handle({ type: "set-wanted", priorities, sequential: false });
    seeder.pass(2_000);
    expect([...commands, ...seeder.take()]).toContainEqual({ type: "dial", address, source: "tracker" });
  });
});

describe("pieces that a peer allows while it chokes us (BEP 6)", () => {
  it("are asked for, and no others", () => {
    const leecher = new HandSwarm({ pieceCount: 10 });
    leecher.join(1, "all");
    leecher.take();
    leecher.say(1, { type: "allowed-fast", index: 7 });
    expect(leecher.requested(1)).toEqual(["7:0", "7:1"]);
    leecher.deliver(1, 7, 0);
    expect(leecher.requested(1)).toEqual([]);
    expect(leecher.deliver(1, 7, 1).some(({ type }) => type === "verify-piece")).toBe(true);
  });

  it("are not asked for of who has not got them, nor when we have", () => {
    const leecher = new HandSwarm({ pieceCount: 4, held: [0] });
    leecher.join(1, [0, 1]);
    leecher.take();
    for (const index of [0, 2]) leecher.say(1, { type: "allowed-fast", index });
    expect(leecher.requested(1)).toEqual([]);
    leecher.say(1, { type: "have", index: 2 });
    expect(leecher.requested(1)).toEqual(["2:0", "2:1"]);
  });

  it("stay asked for when it chokes us, and are let be when it rejects them", () => {
    const leecher = new HandSwarm({ pieceCount: 2 });
    leecher.join(1, "all");
    leecher.say(1, { type: "allowed-fast", index: 1 });
    leecher.say(1, { type: "unchoke" });
    leecher.say(1, { type: "choke" });
    leecher.take();
    const { requests } = leecher.swarm.peers.get(1)!;
    expect(requests.outstanding.size).toBe(2);
    for (const block of [0, 1]) {
      leecher.say(1, { type: "reject", index: 1, begin: block * BLOCK_BYTES, length: BLOCK_BYTES });
    }
    leecher.pass(10_000);
    expect([leecher.requested(1), requests.outstanding.size]).toEqual([[], 0]);
    expect(leecher.swarm.peers.has(1)).toBe(true);
  });

  it("are remembered up to 64, and suggestions up to 16, the newest", () => {
    const leecher = new HandSwarm({ pieceCount: 200 });
    leecher.join(1);
    for (let index = 0; index < 200; index++) {
      leecher.say(1, { type: "allowed-fast", index });
      leecher.say(1, { type: "suggest", index });
    }
    const { allowedFast, suggested } = leecher.swarm.peers.get(1)!.requests;
    expect([allowedFast.size, suggested.size]).toEqual([MAX_ALLOWED_FAST, MAX_SUGGESTED]);
    expect([allowedFast.has(199), allowedFast.has(199 - MAX_ALLOWED_FAST), suggested.has(199)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("and those that it suggests come before the rarest", () => {
    const leecher = new HandSwarm({ pieceCount: 100 });
    leecher.join(1, "all");
    for (const index of [42, 17]) leecher.say(1, { type: "suggest", index });
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    expect(leecher.requested(1).slice(0, 4)).toEqual(["42:0", "42:1", "17:0", "17:1"]);
  });

  it("but not before what a person wants first, or in order", () => {
    const first = new HandSwarm({ pieceCount: 100 });
    const priorities = new Uint8Array(100).fill(1);
    priorities[3] = 2;
    first.handle({ type: "set-wanted", priorities, sequential: false });
    first.join(1, "all");
    for (const index of [42, 3]) first.say(1, { type: "suggest", index });
    first.take();
    first.say(1, { type: "unchoke" });
    expect(first.requested(1).slice(0, 4)).toEqual(["3:0", "3:1", "42:0", "42:1"]);
    const inOrder = new HandSwarm({ pieceCount: 100 });
    inOrder.handle({ type: "set-wanted", priorities: priorities.fill(1), sequential: true });
    inOrder.join(1, "all");
    inOrder.say(1, { type: "suggest", index: 42 });
    inOrder.take();
    inOrder.say(1, { type: "unchoke" });
    expect(inOrder.requested(1).slice(0, 4)).toEqual(["0:0", "0:1", "1:0", "1:1"]);
  });

  it("and a web server is asked for pieces that lie behind one another, as far as they are missing", () => {
    const leecher = new HandSwarm({ pieceCount: 100, held: [50] });
    leecher.join(1, "all", "web");
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    const pieces = [...new Set(leecher.requested(1).map((block) => Number.parseInt(block, 10)))];
    expect(pieces.length).toBe(INITIAL_WINDOW / 2);
    const jumps = pieces.filter((index, i) => i > 0 && index !== pieces[i - 1]! + 1);
    // Where the torrent ends, and before what is held.
    expect(jumps.length).toBeLessThanOrEqual(2);
    expect(pieces).not.toContain(50);
  });
});

describe("pieces that we allow a choked peer (BEP 6)", () => {
  const PIECES = 1_000;
  const late = UPLOAD_SLOTS + 2;
  const setOf = (key: number) =>
    allowedFastSet({
      host: connectedOf(key).address.host,
      infoHash: INFO_HASH,
      pieceCount: PIECES,
      count: ALLOWED_FAST_PIECES,
    });

  /** Nine peers have the slots, a tenth waits for one. */
  function crowd(held: "all" | readonly number[] = "all", latePieces: readonly number[] = []) {
    const seeder = new HandSwarm({ pieceCount: PIECES, held });
    for (let key = 1; key < late; key++) {
      seeder.join(key);
      seeder.say(key, { type: "interested" });
    }
    seeder.join(late, latePieces);
    seeder.take();
    seeder.say(late, { type: "interested" });
    const allowed = seeder
      .take()
      .flatMap((command) =>
        command.type === "send" && command.message.type === "allowed-fast"
          ? [[command.peer, command.message.index]]
          : [],
      );
    return { seeder, allowed };
  }

  it("are those of BEP 6, told to who waits for a slot, once", () => {
    const { seeder, allowed } = crowd();
    expect(allowed).toEqual(setOf(late).map((index) => [late, index]));
    seeder.say(late, { type: "not-interested" });
    seeder.say(late, { type: "interested" });
    expect(typesTo(late, seeder)).toEqual([]);
  });

  it("are those that we hold and it lacks, none for who has ten pieces, and none that a neighbour has been allowed", () => {
    const set = setOf(late);
    expect(crowd(set.slice(0, 3), set.slice(0, 1)).allowed.map(([, index]) => index)).toEqual(set.slice(1, 3));
    const ten = [...Array(ALLOWED_FAST_PIECES).keys()];
    expect(crowd("all", ten).allowed).toEqual([]);
    expect(crowd("all", ten.slice(1)).allowed.length).toBeGreaterThan(0);
    const { seeder } = crowd();
    seeder.join(late + 1);
    seeder.take();
    seeder.say(late + 1, { type: "interested" });
    expect(typesTo(late + 1, seeder)).toEqual([]);
    seeder.handle({ type: "peer-left", peer: late });
    seeder.join(late + 2);
    seeder.take();
    seeder.say(late + 2, { type: "interested" });
    expect(typesTo(late + 2, seeder)).toContain("allowed-fast");
  });

  it("are served while it is choked, each block once; any other request is rejected", () => {
    const { seeder } = crowd();
    const [index] = setOf(late) as [number];
    const ask = (piece: number, block: number) =>
      seeder.say(late, { type: "request", index: piece, begin: block * BLOCK_BYTES, length: BLOCK_BYTES });
    ask(index, 0);
    ask(index, 1);
    expect(seeder.swarm.takeUploads(late, 1e9)).toHaveLength(2);
    expect(ask(index, 0)).toMatchObject([{ message: { type: "reject" } }]);
    const other = [...Array(PIECES).keys()].find((piece) => !setOf(late).includes(piece))!;
    expect(ask(other, 0)).toMatchObject([{ message: { type: "reject" } }]);
    expect(seeder.swarm.takeUploads(late, 1e9)).toEqual([]);
  });

  it.each([
    [MAX_CHOKED_REQUESTS - 1, 0],
    [MAX_CHOKED_REQUESTS, 0],
    [MAX_CHOKED_REQUESTS + 1, 1],
  ])("do not excuse %d requests while it is choked: dropped %d", (requests, dropped) => {
    const { seeder } = crowd();
    for (let n = 0; n < requests; n++) {
      seeder.say(late, { type: "request", index: 0, begin: 0, length: BLOCK_BYTES });
    }
    expect(disconnects(seeder.take())).toHaveLength(dropped);
  });
});
