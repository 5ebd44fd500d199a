// Wanted: which pieces are asked for, and which of them first. All of them alike until somebody says otherwise.
import type { Bitfield } from "../metainfo/bitfield.ts";

export class Wanted {
  readonly #held: Bitfield;
  #priorities: Uint8Array | undefined;
  #left: number;

  /** `held`: our own pieces. Whoever adds to it says so by `gained`. */
  constructor(held: Bitfield) {
    this.#held = held;
    this.#left = held.size - held.count;
  }

  /** 0 off, 1 normal, 2 first; one a piece. Throws RangeError when it is not as long as there are pieces. */
  set priorities(priorities: Uint8Array) {
    if (priorities.length !== this.#held.size) {
      throw new RangeError(`${priorities.length} priorities for ${this.#held.size} pieces`);
    }
    this.#priorities = priorities;
    this.#left = 0;
    for (const index of this.#held.missing()) if (priorities[index] !== 0) this.#left++;
  }

  /** Pieces that are wanted and not held. */
  get left(): number {
    return this.#left;
  }

  /** Is everything held that is wanted? */
  get isDone(): boolean {
    return this.#left === 0;
  }

  /** Is it asked for, whether it is held or not? */
  isOn(index: number): boolean {
    return this.#priorities?.[index] !== 0;
  }

  /** Is it to come before all normal ones? */
  isFirst(index: number): boolean {
    return this.#priorities?.[index] === 2;
  }

  /** Is it wanted and not held? */
  wants(index: number): boolean {
    return this.isOn(index) && !this.#held.get(index);
  }

  /** Piece `index` is held now. */
  gained(index: number): void {
    if (this.isOn(index)) this.#left--;
  }
}
