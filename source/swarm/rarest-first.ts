// RarestFirst: the missing pieces in order of how few peers hold them, ties in random order.
// Buckets in one array, as libtorrent's piece picker: a piece moves to the next bucket by one swap, so `have` costs O(1).
import type { Bitfield } from "../metainfo/bitfield.ts";

const ABSENT = -1;

export class RarestFirst {
  /** Peers that hold each piece, seeds not counted: they hold all, so they do not change the order. */
  readonly #holders: Uint16Array;
  /** Pieces that may be begun, by number of holders. */
  readonly #order: Int32Array;
  /** Where a piece stands in `#order`, or ABSENT. */
  readonly #position: Int32Array;
  /** `#bucketEnd[n]`: where the pieces with n holders end in `#order`. */
  readonly #bucketEnd: number[] = [0];
  #size = 0;
  #seeds = 0;
  readonly #random: () => number;

  /** Empty, for `pieceCount` pieces; `random` yields [0, 1). */
  constructor(pieceCount: number, random: () => number) {
    this.#holders = new Uint16Array(pieceCount);
    this.#order = new Int32Array(pieceCount);
    this.#position = new Int32Array(pieceCount).fill(ABSENT);
    this.#random = random;
  }

  /** Pieces that may be begun. */
  get size(): number {
    return this.#size;
  }

  /** Connected peers that hold `index`. */
  availability(index: number): number {
    return this.#holders[index]! + this.#seeds;
  }

  /** Puts a missing piece into the order, at a random place among its equals. */
  insert(index: number): void {
    if (this.#position[index] !== ABSENT) return;
    const holders = this.#holders[index]!;
    this.#growTo(holders);
    // Opens a place at the end of its bucket by moving the first piece of each later bucket to that bucket's end.
    let hole = this.#size++;
    for (let n = this.#bucketEnd.length - 1; n > holders; n--) {
      const first = this.#bucketEnd[n - 1]!;
      if (hole !== first) this.#put(this.#order[first]!, hole);
      hole = first;
      this.#bucketEnd[n]!++;
    }
    this.#bucketEnd[holders]!++;
    this.#put(index, hole);
    const start = holders === 0 ? 0 : this.#bucketEnd[holders - 1]!;
    this.#swap(hole, start + Math.floor(this.#random() * (hole - start + 1)));
  }

  /** Takes a piece out of the order: it was begun, or is held. */
  remove(index: number): void {
    const position = this.#position[index]!;
    if (position === ABSENT) return;
    const holders = this.#holders[index]!;
    let hole = position;
    for (let n = holders; n < this.#bucketEnd.length; n++) {
      const last = --this.#bucketEnd[n]!;
      if (hole !== last) this.#put(this.#order[last]!, hole);
      hole = last;
    }
    this.#size--;
    this.#position[index] = ABSENT;
  }

  /** A peer that is no seed gained `index`. */
  increase(index: number): void {
    const holders = this.#holders[index]!;
    this.#holders[index] = holders + 1;
    const position = this.#position[index]!;
    if (position === ABSENT) return;
    this.#growTo(holders + 1);
    this.#swap(position, --this.#bucketEnd[holders]!);
  }

  /** A peer that is no seed lost `index` or left. */
  decrease(index: number): void {
    const holders = this.#holders[index]!;
    this.#holders[index] = holders - 1;
    const position = this.#position[index]!;
    if (position === ABSENT) return;
    this.#swap(position, this.#bucketEnd[holders - 1]!++);
  }

  addSeed(): void {
    this.#seeds++;
  }

  removeSeed(): void {
    this.#seeds--;
  }

  /** The rarest piece of the order that `holder` has, ties broken at random; undefined when there is none. */
  pick(holder: Bitfield): number | undefined {
    let start = 0;
    for (const end of this.#bucketEnd) {
      const size = end - start;
      const offset = size > 1 ? Math.floor(this.#random() * size) : 0;
      for (let i = 0; i < size; i++) {
        const index = this.#order[start + ((offset + i) % size)]!;
        if (holder.get(index)) return index;
      }
      start = end;
    }
    return undefined;
  }

  #growTo(holders: number): void {
    while (this.#bucketEnd.length <= holders) this.#bucketEnd.push(this.#size);
  }

  #swap(a: number, b: number): void {
    if (a === b) return;
    const first = this.#order[a]!;
    this.#put(this.#order[b]!, a);
    this.#put(first, b);
  }

  #put(index: number, position: number): void {
    this.#order[position] = index;
    this.#position[index] = position;
  }
}
