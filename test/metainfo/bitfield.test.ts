import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";

describe("Bitfield", () => {
  test.each([0, 1, 7, 8, 9, 16, 1_000])("of %i pieces is empty, then full, with spare bits 0", (size) => {
    expect(Bitfield.empty(size).count).toBe(0);
    const full = Bitfield.full(size);
    expect(full.isFull).toBe(true);
    expect(Bitfield.fromBytes(full.toBytes(), size)?.count).toBe(size);
    expect([...full.missing()]).toEqual([]);
    expect([...Bitfield.empty(size).missing()].length).toBe(size);
  });

  test("puts piece 0 into the highest bit of the first byte", () => {
    expect(Bitfield.of(10, [0, 9]).toBytes()).toEqual(Uint8Array.of(0x80, 0x40));
  });

  test("refuses bytes of another length and any spare bit", () => {
    expect(Bitfield.fromBytes(new Uint8Array(1), 9)).toBeUndefined();
    expect(Bitfield.fromBytes(new Uint8Array(3), 9)).toBeUndefined();
    expect(Bitfield.fromBytes(Uint8Array.of(0xff, 0x80), 9)?.isFull).toBe(true);
    for (let bit = 0; bit < 7; bit++) expect(Bitfield.fromBytes(Uint8Array.of(0, 1 << bit), 9)).toBeUndefined();
  });

  test.each([
    ["an array", Uint8Array.of(0x80)],
    ["a Buffer", Buffer.of(0x80)],
  ])("is not changed by what happens to %s it came from, or to what it gave away", (_what, bytes) => {
    const bitfield = Bitfield.fromBytes(bytes, 8)!;
    bytes[0] = 0xff;
    bitfield.toBytes()[0] = 0xff;
    const copy = bitfield.clone();
    copy.set(7);
    expect([...bitfield.held()]).toEqual([0]);
  });

  test("throws RangeError for a piece that does not exist, and says false when asked for it", () => {
    for (const index of [-1, 9, 1.5, Number.NaN]) {
      expect(() => Bitfield.empty(9).set(index)).toThrow(RangeError);
      expect(() => Bitfield.empty(9).clear(index)).toThrow(RangeError);
    }
    expect(Bitfield.full(9).get(9)).toBe(false);
    expect(Bitfield.full(9).get(15)).toBe(false);
  });

  test("behaves as a set of numbers and keeps its count", () => {
    const steps = fc.array(fc.record({ index: fc.nat(40), set: fc.boolean() }), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (list) => {
        const bitfield = Bitfield.empty(41);
        const model = new Set<number>();
        for (const { index, set } of list) {
          expect(set ? bitfield.set(index) : bitfield.clear(index)).toBe(set !== model.has(index));
          if (set) model.add(index);
          else model.delete(index);
        }
        expect(bitfield.count).toBe(model.size);
        expect([...bitfield.held()]).toEqual([...model].toSorted((a, b) => a - b));
        expect([...bitfield.missing()].length).toBe(41 - model.size);
        expect(Bitfield.fromBytes(bitfield.toBytes(), 41)?.count).toBe(model.size);
      }),
    );
  });

  test("tells what another lacks of it, from any index on, and how many both have", () => {
    const all = fc.tuple(fc.uniqueArray(fc.nat(29)), fc.uniqueArray(fc.nat(29)), fc.nat(30));
    fc.assert(
      fc.property(all, ([ours, theirs, from]) => {
        const [a, b] = [Bitfield.of(30, ours), Bitfield.of(30, theirs)];
        const sorted = ours.filter((index) => index >= from).toSorted((x, y) => x - y);
        expect([...a.held(from)]).toEqual(sorted);
        expect([...a.without(b, from)]).toEqual(sorted.filter((index) => !theirs.includes(index)));
        expect(a.countWith(b)).toBe(ours.filter((index) => theirs.includes(index)).length);
      }),
    );
  });

  test("counts its pieces in a part of it, and takes in those that two others have in common", () => {
    const all = fc.tuple(fc.uniqueArray(fc.nat(29)), fc.uniqueArray(fc.nat(29)), fc.nat(30), fc.nat(30));
    fc.assert(
      fc.property(all, ([ours, theirs, a, b]) => {
        const [first, end] = [Math.min(a, b), Math.max(a, b)];
        const inside = (index: number) => index >= first && index < end;
        expect(Bitfield.of(30, ours).countIn(first, end)).toBe(ours.filter(inside).length);
        const sum = Bitfield.of(30, ours.filter(inside));
        sum.addCommon(Bitfield.of(30, ours), Bitfield.of(30, theirs));
        const expected = ours.filter((index) => inside(index) || theirs.includes(index));
        expect([...sum.held()]).toEqual(expected.toSorted((x, y) => x - y));
        expect(sum.count).toBe(expected.length);
      }),
    );
  });
});
