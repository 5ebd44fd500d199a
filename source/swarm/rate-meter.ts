// RateMeter: bytes a second, recent ones counting most.

/** Seconds after which a byte counts for 1/e: smooth enough to read, fast enough to follow a link. */
const TIME_CONSTANT_MS = 3_000;

/** The first bytes count as if they had taken so long at least: a burst is no rate. */
const LEAST_AGE_MS = 500;

/** Without a byte for so long nothing moves, whatever the average says. */
const STILL_MS = 5_000;

export class RateMeter {
  #weight = 0;
  #at = 0;
  #addedAt = Number.NEGATIVE_INFINITY;
  /** When it began to move. */
  #since = 0;
  #total = 0;

  /** Bytes ever added. */
  get totalBytes(): number {
    return this.#total;
  }

  add(bytes: number, now: number): void {
    this.#decayTo(now);
    if (this.#at - this.#addedAt > STILL_MS) {
      this.#weight = 0;
      this.#since = this.#at;
    }
    this.#addedAt = this.#at;
    this.#weight += bytes;
    this.#total += bytes;
  }

  /**
   * Bytes a second at `now`, exponentially weighted since it began to move, as if that were `leastAgeMs` ago at least; 0 when nothing came
   * for 5 s.
   */
  bytesPerSecond(now: number, leastAgeMs = LEAST_AGE_MS): number {
    this.#decayTo(now);
    if (now - this.#addedAt > STILL_MS) return 0;
    const ageMs = Math.max(leastAgeMs, this.#at - this.#since);
    // What came so far is all there is of the average: without this, a steady rate takes 9 s to be shown.
    const share = 1 - Math.exp(-ageMs / TIME_CONSTANT_MS);
    const rate = (this.#weight / TIME_CONSTANT_MS / share) * 1_000;
    return rate < 1 ? 0 : rate;
  }

  /** Nothing more is to come: the rate is 0 at once, and what comes after all is measured anew. */
  rest(): void {
    this.#weight = 0;
    this.#addedAt = Number.NEGATIVE_INFINITY;
  }

  #decayTo(now: number): void {
    if (now <= this.#at) return;
    if (this.#weight > 0) this.#weight *= Math.exp((this.#at - now) / TIME_CONSTANT_MS);
    this.#at = now;
  }
}
