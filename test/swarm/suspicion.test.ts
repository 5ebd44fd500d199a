import { describe, expect, it } from "vitest";
import type { PeerKey } from "../../source/swarm/events.ts";
import { MAX_EVIDENCE_BLOCKS, MAX_FETCHES, PAROLE_PAUSE_MS } from "../../source/swarm/limits.ts";
import { PartialPiece } from "../../source/swarm/piece-states.ts";
import { Suspicion } from "../../source/swarm/suspicion.ts";

/** A whole piece, each block from one of `senders`. */
function pieceOf(index: number, senders: readonly PeerKey[]): PartialPiece {
  const partial = new PartialPiece(index, senders.length, undefined);
  senders.forEach((sender, block) => partial.receive(block, sender));
  return partial;
}

/** Digests where the blocks in `bad` are not what they should be. */
const digests =
  (...bad: readonly number[]) =>
  (block: number) =>
    bad.includes(block) ? `bad ${block}` : `good ${block}`;

describe("a piece that failed its hash", () => {
  it("is blamed on its only sender at once", () => {
    const suspicion = new Suspicion();
    expect(suspicion.failed(pieceOf(0, [3, 3, 3]), digests(1), 0)).toBe(3);
  });

  it("of several senders is blamed on nobody until a good copy shows whose blocks were wrong", () => {
    const suspicion = new Suspicion();
    expect(suspicion.failed(pieceOf(0, [1, 2, 3, 2]), digests(1, 3), 0)).toBeUndefined();
    expect(suspicion.isOnParole(0)).toBe(true);
    expect([...suspicion.cleared(0, digests())]).toEqual([2]);
    expect([suspicion.isOnParole(0), suspicion.size]).toEqual([false, 0]);
    expect([...suspicion.cleared(0, digests())]).toEqual([]);
  });

  it("keeps what the several sent when the next one fails too", () => {
    const suspicion = new Suspicion();
    suspicion.failed(pieceOf(0, [1, 2]), digests(0), 0);
    expect(suspicion.failed(pieceOf(0, [3, 3]), digests(1), 0)).toBe(3);
    expect([...suspicion.cleared(0, digests())]).toEqual([1]);
  });

  it.each([
    [MAX_FETCHES - 1, true],
    [MAX_FETCHES, false],
    [MAX_FETCHES + 1, false],
  ])("%d times may be fetched again at once: %s", (failures, expected) => {
    const suspicion = new Suspicion();
    for (let i = 0; i < failures; i++) suspicion.failed(pieceOf(0, [i + 1]), digests(0), 1_000);
    expect(suspicion.mayFetch(0, 500, 1_000)).toBe(expected);
    expect(suspicion.mayFetch(0, 1_001, 1_002)).toBe(true);
    expect(suspicion.mayFetch(1, 500, 1_000)).toBe(true);
  });

  it("waits longer and longer after the third time, an hour at most", () => {
    const suspicion = new Suspicion();
    const waits: number[] = [];
    for (let i = 1; i <= 12; i++) {
      suspicion.failed(pieceOf(0, [i]), digests(0), 0);
      let minutes = 0;
      while (!suspicion.mayFetch(0, 0, minutes * PAROLE_PAUSE_MS)) minutes++;
      waits.push(minutes);
    }
    expect(waits).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });

  it("is forgotten block for block when there is more than 1 GiB of them, the oldest first", () => {
    const suspicion = new Suspicion();
    const blocks = 16_384;
    const pieces = MAX_EVIDENCE_BLOCKS / blocks + 1;
    const senders = Array.from({ length: blocks }, (_, block) => 1 + (block % 2));
    for (let index = 0; index < pieces; index++) suspicion.failed(pieceOf(index, senders), digests(0), 0);
    expect([...suspicion.cleared(0, digests())]).toEqual([]);
    expect([...suspicion.cleared(1, digests())]).toEqual([1]);
  });
});
