// RateMeter: bytes a second, recent ones counting most.

/** Seconds after which a byte counts for 1/e: smooth enough to read, fast enough to follow a link. */
const TIME_CONSTANT_MS = 3_000;

/** Without a byte for so long nothing moves, whatever the average says. */
const STILL_MS = 5_000;

export class RateMeter {
  #weight = 0;
  #at = 0;
  #addedAt = Number.NEGATIVE_INFINITY;
  #total = 0;

  /** Bytes ever added. */
  get totalBytes(): number {
    return this.#total;
  }

  add(bytes: number, now: number): void {
    this.#decayTo(now);
    this.#addedAt = this.#at;
    this.#weight += bytes;
    this.#total += bytes;
  }

  /** Bytes a second at `now`, exponentially weighted; 0 when nothing came for 5 s. */
  bytesPerSecond(now: number): number {
    this.#decayTo(now);
    if (now - this.#addedAt > STILL_MS) return 0;
    const rate = (this.#weight / TIME_CONSTANT_MS) * 1_000;
    return rate < 1 ? 0 : rate;
  }

  #decayTo(now: number): void {
    if (now <= this.#at) return;
    if (this.#weight > 0) this.#weight *= Math.exp((this.#at - now) / TIME_CONSTANT_MS);
    this.#at = now;
  }
}
