// TokenBucket: a rate limit that may be overdrawn by one read or write and then waits until the debt is paid. What passes a
// transfer's bucket passes the engine's too.

/** Milliseconds of the rate that may be saved up: long enough for timers, short enough to be smooth. */
const BURST_MS = 250;

export class TokenBucket {
  #bytesPerSecond: number;
  readonly #above: TokenBucket | undefined;
  #tokens = 0;
  #at = 0;

  /** `bytesPerSecond`: 0 is no limit. `above`: a wider limit that what passes here has to obey as well. */
  constructor(bytesPerSecond: number, above?: TokenBucket) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#above = above;
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
    const above = this.#above?.available(now) ?? Number.POSITIVE_INFINITY;
    if (this.#bytesPerSecond === 0) return above;
    this.#refill(now);
    return Math.min(above, Math.max(0, this.#tokens));
  }

  /** Bytes that may be saved up: what moves at once at most where it is to be smooth. Infinity without a limit. */
  get burstBytes(): number {
    const own = this.#bytesPerSecond === 0 ? Number.POSITIVE_INFINITY : (BURST_MS / 1_000) * this.#bytesPerSecond;
    return Math.min(own, this.#above?.burstBytes ?? Number.POSITIVE_INFINITY);
  }

  /** Takes `bytes`, also more than there are. */
  take(bytes: number, now: number): void {
    this.#above?.take(bytes, now);
    if (this.#bytesPerSecond === 0) return;
    this.#refill(now);
    this.#tokens -= bytes;
  }

  /** Milliseconds until something may be moved again; 0: now. */
  waitMs(now: number): number {
    const above = this.#above?.waitMs(now) ?? 0;
    if (this.#bytesPerSecond === 0) return above;
    this.#refill(now);
    const own = this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.#bytesPerSecond) * 1_000);
    return Math.max(above, own);
  }

  #refill(now: number): void {
    const earned = ((now - this.#at) / 1_000) * this.#bytesPerSecond;
    this.#at = now;
    const most = (BURST_MS / 1_000) * this.#bytesPerSecond;
    this.#tokens = Math.min(most, this.#tokens + earned);
  }
}
