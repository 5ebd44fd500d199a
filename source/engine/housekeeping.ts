// Housekeeping: what an engine does because time passes: rates, limits of seeding, the queue, the disk, holders, saving.
import { StorageError } from "../storage/errors.ts";
import { SUSPENDED_MS } from "../swarm/limits.ts";
import type { Doctor } from "./doctor.ts";
import { DISK_RETRY_MS, HEALTH_MINUTES, HOLDERS_MS, LATE_LOOP_MS, SAVE_MS } from "./limits.ts";
import type { News } from "./news.ts";
import type { PeerFinder } from "./peer-finder.ts";
import { RateHistory } from "./rate-history.ts";
import { seedLimitOf } from "./seed-limit.ts";
import type { Entry, TransferBook } from "./transfer-book.ts";

export interface HousekeepingOptions {
  readonly book: TransferBook;
  readonly finder: Pick<PeerFinder, "findMissing">;
  readonly news: Pick<News, "report" | "emit">;
  readonly doctor: Pick<Doctor, "endMinute">;
  /** How the engine does, for whoever listens. */
  readonly health: () => ReturnType<Doctor["report"]>;
  /** Downloads may have to wait, or need not any more. */
  readonly queueChanged: () => void;
  /** A second is over; `moved`: something that is shown has changed. */
  readonly secondEnded: (moved: boolean) => void;
  readonly lookAtDisk: () => void;
  /** A disk may be there again. */
  readonly bringBack: () => void;
  /** The machine may have slept. */
  readonly woke: () => void;
}

const DISK_MS = 5_000;

export class Housekeeping {
  /** Of all transfers together. */
  readonly history = new RateHistory();
  readonly #options: HousekeepingOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Wall time of the last second: monotonic time stands still while a machine sleeps. */
  #secondAt = 0;
  /** Minutes since it began. */
  #minutes = 0;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    const { book, finder, lookAtDisk, bringBack, secondEnded } = this.#options;
    this.#secondAt = Date.now();
    this.#every(1_000, () => secondEnded(this.#endSecond()));
    this.#every(DISK_MS, lookAtDisk);
    this.#every(DISK_RETRY_MS, bringBack);
    this.#every(60_000, () => this.#endMinute());
    this.#every(HOLDERS_MS, () => finder.findMissing());
    this.#every(SAVE_MS, () => void book.saveChanged());
  }

  stop(): void {
    this.#timers.forEach(clearInterval);
  }

  #every(intervalMs: number, action: () => void): void {
    this.#timers.push(setInterval(action, intervalMs).unref());
  }

  #endMinute(): void {
    const { doctor, news, health } = this.#options;
    const { p99 } = doctor.endMinute();
    this.#minutes++;
    if (p99 <= LATE_LOOP_MS && this.#minutes % HEALTH_MINUTES !== 0) return;
    news.emit({ event: "health", ...health() });
  }

  /** Says whether anything that is shown changed. */
  #endSecond(): boolean {
    let down = 0;
    let up = 0;
    for (const entry of this.#options.book.entries.values()) {
      const moved = entry.transfer.endSecond();
      down += moved.down;
      up += moved.up;
      this.#countSeeding(entry);
    }
    this.#options.queueChanged();
    const now = Date.now();
    if (now - this.#secondAt > SUSPENDED_MS) this.#options.woke();
    this.#secondAt = now;
    return this.history.endSecond(down, up);
  }

  /** One more second of seeding; it ends at the limit that a person set. */
  #countSeeding(entry: Entry): void {
    const { book, news } = this.#options;
    const { transfer, settings } = entry;
    if (!transfer.isDone || transfer.mode === "paused") return;
    const seededSeconds = settings.seededSeconds + 1;
    entry.settings = { ...settings, seededSeconds };
    const why = seedLimitOf(entry);
    if (why === undefined) return;
    news.report("notice", `${transfer.metainfo.name} is paused: ${why}`);
    entry.log.add(`paused: ${why}`, Date.now());
    // Also when it cannot be remembered.
    void transfer.setMode("paused");
    void book.setMode(entry, "paused").catch((error: unknown) => {
      if (!(error instanceof StorageError)) throw error;
      news.report("problem", error.message);
    });
  }
}
