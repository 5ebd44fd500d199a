// Outbox: messages on their way out, one behind the other in one buffer: all of a turn leave in one write.

/** Bytes of the first buffer: a few small messages. */
const FIRST_BYTES = 64;

const EMPTY = new Uint8Array();

export class Outbox {
  #bytes = EMPTY;
  #length = 0;
  /** What was needed the last time is likely to be needed again. */
  #usual = FIRST_BYTES;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Makes room for `count` bytes more and returns their offset in `bytes`; all of them must be written. */
  room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#usual, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    return at;
  }

  /** The buffer that `room` was made in last: another one may take its place at the next call. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Adds a message that is encoded already. */
  add(message: Uint8Array): void {
    const at = this.room(message.length);
    this.#bytes.set(message, at);
  }

  /** Hands out all bytes, for the caller to keep, and is empty again. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#usual = Math.max(FIRST_BYTES, this.#length);
    this.#bytes = EMPTY;
    this.#length = 0;
    return taken;
  }
}
