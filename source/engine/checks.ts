// Checks: what lies on the disk is hashed, one check of a transfer at a time.
import { StorageError } from "../storage/errors.ts";
import type { TorrentStorage } from "../storage/torrent-storage.ts";

export interface ChecksOptions {
  readonly storage: Pick<TorrentStorage, "check" | "suspect">;
  /** One begins: resolves when nothing is asked for, read or written any more. */
  readonly begun: () => Promise<void>;
  /** It is over: what is held may be something else than before. `problem`: the disk does not give what is there. */
  readonly ended: (problem: StorageError | undefined) => Promise<void>;
  /** Some more pieces were hashed. */
  readonly progressed: () => void;
}

export class Checks {
  readonly #options: ChecksOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #isOfAll = false;
  #checkedPieces: number | undefined;

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /** Pieces hashed by the check that runs; undefined: none runs. */
  get checkedPieces(): number | undefined {
    return this.#checkedPieces;
  }

  /**
   * Hashes all pieces or `only` some. A check that runs is waited for instead; one of some pieces before one of all. Nothing once it is
   * closed.
   */
  async run(only?: readonly number[]): Promise<void> {
    if (!only) while (this.#running && !this.#isOfAll) await this.#running;
    if (this.#ending.signal.aborted) return;
    if (!this.#running) this.#isOfAll = !only;
    this.#running ??= this.#run(only).finally(() => (this.#running = undefined));
    await this.#running;
  }

  /** Files were changed behind our back: what the storage doubts is hashed again, all of it if it cannot say. */
  async ofSuspects(): Promise<void> {
    const { suspect } = this.#options.storage;
    if (this.#running) {
      await this.#running;
      // It looked at all that was in doubt.
      if (suspect.isEmpty) return;
    }
    await this.run(suspect.isEmpty ? undefined : [...suspect.held()]);
  }

  /** Resolves when none runs. */
  async over(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Ends the one that runs, and begins no other. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(only: readonly number[] | undefined): Promise<void> {
    const { storage, begun, ended } = this.#options;
    let problem: StorageError | undefined;
    this.#checkedPieces = 0;
    try {
      await begun();
      await this.#hash(only);
      // What was being read when it began may have found more.
      while (!storage.suspect.isEmpty) await this.#hash([...storage.suspect.held()]);
    } catch (error) {
      if (!(error instanceof StorageError)) {
        if (this.#ending.signal.aborted) return;
        throw error;
      }
      problem = error;
    } finally {
      this.#checkedPieces = undefined;
    }
    if (!this.#ending.signal.aborted) await ended(problem);
  }

  async #hash(only: readonly number[] | undefined): Promise<void> {
    await this.#options.storage.check({
      onProgress: (checked) => {
        this.#checkedPieces = checked;
        this.#options.progressed();
      },
      signal: this.#ending.signal,
      ...(only && { only }),
    });
  }
}
