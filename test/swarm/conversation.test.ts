import { describe, expect, it } from "vitest";
import type { PeerMessage } from "../../source/protocol/peer/messages.ts";
import { MAX_RETRACTIONS } from "../../source/swarm/limits.ts";
import { disconnects, HandSwarm, peerIdOf } from "./support.ts";

describe("what a peer says", () => {
  it.each([
    [MAX_RETRACTIONS - 1, 0],
    [MAX_RETRACTIONS, 0],
    [MAX_RETRACTIONS + 1, 1],
  ])("may be that it lost pieces, %d times; dropped: %d", (times, dropped) => {
    const leecher = new HandSwarm({ pieceCount: 8 });
    leecher.join(1);
    const bitfield = (byte: number) => leecher.say(1, { type: "bitfield", bytes: Uint8Array.of(byte) });
    bitfield(0xf0);
    // The same again, and more than before, take nothing back.
    for (let n = 0; n < 20; n++) bitfield(n < 10 ? 0xf0 : 0xfe);
    for (let n = 0; n < times; n++) bitfield(n % 2 === 0 ? 0x0f : 0xf0);
    expect(disconnects(leecher.take())).toHaveLength(dropped);
    const expected = dropped > 0 ? [0, 0] : times % 2 === 1 ? [0, 1] : [1, 0];
    expect([0, 7].map((index) => leecher.swarm.availability(index))).toEqual(expected);
  });

  it.each<PeerMessage>([
    { type: "keep-alive" },
    { type: "have-none" },
    { type: "port", port: 6_881 },
    { type: "suggest", index: 0 },
    { type: "allowed-fast", index: 0 },
    { type: "reject", index: 9, begin: 5, length: 1 },
    { type: "cancel", index: 9, begin: 5, length: 1 },
  ])("and what concerns nobody changes nothing: $type", (message) => {
    const swarm = new HandSwarm();
    swarm.join(1);
    expect(swarm.say(1, message)).toEqual([]);
    expect(swarm.swarm.peers.get(1)?.heardAt).toBe(swarm.now);
  });

  it("after it is gone is heard by nobody", () => {
    const swarm = new HandSwarm();
    swarm.join(1, "all");
    swarm.handle({ type: "peer-left", peer: 1 });
    expect(swarm.say(1, { type: "unchoke" })).toEqual([]);
    expect(swarm.deliver(1, 0, 0)).toEqual([]);
    expect(swarm.swarm.takeUploads(1, 1e9)).toEqual([]);
  });

  it("and is no message of the swarm is our own mistake, not the peer's", () => {
    const swarm = new HandSwarm();
    swarm.join(1);
    const handshake = {
      type: "handshake",
      infoHash: new Uint8Array(20),
      peerId: peerIdOf(1),
      fast: true,
      extended: true,
    };
    expect(() => swarm.say(1, handshake as never)).toThrow(RangeError);
  });

  it("by have, one piece after the other, ends the connection with its last when both have everything", () => {
    const seeder = new HandSwarm({ pieceCount: 2, held: "all" });
    seeder.join(1);
    expect(disconnects(seeder.say(1, { type: "have", index: 0 }))).toEqual([]);
    expect(disconnects(seeder.say(1, { type: "have", index: 1 }))).toMatchObject([
      { reason: "neither wants anything of the other" },
    ]);
  });

  it("in a second bitfield replaces the first", () => {
    const leecher = new HandSwarm({ pieceCount: 4 });
    leecher.join(1);
    leecher.say(1, { type: "bitfield", bytes: Uint8Array.of(0b1100_0000) });
    leecher.say(1, { type: "bitfield", bytes: Uint8Array.of(0b0010_0000) });
    expect([0, 1, 2, 3].map((index) => leecher.swarm.availability(index))).toEqual([0, 0, 1, 0]);
    expect(leecher.swarm.peers.get(1)?.wanted).toBe(1);
  });

  it("of its port is where it is dialled, but only of one that came by itself, and only once", () => {
    const swarm = new HandSwarm();
    swarm.join(1);
    swarm.speakPush(1, true, 7_001);
    swarm.speakPush(1, true, 7_002);
    swarm.join(2, [], "given");
    swarm.speakPush(2, true, 7_003);
    expect(swarm.swarm.peers.get(1)?.listensAt).toEqual({ host: "10.0.0.1", port: 7_001 });
    expect(swarm.swarm.peers.get(2)?.listensAt).toEqual({ host: "10.0.0.2", port: 50_002 });
  });

  it("of itself is kept until it says something else", () => {
    const swarm = new HandSwarm();
    swarm.join(1);
    swarm.say(1, { type: "extended-handshake", handshake: { extensions: new Map(), client: "one", requestQueue: 7 } });
    swarm.say(1, { type: "extended-handshake", handshake: { extensions: new Map() } });
    expect(swarm.swarm.peers.get(1)).toMatchObject({ client: "one", speaksPush: false, requests: { peerLimit: 7 } });
  });
});
