import { describe, expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import type { PeerKey, SwarmCommand } from "../../source/swarm/events.ts";
import { MAX_CHOKE_FLAPS, MAX_UNEXPLAINED_BLOCKS } from "../../source/swarm/limits.ts";
import { SwarmPeer } from "../../source/swarm/peer.ts";
import { PieceStates } from "../../source/swarm/piece-states.ts";
import { RarestFirst } from "../../source/swarm/rarest-first.ts";
import { Receiving } from "../../source/swarm/receiving.ts";
import { Requester } from "../../source/swarm/requester.ts";
import { Suspicion } from "../../source/swarm/suspicion.ts";
import { Wanted } from "../../source/swarm/wanted.ts";
import { seededRandom } from "../helpers/simulation.ts";
import { connectedOf, layoutOf } from "./support.ts";

/** One piece of four blocks, and seeds that we are interested in. */
function receive(peerCount = 1) {
  const layout = layoutOf(1, 4);
  const peers = new Map<PeerKey, SwarmPeer>();
  const commands: SwarmCommand[] = [];
  const rarest = new RarestFirst(1, seededRandom(1));
  rarest.insert(0);
  const states = new PieceStates(layout, Bitfield.empty(1));
  const wanted = new Wanted(states.held);
  const suspicion = new Suspicion();
  const requester = new Requester({
    layout,
    states,
    rarest,
    wanted,
    suspicion,
    peers,
    emit: (command) => commands.push(command),
  });
  for (let key = 1; key <= peerCount; key++) {
    const peer = new SwarmPeer(connectedOf(key), 1, 0);
    peer.pieces = Bitfield.full(1);
    peer.amInterested = true;
    peers.set(key, peer);
  }
  const block = () => new Uint8Array(BLOCK_BYTES);
  return {
    receiving: new Receiving({ layout, requester, peers }),
    states,
    peer: peers.get(1)!,
    peers,
    commands,
    block,
  };
}

describe("a block", () => {
  it("that was asked for is progress, and forgives a snubbed peer", () => {
    const { receiving, peer, block } = receive();
    receiving.unchoked(peer, 10);
    peer.requests.snubbed = true;
    receiving.block(peer, { index: 0, begin: 0, data: block() }, 500);
    expect(peer.requests).toMatchObject({ progressAt: 500, snubbed: false });
    expect([peer.down.totalBytes, receiving.wastedBytes]).toEqual([BLOCK_BYTES, 0]);
  });

  it("that is of no use is wasted, here and at its peer, and is no progress", () => {
    const { receiving, peer, block } = receive();
    receiving.unchoked(peer, 10);
    receiving.block(peer, { index: 0, begin: 0, data: block() }, 20);
    receiving.block(peer, { index: 0, begin: 0, data: block() }, 500);
    expect([receiving.wastedBytes, peer.wastedBytes]).toEqual([BLOCK_BYTES, BLOCK_BYTES]);
    expect(peer.requests.progressAt).toBe(20);
  });

  it.each([
    ["of no piece", 1, 0, BLOCK_BYTES],
    ["between two blocks", 0, 1, BLOCK_BYTES],
    ["too short", 0, 0, BLOCK_BYTES - 1],
    ["past the end", 0, 4 * BLOCK_BYTES, BLOCK_BYTES],
    ["at the far end of what a number takes", 0xffffffff, 0xffffffff, 1],
  ])("%s is unexplained, and stored nowhere", (_, index, begin, length) => {
    const { receiving, peer, commands } = receive();
    receiving.unchoked(peer, 10);
    receiving.block(peer, { index, begin, data: new Uint8Array(length) }, 20);
    expect(peer.unexplainedBlocks).toBe(1);
    expect(commands.filter(({ type }) => type === "store-block")).toEqual([]);
  });

  it("that nobody asked for ends the connection, when it is one more than the limit", () => {
    const { receiving, peer, block } = receive();
    for (let i = 1; i <= MAX_UNEXPLAINED_BLOCKS; i++) receiving.block(peer, { index: 0, begin: 0, data: block() }, i);
    expect(() => receiving.block(peer, { index: 0, begin: 0, data: block() }, 100)).toThrow(
      expect.objectContaining({ code: "unexplained-blocks" }),
    );
  });
});

describe("a peer that chokes", () => {
  it("loses its requests to another that may be asked", () => {
    const { receiving, peer, peers, commands } = receive(2);
    receiving.unchoked(peer, 10);
    const other = peers.get(2)!;
    other.peerChoking = false;
    commands.length = 0;
    receiving.choked(peer, 20);
    expect(peer.requests.outstanding.size).toBe(0);
    expect(commands).toHaveLength(4);
    expect(commands.every((command) => command.type === "send" && command.peer === 2)).toBe(true);
  });

  it("again and again ends with one more than the limit a minute; saying it twice counts once", () => {
    const { receiving, peer } = receive();
    for (let i = 0; i < MAX_CHOKE_FLAPS; i++) {
      receiving.unchoked(peer, i);
      receiving.unchoked(peer, i);
      receiving.choked(peer, i);
      receiving.choked(peer, i);
    }
    receiving.unchoked(peer, 100);
    expect(() => receiving.choked(peer, 100)).toThrow(expect.objectContaining({ code: "choke-flapping" }));
  });
});
