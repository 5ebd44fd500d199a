import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { RarestFirst } from "../../source/swarm/rarest-first.ts";
import { seededRandom } from "../helpers/simulation.ts";

const PIECES = 12;
const piece = fc.nat(PIECES - 1);
const action = fc.oneof(
  fc.record({ type: fc.constantFrom("insert", "remove", "increase", "decrease"), index: piece }),
  fc.record({ type: fc.constantFrom("addSeed", "removeSeed"), index: fc.constant(0) }),
  fc.record({ type: fc.constant("pick"), index: fc.nat(2 ** PIECES - 1) }),
);

describe("rarest first", () => {
  it("always picks a rarest of the pieces that the holder has, as a naive model does", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), fc.nat(), (actions, seed) => {
        const rarest = new RarestFirst(PIECES, seededRandom(seed));
        const present = new Set<number>();
        const holders = Array<number>(PIECES).fill(0);
        let seeds = 0;
        for (const { type, index } of actions) {
          if (type === "insert") {
            rarest.insert(index);
            present.add(index);
          } else if (type === "remove") {
            rarest.remove(index);
            present.delete(index);
          } else if (type === "increase") {
            rarest.increase(index);
            holders[index]!++;
          } else if (type === "decrease") {
            if (holders[index] === 0) continue;
            rarest.decrease(index);
            holders[index]!--;
          } else if (type === "addSeed") {
            rarest.addSeed();
            seeds++;
          } else if (type === "removeSeed") {
            if (seeds === 0) continue;
            rarest.removeSeed();
            seeds--;
          } else {
            // Whoever picks was counted: only a seed has what no other holder has.
            const isSeed = index === 2 ** PIECES - 1;
            const has = [...Array(PIECES).keys()].filter((i) => index & (1 << i) && (isSeed || holders[i]! > 0));
            const picked = rarest.pick(Bitfield.of(PIECES, has));
            const eligible = has.filter((i) => present.has(i));
            if (picked === undefined) expect(eligible).toEqual([]);
            else {
              expect(eligible).toContain(picked);
              expect(holders[picked]).toBe(Math.min(...eligible.map((i) => holders[i]!)));
            }
          }
          expect(rarest.size).toBe(present.size);
          expect(rarest.obtainable).toBe([...present].filter((i) => holders[i]! + seeds > 0).length);
        }
        for (let i = 0; i < PIECES; i++) expect(rarest.availability(i)).toBe(holders[i]! + seeds);
      }),
      { numRuns: 300 },
    );
  });

  it("breaks ties at random: each of ten equal pieces comes first now and then", () => {
    const first = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const rarest = new RarestFirst(10, seededRandom(seed));
      for (let i = 0; i < 10; i++) rarest.insert(i);
      first.add(rarest.pick(Bitfield.full(10))!);
    }
    expect(first.size).toBe(10);
  });

  it("does not put a piece in twice, nor take one out that is not there", () => {
    const rarest = new RarestFirst(3, seededRandom(1));
    rarest.insert(1);
    rarest.insert(1);
    rarest.remove(2);
    expect(rarest.size).toBe(1);
    rarest.remove(1);
    expect(rarest.pick(Bitfield.full(3))).toBeUndefined();
  });

  it("remembers who holds a piece while the piece is out of the order", () => {
    const rarest = new RarestFirst(2, seededRandom(1));
    rarest.insert(0);
    rarest.insert(1);
    rarest.remove(0);
    rarest.increase(0);
    rarest.insert(0);
    for (let i = 0; i < 20; i++) expect(rarest.pick(Bitfield.full(2))).toBe(1);
  });
});

describe("many pieces at once", () => {
  it("come and go as one by one, whether they are moved or sorted", () => {
    for (const share of [0.01, 0.5, 1]) {
      for (let seed = 0; seed < 20; seed++) {
        const random = seededRandom(seed);
        const [moved, changed] = [new RarestFirst(400, random), new RarestFirst(400, random)];
        const reset = (rarest: RarestFirst) => {
          if (seed % 2 === 1) rarest.reset((index) => index % 7 === 0, false);
          for (let index = 0; index < 400; index++) if (index % 5 !== seed % 5) rarest.insert(index);
        };
        for (const rarest of [moved, changed]) reset(rarest);
        const held = Array.from({ length: 3 }, () =>
          Bitfield.of(
            400,
            [...Array(400).keys()].filter(() => random() < share),
          ),
        );
        for (const pieces of held) {
          for (const index of pieces.held()) moved.increase(index);
          changed.changeAll(pieces.held(), pieces.count, 1);
        }
        for (const index of held[0]!.held()) moved.decrease(index);
        changed.changeAll(held[0]!.held(), held[0]!.count, -1);
        const all = Bitfield.full(400);
        const first = (index: number) => (seed % 2 === 1 && index % 7 === 0 ? 0 : 1);
        for (let n = changed.size; n > 0; n--) {
          if (n % 40 === 0) {
            const left = [...Array(400).keys()].filter((i) => changed.has(i) && changed.availability(i) > 0);
            expect([moved.obtainable, changed.obtainable]).toEqual([left.length, left.length]);
          }
          const [a, b] = [moved.pick(all)!, changed.pick(all)!];
          expect([first(b), changed.availability(b)]).toEqual([first(a), moved.availability(a)]);
          moved.remove(a);
          changed.remove(b);
        }
        expect([moved.pick(all), changed.pick(all)]).toEqual([undefined, undefined]);
      }
    }
  });
});

describe("a torrent of 2 097 152 pieces", () => {
  const COUNT = 2_097_152;
  const big = () => {
    const rarest = new RarestFirst(COUNT, seededRandom(1));
    for (let index = 0; index < COUNT; index++) rarest.insert(index);
    return rarest;
  };
  /** Counts how often the holder is asked about a piece. */
  const counted = (...held: number[]) => {
    const bitfield = Bitfield.of(COUNT, held);
    let looks = 0;
    return { looks: () => looks, allows: () => ++looks > 0, bitfield };
  };

  it("is picked from with few looks, whether its holder has all or one piece of it", () => {
    const rarest = big();
    rarest.addSeed();
    const seed = Bitfield.full(COUNT);
    for (let n = 0; n < 1_000; n++) rarest.remove(rarest.pick(seed)!);
    const one = counted(1_234_567);
    rarest.insert(1_234_567);
    rarest.increase(1_234_567);
    expect(rarest.pick(one.bitfield, one.allows)).toBe(1_234_567);
    expect(one.looks()).toBe(1);
  });

  it("in the order of the file is looked into no further than 1 024 pieces ahead", () => {
    const rarest = new RarestFirst(COUNT, seededRandom(1));
    rarest.reset(undefined, true);
    for (let index = 0; index < COUNT; index++) rarest.insert(index);
    for (const index of [5, 1_000, 2_000_000]) rarest.increase(index);
    expect(rarest.pick(Bitfield.of(COUNT, [5, 1_000, 2_000_000]))).toBe(5);
    expect(rarest.pick(Bitfield.of(COUNT, [2_000_000]))).toBe(2_000_000);
    for (let index = 0; index < 1_000; index++) rarest.remove(index);
    expect(rarest.pick(Bitfield.full(COUNT))).toBe(1_000);
    rarest.insert(7);
    expect(rarest.pick(Bitfield.full(COUNT))).toBe(7);
  });
});

describe("pieces that come first", () => {
  it("stand before all others, the rarest of them in front, in every order of events", () => {
    const rarest = new RarestFirst(6, seededRandom(2));
    rarest.reset((index) => index >= 4, false);
    for (let index = 0; index < 6; index++) rarest.insert(index);
    for (const index of [4, 4, 5]) rarest.increase(index);
    rarest.increase(0);
    const all = Bitfield.full(6);
    const order: number[] = [];
    for (let index = rarest.pick(all); index !== undefined; index = rarest.pick(all)) {
      order.push(index);
      rarest.remove(index);
    }
    expect(order.slice(0, 2)).toEqual([5, 4]);
    expect(order.slice(2, 5).toSorted()).toEqual([1, 2, 3]);
    expect(order.at(-1)).toBe(0);
  });
});
