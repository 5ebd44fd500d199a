import { describe, expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import { PartialPiece, type PieceState, PieceStates } from "../../source/swarm/piece-states.ts";
import { layoutOf } from "./support.ts";

/** Piece 0 in the given state, by legal steps. */
function inState(state: PieceState): PieceStates {
  const states = new PieceStates(layoutOf(2), Bitfield.empty(2));
  if (state !== "missing") states.begin(0);
  if (state === "verifying" || state === "held") states.verify(0);
  if (state === "held") states.hold(0);
  return states;
}

const STEPS = ["begin", "verify", "hold", "fail", "abandon"] as const;

const LEGAL: Readonly<Record<PieceState, Partial<Record<(typeof STEPS)[number], PieceState>>>> = {
  missing: { begin: "downloading" },
  downloading: { verify: "verifying", abandon: "missing" },
  verifying: { hold: "held", fail: "missing" },
  held: {},
};

describe("a piece", () => {
  for (const state of ["missing", "downloading", "verifying", "held"] as const) {
    for (const step of STEPS) {
      const after = LEGAL[state][step];
      it(after ? `that is ${state} becomes ${after} by ${step}` : `that is ${state} refuses ${step}`, () => {
        const states = inState(state);
        expect(states.stateOf(0)).toBe(state);
        if (after) {
          states[step](0);
          expect(states.stateOf(0)).toBe(after);
        } else {
          expect(() => states[step](0)).toThrow(RangeError);
          expect(states.stateOf(0)).toBe(state);
        }
        expect(states.stateOf(1)).toBe("missing");
      });
    }
  }

  it("takes memory from its first block until it is held or given up", () => {
    const bytes = 2 * BLOCK_BYTES;
    for (const state of ["missing", "downloading", "verifying", "held"] as const) {
      expect(inState(state).partialBytes).toBe(state === "downloading" || state === "verifying" ? bytes : 0);
    }
    const failed = inState("verifying");
    failed.fail(0);
    const abandoned = inState("downloading");
    abandoned.abandon(0);
    expect([failed.partialBytes, abandoned.partialBytes]).toEqual([0, 0]);
  });
});

describe("a partial piece", () => {
  it("hands out each block once, in order", () => {
    const partial = new PartialPiece(0, 3, undefined);
    for (const block of [0, 1, 2]) {
      expect(partial.nextFree()).toBe(block);
      partial.ask(block, 7);
    }
    expect(partial.nextFree()).toBeUndefined();
    expect(partial.askers(1)).toEqual([7]);
  });

  it("has a block free again when the last peer that was asked for it is not asked any more", () => {
    const partial = new PartialPiece(0, 3, undefined);
    for (const block of [0, 1, 2]) partial.ask(block, 7);
    partial.ask(1, 8);
    partial.unask(1, 7);
    expect(partial.nextFree()).toBeUndefined();
    partial.unask(1, 8);
    expect(partial.nextFree()).toBe(1);
    partial.unask(0, 7);
    expect(partial.nextFree()).toBe(0);
  });

  it("says who else was asked for a block that came, and who contributed", () => {
    const partial = new PartialPiece(0, 2, undefined);
    partial.ask(0, 7);
    partial.ask(0, 8);
    expect(partial.receive(0, 8)).toEqual([7]);
    expect(partial.has(0)).toBe(true);
    partial.unask(0, 7);
    expect(partial.nextFree()).toBe(1);
    expect(partial.isComplete).toBe(false);
    partial.receive(1, 7);
    expect(partial.isComplete).toBe(true);
    expect([...partial.contributors]).toEqual([8, 7]);
  });
});
