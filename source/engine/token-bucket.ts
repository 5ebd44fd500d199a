// TokenBucket: a rate limit that may be overdrawn by one read or write and then waits until the debt is paid.

/** Milliseconds of the rate that may be saved up: long enough for timers, short enough to be smooth. */
const BURST_MS = 250;

export class TokenBucket {
  #bytesPerSecond: number;
  #tokens = 0;
  #at = 0;

  /** `bytesPerSecond`: 0 is no limit. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  set bytesPerSecond(value: number) {
    this.#bytesPerSecond = value;
    this.#tokens = 0;
  }

  /** Bytes that may be moved at `now` (monotonic ms); 0 when in debt. */
  available(now: number): number {
    if (this.#bytesPerSecond === 0) return Number.POSITIVE_INFINITY;
    this.#refill(now);
    return Math.max(0, this.#tokens);
  }

  /** Takes `bytes`, also more than there are. */
  take(bytes: number, now: number): void {
    if (this.#bytesPerSecond === 0) return;
    this.#refill(now);
    this.#tokens -= bytes;
  }

  /** Milliseconds until something may be moved again; 0: now. */
  waitMs(now: number): number {
    if (this.#bytesPerSecond === 0) return 0;
    this.#refill(now);
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.#bytesPerSecond) * 1_000);
  }

  #refill(now: number): void {
    const earned = ((now - this.#at) / 1_000) * this.#bytesPerSecond;
    this.#at = now;
    const most = (BURST_MS / 1_000) * this.#bytesPerSecond;
    this.#tokens = Math.min(most, this.#tokens + earned);
  }
}
