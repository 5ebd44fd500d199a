import { expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { Wanted } from "../../source/swarm/wanted.ts";

it("is everything that is not held, alike, until somebody says otherwise", () => {
  const wanted = new Wanted(Bitfield.of(4, [1]));
  expect([0, 1, 2, 3].map((index) => wanted.wants(index))).toEqual([true, false, true, true]);
  expect([wanted.left, wanted.isDone, wanted.isFirst(0)]).toEqual([3, false, false]);
});

it("leaves out what is off, and is done when all else is held", () => {
  const held = Bitfield.of(4, [1]);
  const wanted = new Wanted(held);
  wanted.priorities = Uint8Array.of(0, 1, 2, 0);
  expect([0, 1, 2, 3].map((index) => [wanted.isOn(index), wanted.isFirst(index)])).toEqual([
    [false, false],
    [true, false],
    [true, true],
    [false, false],
  ]);
  expect(wanted.left).toBe(1);
  held.set(0);
  wanted.gained(0);
  expect(wanted.isDone).toBe(false);
  held.set(2);
  wanted.gained(2);
  expect(wanted.isDone).toBe(true);
});

it("takes priorities for exactly the pieces there are", () => {
  const wanted = new Wanted(Bitfield.empty(4));
  for (const length of [3, 5]) expect(() => (wanted.priorities = new Uint8Array(length))).toThrow(RangeError);
});
