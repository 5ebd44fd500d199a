import { describe, expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import { MAX_QUEUED_REQUESTS } from "../../source/protocol/peer/limits.ts";
import type { SwarmCommand, Upload } from "../../source/swarm/events.ts";
import { SwarmPeer } from "../../source/swarm/peer.ts";
import { Serving } from "../../source/swarm/serving.ts";
import { connectedOf, INFO_HASH, layoutOf } from "./support.ts";

function serve({ fast = true, amChoking = false, held = [0, 1, 2] } = {}) {
  const commands: SwarmCommand[] = [];
  const serving = new Serving({
    layout: layoutOf(4),
    infoHash: INFO_HASH,
    held: Bitfield.of(4, held),
    emit: (command) => commands.push(command),
  });
  const peer = new SwarmPeer({ ...connectedOf(1), fast }, 4, 0);
  peer.amChoking = amChoking;
  return { serving, peer, commands };
}

const block = (index: number, n: number, length = BLOCK_BYTES) => ({ index, begin: n * BLOCK_BYTES, length });
const rejectOf = (range: Upload) => ({ type: "send", peer: 1, message: { type: "reject", ...range } });

describe("requests of a peer", () => {
  it("wait in their order, and are taken oldest first, so many bytes at most but at least one", () => {
    const { serving, peer, commands } = serve();
    const asked = [block(0, 0), block(2, 1), block(1, 0, 100)];
    for (const range of asked) serving.request(peer, range);
    expect(commands).toEqual([{ type: "uploads-waiting", peer: 1 }]);
    expect(serving.take(peer, 1)).toEqual([asked[0]]);
    expect(serving.take(peer, BLOCK_BYTES + 99)).toEqual([asked[1]]);
    serving.request(peer, asked[0]!);
    expect(serving.take(peer, BLOCK_BYTES + 100)).toEqual([asked[2], asked[0]]);
    expect(serving.take(peer, 1e9)).toEqual([]);
    expect(commands).toHaveLength(1);
    serving.request(peer, asked[0]!);
    expect(commands).toHaveLength(2);
  });

  it("that is choked, or for a piece we lack, are answered by reject where BEP 6 is spoken, else not at all", () => {
    for (const options of [{ amChoking: true }, { held: [1] }]) {
      const spoken = serve(options);
      spoken.serving.request(spoken.peer, block(0, 0));
      expect(spoken.commands).toEqual([rejectOf(block(0, 0))]);
      const unspoken = serve({ ...options, fast: false });
      unspoken.serving.request(unspoken.peer, block(0, 0));
      expect(unspoken.commands).toEqual([]);
      expect([...spoken.peer.uploads, ...unspoken.peer.uploads]).toEqual([]);
    }
  });

  it.each([
    ["of no piece", { index: 4, begin: 0, length: 1 }],
    ["of no byte", { index: 0, begin: 0, length: 0 }],
    ["longer than a block", { index: 0, begin: 0, length: BLOCK_BYTES + 1 }],
    ["past the end of the piece", { index: 0, begin: 2 * BLOCK_BYTES, length: 1 }],
    ["over the end of the piece", { index: 0, begin: BLOCK_BYTES + 1, length: BLOCK_BYTES }],
    ["of the last piece there could be", { index: 0xffffffff, begin: 0xffffffff, length: 0xffffffff }],
  ])("%s end the connection, also of a choked peer", (_, range) => {
    for (const amChoking of [false, true]) {
      const { serving, peer } = serve({ amChoking });
      expect(() => serving.request(peer, range)).toThrow(expect.objectContaining({ code: "bad-request" }));
    }
  });

  it("end the connection when one more than the limit waits, and not while some are taken", () => {
    const { serving, peer } = serve();
    for (let i = 0; i < MAX_QUEUED_REQUESTS; i++) serving.request(peer, block(0, 0));
    serving.take(peer, 1);
    serving.request(peer, block(0, 0));
    expect(peer.uploads).toHaveLength(MAX_QUEUED_REQUESTS);
    expect(() => serving.request(peer, block(0, 0))).toThrow(expect.objectContaining({ code: "request-flood" }));
  });

  it("that are cancelled are not served, each answered once; what does not wait is left alone", () => {
    const { serving, peer, commands } = serve();
    serving.request(peer, block(0, 0));
    serving.request(peer, block(0, 1));
    commands.length = 0;
    serving.cancel(peer, block(0, 0));
    serving.cancel(peer, block(0, 0));
    serving.cancel(peer, block(2, 0));
    expect(commands).toEqual([rejectOf(block(0, 0))]);
    expect(serving.take(peer, 1e9)).toEqual([block(0, 1)]);
  });

  it("are lost with the slot: the choke first, then each of them rejected", () => {
    const { serving, peer, commands } = serve();
    serving.request(peer, block(0, 0));
    serving.request(peer, block(1, 1));
    commands.length = 0;
    peer.amChoking = true;
    serving.chokingChanged(peer);
    const choke = { type: "send", peer: 1, message: { type: "choke" } };
    expect(commands).toEqual([choke, rejectOf(block(0, 0)), rejectOf(block(1, 1))]);
    peer.amChoking = false;
    serving.chokingChanged(peer);
    expect(commands.at(-1)).toEqual({ type: "send", peer: 1, message: { type: "unchoke" } });
    expect(serving.take(peer, 1e9)).toEqual([]);
  });
});
