// Bitfield: a set of piece indexes in wire order, with its count kept.

/** Pieces as on the wire: the highest bit of the first byte is piece 0, spare bits at the end are 0. Source: BEP 3, bitfield. */
export class Bitfield {
  /** Pieces there are, set or not. */
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count: number;

  private constructor(bytes: Uint8Array, size: number, count: number) {
    this.#bytes = bytes;
    this.size = size;
    this.#count = count;
  }

  /** None of `size` pieces. */
  static empty(size: number): Bitfield {
    return new Bitfield(new Uint8Array(Math.ceil(size / 8)), size, 0);
  }

  /** All of `size` pieces. */
  static full(size: number): Bitfield {
    const bytes = new Uint8Array(Math.ceil(size / 8)).fill(0xff);
    if (size % 8 !== 0) bytes[bytes.length - 1] = 0xff << (8 - (size % 8));
    return new Bitfield(bytes, size, size);
  }

  /** A copy of what a peer sent, or undefined when its length is not exactly right or a spare bit is set. */
  static fromBytes(bytes: Uint8Array, size: number): Bitfield | undefined {
    if (bytes.length !== Math.ceil(size / 8)) return undefined;
    if (size % 8 !== 0 && (bytes.at(-1)! & (0xff >> (size % 8))) !== 0) return undefined;
    let count = 0;
    for (const byte of bytes) count += bitsOf(byte);
    // Not slice(): of a Buffer that is no copy.
    return new Bitfield(new Uint8Array(bytes), size, count);
  }

  /** `size` pieces, those in `indexes` set. Throws RangeError for an index that is not below `size`. */
  static of(size: number, indexes: Iterable<number>): Bitfield {
    const bitfield = Bitfield.empty(size);
    for (const index of indexes) bitfield.set(index);
    return bitfield;
  }

  /** Pieces that are set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Is piece `index` set? False for an index that does not exist. */
  get(index: number): boolean {
    return index < this.size && (this.#bytes[index >>> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets piece `index`; says whether that changed anything. Throws RangeError when there is none. */
  set(index: number): boolean {
    this.#require(index);
    if (this.get(index)) return false;
    this.#bytes[index >>> 3]! |= 0x80 >> (index & 7);
    this.#count++;
    return true;
  }

  /** Clears piece `index`; says whether that changed anything. Throws RangeError when there is none. */
  clear(index: number): boolean {
    this.#require(index);
    if (!this.get(index)) return false;
    this.#bytes[index >>> 3]! &= ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  /** A copy in wire order: ceil(size / 8) bytes. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }

  clone(): Bitfield {
    return new Bitfield(this.#bytes.slice(), this.size, this.#count);
  }

  /** Indexes that are set, rising, `from` the first of them. */
  *held(from = 0): Generator<number, void> {
    for (let byte = from >>> 3; byte < this.#bytes.length; byte++) {
      if (this.#bytes[byte] === 0) continue;
      for (let index = Math.max(from, byte * 8); index < byte * 8 + 8; index++) if (this.get(index)) yield index;
    }
  }

  /** Indexes that are set here and not in `other`, which has the same size, rising, `from` the first of them. */
  *without(other: Bitfield, from = 0): Generator<number, void> {
    for (let byte = from >>> 3; byte < this.#bytes.length; byte++) {
      if ((this.#bytes[byte]! & ~other.#bytes[byte]!) === 0) continue;
      for (let index = Math.max(from, byte * 8); index < byte * 8 + 8; index++) {
        if (this.get(index) && !other.get(index)) yield index;
      }
    }
  }

  /** Pieces that are set here and in `other`, which has the same size. */
  countWith(other: Bitfield): number {
    let count = 0;
    for (let byte = 0; byte < this.#bytes.length; byte++) count += bitsOf(this.#bytes[byte]! & other.#bytes[byte]!);
    return count;
  }

  /** Pieces that are set from `first` up to and without `end`. */
  countIn(first: number, end: number): number {
    let count = 0;
    let index = first;
    for (; index < end && index % 8 !== 0; index++) if (this.get(index)) count++;
    for (; index + 8 <= end; index += 8) count += bitsOf(this.#bytes[index >>> 3]!);
    for (; index < end; index++) if (this.get(index)) count++;
    return count;
  }

  /** Sets those that are set in both `a` and `b`, which have the same size. */
  addCommon(a: Bitfield, b: Bitfield): void {
    for (let byte = 0; byte < this.#bytes.length; byte++) {
      const added = a.#bytes[byte]! & b.#bytes[byte]! & ~this.#bytes[byte]!;
      this.#bytes[byte]! |= added;
      this.#count += bitsOf(added);
    }
  }

  /** Indexes that are not set, rising. */
  *missing(): Generator<number, void> {
    for (let byte = 0; byte < this.#bytes.length; byte++) {
      if (this.#bytes[byte] === 0xff) continue;
      const end = Math.min(this.size, byte * 8 + 8);
      for (let index = byte * 8; index < end; index++) if (!this.get(index)) yield index;
    }
  }

  #require(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`no piece ${index} among ${this.size}`);
    }
  }
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let bits = byte; bits !== 0; bits &= bits - 1) count++;
  return count;
}
