import { describe, expect, it } from "vitest";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import {
  INITIAL_WINDOW,
  MAX_DROPPED,
  MAX_PARTIAL_BYTES,
  MAX_UNEXPLAINED_BLOCKS,
  REASK_MS,
  MAX_WINDOW,
  NEAR_MS,
  NEAR_WINDOW,
  SNUB_MS,
  STALL_MS,
} from "../../source/swarm/limits.ts";
import { disconnects, HandSwarm } from "./support.ts";

describe("requests", () => {
  it("fill the window at the unchoke, whole pieces one after the other", () => {
    const leecher = new HandSwarm({ pieceCount: 100, blocksPerPiece: 4 });
    leecher.join(1, "all");
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    const asked = leecher.requested(1);
    expect(asked).toHaveLength(INITIAL_WINDOW);
    expect(new Set(asked).size).toBe(INITIAL_WINDOW);
    for (let i = 0; i < asked.length; i += 4) {
      const [index] = asked[i]!.split(":");
      expect(asked.slice(i, i + 4)).toEqual([0, 1, 2, 3].map((block) => `${index}:${block}`));
    }
  });

  it("never exceed what the peer says it queues", () => {
    const leecher = new HandSwarm({ pieceCount: 100 });
    leecher.join(1, "all");
    leecher.say(1, {
      type: "extended-handshake",
      handshake: { extensions: new Map(), client: "few", requestQueue: 5 },
    });
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    expect(leecher.requested(1)).toHaveLength(5);
  });

  it("go out again in batches, once half of the window is free", () => {
    const leecher = new HandSwarm({ pieceCount: 200, blocksPerPiece: 1 });
    leecher.join(1, "all");
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    const asked = leecher.requested(1);
    for (const name of asked.slice(0, INITIAL_WINDOW / 4)) leecher.deliver(1, Number(name.split(":")[0]), 0);
    expect(leecher.requested(1)).toEqual([]);
    for (const name of asked.slice(INITIAL_WINDOW / 4)) leecher.deliver(1, Number(name.split(":")[0]), 0);
    expect(leecher.requested(1).length).toBeGreaterThan(INITIAL_WINDOW / 2);
  });

  it.each([
    [0.5, NEAR_WINDOW],
    [NEAR_MS, NEAR_WINDOW],
    [NEAR_MS + 1, MAX_WINDOW],
  ])("of a peer whose quickest answer takes %d ms are %d at most", (answerMs, most) => {
    const leecher = new HandSwarm({ pieceCount: 10_000, blocksPerPiece: 1 });
    leecher.join(1, "all");
    leecher.say(1, {
      type: "extended-handshake",
      handshake: { extensions: new Map(), client: "many", requestQueue: 2_000 },
    });
    leecher.say(1, { type: "unchoke" });
    const { requests } = leecher.swarm.peers.get(1)!;
    let outstanding = 0;
    for (let round = 0; round < 12; round++) {
      leecher.now += answerMs;
      const asked = [...requests.outstanding];
      for (const name of asked) leecher.deliver(1, name / 16_384, 0);
      outstanding = Math.max(outstanding, requests.outstanding.size);
    }
    expect(outstanding).toBe(most);
  });

  it("of a peer that chokes go to another, which goes on where it stopped", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 4 });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.join(2, "all");
    leecher.take();
    leecher.say(1, { type: "choke" });
    leecher.say(2, { type: "unchoke" });
    expect(leecher.requested(2)).toEqual(["0:1", "0:2", "0:3"]);
  });

  it("of a large piece that nobody here has any more do not keep other pieces from being asked for", () => {
    const leecher = new HandSwarm({ pieceCount: 3, blocksPerPiece: MAX_PARTIAL_BYTES / BLOCK_BYTES });
    leecher.join(1, [0]);
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.join(2, [0, 1]);
    leecher.handle({ type: "peer-left", peer: 1 });
    leecher.take();
    leecher.say(2, { type: "unchoke" });
    expect(new Set(leecher.requested(2).map((name) => name.split(":")[0]))).toEqual(new Set(["0"]));
    leecher.join(3, [1, 2]);
    leecher.handle({ type: "peer-left", peer: 2 });
    leecher.say(3, { type: "unchoke" });
    expect(leecher.requested(3).length).toBeGreaterThan(0);
    expect(leecher.swarm.states.stateOf(0)).toBe("missing");
    expect(leecher.swarm.states.partialBytes).toBe(MAX_PARTIAL_BYTES);
  });

  it("of a slow peer are asked of a fast one at the end of what is here, though nobody has the rest", () => {
    const leecher = new HandSwarm({ pieceCount: 3, blocksPerPiece: 32 });
    for (const key of [1, 2]) {
      leecher.join(key, [0, 1]);
      leecher.say(key, {
        type: "extended-handshake",
        handshake: { extensions: new Map(), client: "few", requestQueue: 32 },
      });
    }
    leecher.say(1, { type: "unchoke" });
    const slow = [...leecher.swarm.states.downloading.keys()][0]!;
    leecher.say(2, { type: "unchoke" });
    leecher.take();
    for (let block = 0; block < 32; block++) {
      leecher.pass(100);
      leecher.deliver(2, 1 - slow, block);
    }
    leecher.pass(5_000);
    expect(leecher.requested(2)[0]?.startsWith(`${slow}:`)).toBe(true);
  });

  it("that were released may still be answered: the block counts, and is no offence", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 4 });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.say(1, { type: "choke" });
    for (let block = 0; block < 4; block++) leecher.deliver(1, 0, block);
    expect(leecher.swarm.states.stateOf(0)).toBe("verifying");
    expect(leecher.swarm.peers.get(1)?.unexplainedBlocks).toBe(0);
  });

  it("of a peer that sends nothing for 20 s go to others, and after 30 s it is dropped", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 4 });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.join(2, "all");
    leecher.say(2, { type: "unchoke" });
    leecher.take();
    leecher.pass(SNUB_MS + 2_000);
    expect(leecher.swarm.peers.get(1)?.requests.snubbed).toBe(true);
    leecher.say(1, { type: "keep-alive" });
    leecher.pass(STALL_MS - SNUB_MS);
    expect(leecher.swarm.peers.has(1)).toBe(false);
  });

  it("that are rejected are asked of others, and who rejects for 30 s is dropped", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 1 });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    for (let second = 0; second < 32 && leecher.swarm.peers.has(1); second++) {
      leecher.say(1, { type: "reject", index: 0, begin: 0, length: BLOCK_BYTES });
      leecher.pass(1_000);
    }
    expect(leecher.swarm.peers.has(1)).toBe(false);
  });

  it("are not mixed up by a reject whose offset points into another piece", () => {
    const leecher = new HandSwarm({ pieceCount: 2, blocksPerPiece: 1 });
    leecher.join(1, "all");
    leecher.take();
    leecher.say(1, { type: "unchoke" });
    expect(leecher.requested(1)).toHaveLength(2);
    leecher.say(1, { type: "reject", index: 0, begin: 16_384 * BLOCK_BYTES, length: BLOCK_BYTES });
    leecher.say(1, { type: "reject", index: 0, begin: 1, length: BLOCK_BYTES });
    expect(leecher.swarm.peers.get(1)?.requests.outstanding.size).toBe(2);
  });

  it("that were given up are remembered within a bound, also when a peer chokes again and again", () => {
    const leecher = new HandSwarm({ pieceCount: 2_000, blocksPerPiece: 1 });
    leecher.join(1, "all");
    for (let i = 0; i < 60; i++) {
      leecher.say(1, { type: "unchoke" });
      for (const name of leecher.requested(1).slice(0, 40)) leecher.deliver(1, Number(name.split(":")[0]), 0);
      leecher.say(1, { type: "choke" });
      leecher.now += 2_000;
    }
    expect(leecher.swarm.peers.has(1)).toBe(true);
    expect(leecher.swarm.peers.get(1)!.requests.dropped.size).toBeLessThanOrEqual(MAX_DROPPED);
  });

  it("drop who sends more than 64 blocks that nobody asked for", () => {
    const leecher = new HandSwarm();
    leecher.join(1, "all");
    for (let i = 0; i < MAX_UNEXPLAINED_BLOCKS; i++) leecher.deliver(1, 0, 0);
    expect(leecher.swarm.peers.has(1)).toBe(true);
    leecher.deliver(1, 0, 0);
    expect(leecher.swarm.peers.has(1)).toBe(false);
  });
});

describe("the end of a download", () => {
  it("asks a second peer for what it brings much sooner than the first, and cancels it there when it comes", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 4 });
    for (const key of [1, 2, 3]) leecher.join(key, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.take();
    // Of nobody's rate anything is known: the last blocks of four may well come sooner from another, and are asked of two at most.
    leecher.say(2, { type: "unchoke" });
    expect(leecher.requested(2)).toEqual(["0:3"]);
    leecher.say(3, { type: "unchoke" });
    expect(leecher.requested(3)).toEqual(["0:2"]);
    const commands = leecher.deliver(2, 0, 3);
    expect(commands).toContainEqual({
      type: "send",
      peer: 1,
      message: { type: "cancel", index: 0, begin: 3 * BLOCK_BYTES, length: BLOCK_BYTES },
    });
    leecher.deliver(1, 0, 3);
    expect(leecher.swarm.peers.get(1)?.unexplainedBlocks).toBe(0);
    expect(leecher.swarm.wastedBytes).toBe(BLOCK_BYTES);
  });

  it("does not begin while there are pieces here that nobody was asked for", () => {
    const leecher = new HandSwarm({ pieceCount: 2, blocksPerPiece: 4 });
    leecher.join(1, [0]);
    leecher.join(2, [0]);
    leecher.join(3, [1]);
    leecher.say(1, { type: "unchoke" });
    leecher.take();
    leecher.say(2, { type: "unchoke" });
    expect(leecher.requested(2)).toEqual([]);
  });
});

describe("a piece that failed its hash", () => {
  function failedOfTwo(): HandSwarm {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 2 });
    leecher.join(1, "all");
    leecher.join(2, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.say(1, { type: "choke" });
    leecher.say(2, { type: "unchoke" });
    leecher.deliver(2, 0, 1);
    expect(leecher.swarm.states.stateOf(0)).toBe("verifying");
    leecher.pass(REASK_MS);
    leecher.say(1, { type: "unchoke" });
    leecher.take();
    return leecher;
  }

  it("bans the only peer that sent it", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 2 });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.deliver(1, 0, 1);
    const commands = leecher.handle({ type: "piece-verified", index: 0, ok: false });
    expect(disconnects(commands)).toMatchObject([{ peer: 1, ban: true }]);
  });

  it("bans none of two, but is asked of one alone then, and that one is known", () => {
    const leecher = failedOfTwo();
    const commands = leecher.handle({ type: "piece-verified", index: 0, ok: false });
    expect(disconnects(commands)).toEqual([]);
    const asked = commands.flatMap((c) => (c.type === "send" && c.message.type === "request" ? [c.peer] : []));
    expect(asked).toHaveLength(2);
    expect(new Set(asked).size).toBe(1);
    const alone = asked[0]!;
    leecher.deliver(alone, 0, 0);
    leecher.deliver(alone, 0, 1);
    const second = leecher.handle({ type: "piece-verified", index: 0, ok: false });
    expect(disconnects(second)).toMatchObject([{ peer: alone, ban: true }]);
  });

  it("is begun anew by the next when the one peer that was asked for it leaves", () => {
    const leecher = failedOfTwo();
    const commands = leecher.handle({ type: "piece-verified", index: 0, ok: false });
    const alone = commands.flatMap((c) => (c.type === "send" && c.message.type === "request" ? [c.peer] : []))[0]!;
    leecher.deliver(alone, 0, 0);
    leecher.take();
    leecher.handle({ type: "peer-left", peer: alone });
    expect(leecher.requested(3 - alone)).toEqual(["0:0", "0:1"]);
  });

  it("blames nobody when it was the disk that did not take it", () => {
    const leecher = failedOfTwo();
    const commands = leecher.handle({ type: "piece-not-stored", index: 0 });
    expect(disconnects(commands)).toEqual([]);
    expect(leecher.swarm.states.stateOf(0)).toBe("missing");
  });

  it("bans also the address at which an incoming peer takes connections", () => {
    const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 1 });
    const address = { host: "10.0.0.1", port: 6_881 };
    leecher.handle({ type: "candidates", addresses: [{ host: "10.0.0.2", port: 1 }], source: "tracker" });
    leecher.join(1, "all");
    leecher.speakPush(1, false, 6_881);
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    leecher.handle({ type: "piece-verified", index: 0, ok: false });
    leecher.take();
    leecher.handle({ type: "candidates", addresses: [address], source: "given" });
    leecher.pass(3_600_000);
    expect(leecher.take()).not.toContainEqual(expect.objectContaining({ type: "dial", address }));
  });
});

describe("time", () => {
  it("that passed before a peer came is not forgiven to it", () => {
    const leecher = new HandSwarm();
    leecher.join(1, "all");
    leecher.pass(2_000);
    leecher.handle({ type: "peer-left", peer: 1 });
    leecher.now += 3_600_000;
    leecher.join(2, "all");
    leecher.say(2, { type: "unchoke" });
    leecher.pass(STALL_MS + 3_000);
    expect(leecher.swarm.peers.has(2)).toBe(false);
  });
});
