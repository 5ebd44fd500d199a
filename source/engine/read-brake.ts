// ReadBrake: whether something is read from now: not while a rate limit's debt is unpaid, nor while too much waits for the disk.
import { LIMIT_WAIT_MS } from "./limits.ts";
import type { TokenBucket } from "./token-bucket.ts";

type PauseReason = "limit" | "disk";

export class ReadBrake {
  /** What is read is paid for here. */
  limit: TokenBucket;
  readonly #reading: { readonly pause: () => void; readonly resume: () => void };
  readonly #pausedFor = new Set<PauseReason>();
  #timer: NodeJS.Timeout | undefined;
  #released = false;

  constructor(limit: TokenBucket, reading: { readonly pause: () => void; readonly resume: () => void }) {
    this.limit = limit;
    this.#reading = reading;
  }

  /** Is nothing read now? Silence is then ours. */
  get isPaused(): boolean {
    return this.#pausedFor.size > 0;
  }

  /** So many bytes were read: none more are until they are paid for. */
  pay(bytes: number): void {
    if (this.#released) return;
    this.limit.take(bytes, performance.now());
    if (!this.#pausedFor.has("limit")) this.#obeyLimit();
  }

  /** Nothing is read for this reason until it is lifted: the kernel's window then slows who sends. */
  pause(reason: PauseReason): void {
    if (this.#released) return;
    if (this.#pausedFor.size === 0) this.#reading.pause();
    this.#pausedFor.add(reason);
  }

  resume(reason: PauseReason): void {
    if (!this.#pausedFor.delete(reason) || this.#pausedFor.size > 0 || this.#released) return;
    this.#reading.resume();
  }

  /** What was braked has ended. */
  release(): void {
    this.#released = true;
    clearTimeout(this.#timer);
  }

  /** Looks now and then: the limit may have been changed meanwhile. */
  #obeyLimit(): void {
    const waitMs = this.limit.waitMs(performance.now());
    if (waitMs === 0) return this.resume("limit");
    this.pause("limit");
    this.#timer = setTimeout(() => this.#obeyLimit(), Math.min(waitMs, LIMIT_WAIT_MS));
  }
}
