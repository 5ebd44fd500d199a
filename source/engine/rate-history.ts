// RateHistory: bytes a second, down and up, for each of the last 60 seconds; nothing at all when nothing moved in them.
import { HISTORY_SECONDS, MEAN_SECONDS } from "./limits.ts";

export class RateHistory {
  #down: readonly number[] = [];
  #up: readonly number[] = [];
  /** Until now without a pause, the one in which it began among them. */
  #fetchingSeconds = 0;

  get down(): readonly number[] {
    return this.#down;
  }

  get up(): readonly number[] {
    return this.#up;
  }

  /** Mean bytes a second of the last half minute, or of as much of it as there is. */
  get meanDown(): number {
    return meanOf(this.#down);
  }

  /** The same of the whole seconds since it began to fetch, or went on: a pause is no slowness. */
  get paceDown(): number {
    const whole = this.#fetchingSeconds - 1;
    return meanOf(whole < 1 ? [] : this.#down.slice(-whole));
  }

  get meanUp(): number {
    return meanOf(this.#up);
  }

  /** A second is over in which so many bytes moved. Says whether anything that is shown changed. */
  endSecond(downBytes: number, upBytes: number, isFetching = true): boolean {
    this.#fetchingSeconds = isFetching ? this.#fetchingSeconds + 1 : 0;
    if (downBytes + upBytes === 0 && this.#down.length === 0) return false;
    this.#down = [...this.#down.slice(1 - HISTORY_SECONDS), downBytes];
    this.#up = [...this.#up.slice(1 - HISTORY_SECONDS), upBytes];
    if ([...this.#down, ...this.#up].some((bytes) => bytes > 0)) return true;
    this.#down = [];
    this.#up = [];
    return true;
  }
}

function meanOf(history: readonly number[]): number {
  const recent = history.slice(-MEAN_SECONDS);
  return recent.length === 0 ? 0 : Math.round(recent.reduce((sum, bytes) => sum + bytes, 0) / recent.length);
}
