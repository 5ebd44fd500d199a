// Orders what happens, and hands each change on in that order: here for one tracker, in redis-ledger.ts for several that are one.
import type { Change } from "./changes.ts";
import type { Swarms } from "./swarms.ts";

export interface Ledger {
  /** Has `load` list the stored torrents, and begins to apply what is recorded. */
  open(swarms: Swarms, load: () => Promise<void>): Promise<void>;
  /** Resolves when the change was applied here, which is at once when there is one tracker only. Never rejects. */
  record(change: Change): Promise<void>;
  /** What keeps it from recording now, in a sentence. */
  trouble(): string | undefined;
  /** Says that this tracker is gone. Nothing is recorded any longer. */
  close(): Promise<void>;
}

export class LocalLedger implements Ledger {
  #swarms: Swarms | undefined;

  open(swarms: Swarms, load: () => Promise<void>): Promise<void> {
    this.#swarms = swarms;
    return load();
  }

  record(change: Change): Promise<void> {
    this.#swarms?.apply(change);
    return Promise.resolve();
  }

  trouble(): undefined {
    return undefined;
  }

  close(): Promise<void> {
    this.#swarms = undefined;
    return Promise.resolve();
  }
}
