// How much may go to the terminal: over a slow link what is written waits in buffers, and keys wait behind it.

/** What screens take that change four times a second in most of their rows; a link that carries a voice carries it. */
export const USUAL_BYTES_PER_SECOND = 16_000;

/** `--low-bandwidth`: with the answers to keys it stays below 3 kB/s. */
export const LOW_BYTES_PER_SECOND = 2_200;

/** So many seconds of the budget may be spent at once, after a quiet while: most of a screen. */
const BURST_SECONDS = 0.5;

/** No more than so many seconds are waited for what was written: a screen that stands still for longer looks dead. */
const DEBT_SECONDS = 4;

/** Bytes that may be written, as a bucket that fills with time. Pure: bytes written and monotonic milliseconds are told. */
export class OutputBudget {
  readonly #bytesPerSecond: number;
  #left: number;
  #seenBytes = 0;
  #seenAt: number;

  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#left = bytesPerSecond * BURST_SECONDS;
    this.#seenAt = now;
  }

  /** Milliseconds to wait with the next frame that nobody asked for, `writtenBytes` having been written in all; 0: it may come. */
  waitMs(writtenBytes: number, now: number): number {
    const earned = ((now - this.#seenAt) / 1000) * this.#bytesPerSecond;
    const left = Math.min(this.#bytesPerSecond * BURST_SECONDS, this.#left + earned) - (writtenBytes - this.#seenBytes);
    this.#left = Math.max(left, -this.#bytesPerSecond * DEBT_SECONDS);
    this.#seenBytes = writtenBytes;
    this.#seenAt = now;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / this.#bytesPerSecond) * 1000);
  }
}
