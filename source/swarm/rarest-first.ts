// RarestFirst: the missing pieces in order of how few peers hold them, ties in random order; those that come first before all others.
// Buckets in one array, as libtorrent's piece picker: a piece moves to the next bucket by one swap, so `have` costs O(1).
import type { Bitfield } from "../metainfo/bitfield.ts";
import { MAX_PEERS } from "./limits.ts";

const ABSENT = -1;

/** Normal pieces stand behind all that come first: more than there can be holders, seeds not counted, while twins are told apart. */
const BEHIND_FIRST = 2 * MAX_PEERS;

/** Places of the order that are looked at for one pick; then the holder's own pieces are, which skips eight at once. */
const MAX_PROBES = 1_024;

/** From one in so many pieces of the order on, sorting all is faster than moving each. */
const SORT_SHARE = 16;

/** Says whether a piece may be picked. */
type Allows = (index: number) => boolean;

export class RarestFirst {
  /** Peers that hold each piece, seeds not counted: they hold all, so they do not change the order. */
  readonly #holders: Uint16Array;
  /** Pieces that may be begun, by rank. */
  readonly #order: Int32Array;
  /** Where a piece stands in `#order`, or ABSENT. */
  readonly #position: Int32Array;
  /** `#bucketEnd[n]`: where the pieces of rank n end in `#order`. */
  readonly #bucketEnd: number[] = [0];
  readonly #random: () => number;
  #size = 0;
  #seeds = 0;
  #version = 0;
  /** Which pieces come before all others; undefined: none does. */
  #isFirst: Allows | undefined;
  /** In the order of the file: no piece of the order stands before it. */
  #cursor: number | undefined;

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

  /** Of them, those that a connected peer holds. */
  get obtainable(): number {
    if (this.#seeds > 0) return this.#size;
    const endOf = (rank: number) => this.#bucketEnd[rank] ?? this.#size;
    const heldByNobody = endOf(0) + endOf(BEHIND_FIRST) - endOf(BEHIND_FIRST - 1);
    return this.#size - heldByNobody;
  }

  /** Grows whenever a piece comes into the order: while it stays, who found nothing finds nothing. */
  get version(): number {
    return this.#version;
  }

  /** May `index` be begun? Not when there is no such piece. */
  has(index: number): boolean {
    return (this.#position[index] ?? ABSENT) !== ABSENT;
  }

  /** May `index` be begun before the rarest, because a peer would rather give it? Not before what a person wants first, or in order. */
  mayPrefer(index: number): boolean {
    if (!this.has(index) || this.#cursor !== undefined) return false;
    const isFirst = this.#isFirst ?? (() => true);
    return isFirst(index) || !isFirst(this.#order[0]!);
  }

  /** Connected peers that hold `index`. */
  availability(index: number): number {
    return this.#holders[index]! + this.#seeds;
  }

  /** Empties it for another order: `isFirst` says which pieces come before all others, `sequential` picks in the order of the file. */
  reset(isFirst: Allows | undefined, sequential: boolean): void {
    this.#isFirst = isFirst;
    this.#cursor = sequential ? 0 : undefined;
    this.#position.fill(ABSENT);
    this.#bucketEnd.splice(0, Infinity, 0);
    this.#size = 0;
  }

  /** Puts a missing piece into the order, at a random place among its equals. */
  insert(index: number): void {
    if (this.#position[index] !== ABSENT) return;
    const rank = this.#rankOf(index);
    this.#growTo(rank);
    // Opens a place at the end of its bucket by moving the first piece of each later bucket to that bucket's end.
    let hole = this.#size++;
    for (let n = this.#bucketEnd.length - 1; n > rank; n--) {
      const first = this.#bucketEnd[n - 1]!;
      if (hole !== first) this.#put(this.#order[first]!, hole);
      hole = first;
      this.#bucketEnd[n]!++;
    }
    this.#bucketEnd[rank]!++;
    this.#put(index, hole);
    const start = rank === 0 ? 0 : this.#bucketEnd[rank - 1]!;
    this.#swap(hole, start + Math.floor(this.#random() * (hole - start + 1)));
    this.#version++;
    if (this.#cursor !== undefined && index < this.#cursor) this.#cursor = index;
  }

  /** Takes a piece out of the order: it was begun, or is held. */
  remove(index: number): void {
    const position = this.#position[index]!;
    if (position === ABSENT) return;
    let hole = position;
    for (let n = this.#rankOf(index); n < this.#bucketEnd.length; n++) {
      const last = --this.#bucketEnd[n]!;
      if (hole !== last) this.#put(this.#order[last]!, hole);
      hole = last;
    }
    this.#size--;
    this.#position[index] = ABSENT;
  }

  /** A peer that is no seed gained `index`. */
  increase(index: number): void {
    const rank = this.#rankOf(index);
    this.#holders[index]!++;
    const position = this.#position[index]!;
    if (position === ABSENT) return;
    this.#growTo(rank + 1);
    this.#swap(position, --this.#bucketEnd[rank]!);
  }

  /** A peer that is no seed lost `index` or left. */
  decrease(index: number): void {
    const rank = this.#rankOf(index);
    this.#holders[index]!--;
    const position = this.#position[index]!;
    if (position === ABSENT) return;
    this.#swap(position, this.#bucketEnd[rank - 1]!++);
  }

  /** A peer that is no seed gained (`by` 1) or lost (-1) so many pieces. Many are counted first and then sorted once: twenty times faster. */
  changeAll(indexes: Iterable<number>, count: number, by: 1 | -1): void {
    if (count * SORT_SHARE < this.#size) {
      const change = by === 1 ? (index: number) => this.increase(index) : (index: number) => this.decrease(index);
      for (const index of indexes) change(index);
      return;
    }
    for (const index of indexes) this.#holders[index]! += by;
    this.#sort();
  }

  addSeed(): void {
    this.#seeds++;
  }

  removeSeed(): void {
    this.#seeds--;
  }

  /**
   * The first piece of the order that `holder`, who was counted, has and `allows` lets pass, ties broken at random; undefined when there is
   * none.
   */
  pick(holder: Bitfield, allows: Allows = () => true): number | undefined {
    const fits: Allows = (index) => holder.get(index) && allows(index);
    const next = this.#cursor === undefined ? undefined : this.#nextInFile(fits);
    // The order has those that come first in front, wherever in the file they lie.
    if (next !== undefined && !this.#isFirst?.(this.#order[0]!)) return next;
    const rarest = this.#rarest(holder, fits);
    return next === undefined || (rarest !== undefined && this.#isFirst?.(rarest)) ? rarest : next;
  }

  #rarest(holder: Bitfield, fits: Allows): number | undefined {
    let start = 0;
    let probes = MAX_PROBES;
    for (const [rank, end] of this.#bucketEnd.entries()) {
      // Who is no seed has nothing of what none but seeds hold: most of what is missing, in a young swarm.
      const size = rank % BEHIND_FIRST === 0 && !holder.isFull ? 0 : end - start;
      const offset = size > 1 ? Math.floor(this.#random() * size) : 0;
      for (let i = 0; i < size; i++) {
        if (probes-- === 0) return this.#anyOf(holder, fits);
        const index = this.#order[start + ((offset + i) % size)]!;
        if (fits(index)) return index;
      }
      start = end;
    }
    return undefined;
  }

  /** In the order of the file; nothing when it lies too far ahead. */
  #nextInFile(fits: Allows): number | undefined {
    const pieces = this.#position.length;
    let cursor = this.#cursor!;
    while (cursor < pieces && !this.has(cursor)) cursor++;
    this.#cursor = cursor;
    for (let index = cursor; index < Math.min(pieces, cursor + MAX_PROBES); index++) {
      if (this.has(index) && fits(index)) return index;
    }
    return undefined;
  }

  /** Of a holder of few pieces among many: from a random one on, the first that may be begun. */
  #anyOf(holder: Bitfield, fits: Allows): number | undefined {
    const from = Math.floor(this.#random() * holder.size);
    for (const range of [holder.held(from), holder.held()]) {
      for (const index of range) if (this.has(index) && fits(index)) return index;
    }
    return undefined;
  }

  /** Puts the order right by counting; pieces of the same rank stay in their random order. */
  #sort(): void {
    const before = this.#order.slice(0, this.#size);
    const sizes: number[] = [];
    for (const index of before) {
      const rank = this.#rankOf(index);
      while (sizes.length <= rank) sizes.push(0);
      sizes[rank]!++;
    }
    let end = 0;
    const next = sizes.map((size) => (end += size) - size);
    this.#bucketEnd.splice(0, Infinity, ...sizes.map((size, rank) => next[rank]! + size));
    if (sizes.length === 0) this.#bucketEnd.push(0);
    for (const index of before) this.#put(index, next[this.#rankOf(index)]!++);
  }

  #rankOf(index: number): number {
    const behind = this.#isFirst && !this.#isFirst(index) ? BEHIND_FIRST : 0;
    return this.#holders[index]! + behind;
  }

  #growTo(rank: number): void {
    while (this.#bucketEnd.length <= rank) this.#bucketEnd.push(this.#size);
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
