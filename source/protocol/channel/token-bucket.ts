// Token bucket: how fast messages and requests may come.

/** `rate` tokens a second, at most `burst` saved. Starts full. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes so many tokens, or none and says false. */
  take(now: number, tokens = 1): boolean {
    this.#refill(now);
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Takes `tokens`, there or not. Returns how many milliseconds pass until what is owed is there; 0 when nothing is. */
  spend(tokens: number, now: number): number {
    this.#refill(now);
    this.#tokens -= tokens;
    return this.#tokens < 0 ? Math.ceil((-this.#tokens / this.#rate) * 1000) : 0;
  }

  /** True when nothing was taken for so long that it need not be remembered. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#burst;
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
  }
}
