// RateHistory: bytes a second, down and up, for each of the last 60 seconds.
import { HISTORY_SECONDS } from "./limits.ts";

export class RateHistory {
  #down: readonly number[] = [];
  #up: readonly number[] = [];
  #downBytes = 0;
  #upBytes = 0;

  get down(): readonly number[] {
    return this.#down;
  }

  get up(): readonly number[] {
    return this.#up;
  }

  countDown(bytes: number): void {
    this.#downBytes += bytes;
  }

  countUp(bytes: number): void {
    this.#upBytes += bytes;
  }

  /** A second is over. Says whether anything that is shown changed. */
  endSecond(): boolean {
    const quiet = this.#downBytes + this.#upBytes === 0 && ![...this.#down, ...this.#up].some((rate) => rate > 0);
    this.#down = [...this.#down.slice(1 - HISTORY_SECONDS), this.#downBytes];
    this.#up = [...this.#up.slice(1 - HISTORY_SECONDS), this.#upBytes];
    this.#downBytes = 0;
    this.#upBytes = 0;
    return !quiet;
  }
}
