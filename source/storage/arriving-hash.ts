// ArrivingHash: the SHA-1 of a piece, taken of its blocks while they are still in the processor's cache. Hashed again from memory, by
// another thread, the same bytes cost 0.9 s a GiB instead of 0.5 (measured, 2 cores), and the threads a quarter of a second to start.
import { createHash, hash, type Hash } from "node:crypto";

/** Of blocks that came out of their order so much is hashed at the end: less than a millisecond of the main thread. */
export const MAX_LATE_BYTES = 1024 * 1024;

/** So much is hashed in one call: a call for each block costs a tenth more, and a whole piece is not in the cache any more. */
const RUN_BYTES = 128 * 1024;

export class ArrivingHash {
  readonly #bytes: Uint8Array;
  /** Of those before `#hashed`; most small pieces never need one, and the garbage collector has its work with each. */
  #hash: Hash | undefined;
  #hashed = 0;
  /** All before it is there. */
  #arrived = 0;
  /** What is there behind a gap: ends by their beginnings. libtorrent serves up to half of the blocks out of their order. */
  #early: Map<number, number> | undefined;

  /** `bytes` is where the piece is put together. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes from `begin` to `end` are there. What comes before its turn waits for it, up to `MAX_LATE_BYTES`; more is left to `digest`. */
  add(begin: number, end: number): void {
    if (begin !== this.#arrived) return void (this.#early ??= new Map()).set(begin, end);
    let upTo = end;
    for (let next = this.#early?.get(upTo); next !== undefined; next = this.#early?.get(upTo)) upTo = next;
    if (upTo - this.#hashed > MAX_LATE_BYTES) return;
    this.#arrived = upTo;
    if (upTo - this.#hashed >= RUN_BYTES) this.#hashTo(upTo);
  }

  /** The SHA-1 of the whole piece of `length` bytes; undefined when too much of it came out of order. Called once. */
  digest(length: number): Uint8Array | undefined {
    if (length - this.#arrived > MAX_LATE_BYTES) return undefined;
    return this.#hash ? this.#hashTo(length).digest() : hash("sha1", this.#bytes.subarray(0, length), "buffer");
  }

  #hashTo(end: number): Hash {
    this.#hash ??= createHash("sha1");
    this.#hash.update(this.#bytes.subarray(this.#hashed, end));
    this.#hashed = end;
    return this.#hash;
  }
}
