// AnnouncePace: the announces of all torrents together, at a pace that trackers bear. A thousand torrents are due at once when an engine starts, or
// when its machine has slept.

/** So many a second, and so many at once after a pause: below what sta-tracker takes of one address (10 and 50), and others less. */
const ANNOUNCES_PER_SECOND = 5;
const ANNOUNCE_BURST = 20;

/** Announces of torrents that leave all at once, when an engine stops, that may be under way: as libtorrent. */
const MAX_LEAVING = 50;

const GAP_MS = 1_000 / ANNOUNCES_PER_SECOND;

export class AnnouncePace {
  /** When the last of those that were let go would have gone without a burst. */
  #lastAt = Number.NEGATIVE_INFINITY;
  #leaving = 0;
  readonly #waiting: (() => void)[] = [];

  /** Milliseconds until one more may leave, which it then does. `now` in milliseconds, monotonic. */
  waitMs(now: number): number {
    this.#lastAt = Math.max(this.#lastAt, now - ANNOUNCE_BURST * GAP_MS) + GAP_MS;
    return Math.max(0, this.#lastAt - now);
  }

  /** Runs `leave`, which never rejects, once fewer than 50 of them run. */
  async oneOfFew(leave: () => Promise<unknown>): Promise<void> {
    if (this.#leaving >= MAX_LEAVING) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#leaving++;
    await leave();
    const next = this.#waiting.shift();
    if (next) next();
    else this.#leaving--;
  }
}
