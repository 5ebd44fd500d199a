// AnnouncePace: the announces of all torrents together, at a pace that trackers bear. A thousand torrents are due at once when an engine starts, or
// when its machine has slept.
import { FewAtOnce } from "./few-at-once.ts";

/** So many a second, and so many at once after a pause: below what sta-tracker takes of one address (10 and 50), and others less. */
const ANNOUNCES_PER_SECOND = 5;
const ANNOUNCE_BURST = 20;

/** Announces of torrents that leave all at once, when an engine stops, that may be under way: as libtorrent. */
const MAX_LEAVING = 50;

const GAP_MS = 1_000 / ANNOUNCES_PER_SECOND;

export class AnnouncePace {
  /** Those that leave. */
  readonly leaving = new FewAtOnce(MAX_LEAVING);
  /** When the last of those that were let go would have gone without a burst. */
  #lastAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds until one more may leave, which it then does. `now` in milliseconds, monotonic. */
  waitMs(now: number): number {
    this.#lastAt = Math.max(this.#lastAt, now - ANNOUNCE_BURST * GAP_MS) + GAP_MS;
    return Math.max(0, this.#lastAt - now);
  }
}
