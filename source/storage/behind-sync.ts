// BehindSync: makes what was written survive a loss of power, at most once a second, beside the download.
import { type StorageError, storageError, toStorageError } from "./errors.ts";
import type { PieceClaims } from "./piece-claims.ts";
import type { TorrentFiles } from "./torrent-files.ts";

/** A sync costs the disk, not the download: it runs beside it, at most so often. What a power cut may cost is this long. */
const SYNC_INTERVAL_MS = 1_000;

export interface BehindSyncOptions {
  readonly files: TorrentFiles;
  readonly claims: PieceClaims;
  /** Another file stands where we wrote: what was held of it is suspect. */
  readonly distrust: (place: number) => Promise<void>;
  /** A sync in the background failed. */
  readonly onProblem: (error: StorageError) => void;
}

export class BehindSync {
  readonly #options: BehindSyncOptions;
  /** Places written since the last sync. */
  #dirty = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  /** The kernel may have dropped what it could not write: nothing is claimed to be safe any more. */
  #failed = false;
  #stopped = false;

  constructor(options: BehindSyncOptions) {
    this.#options = options;
  }

  /** These places were written to, or hold what no sync is known to have covered. */
  touch(places: Iterable<number>): void {
    for (const place of places) this.#dirty.add(place);
    if (this.#stopped || this.#failed || this.#timer || this.#dirty.size === 0) return;
    this.#timer = setTimeout(() => {
      this.now().catch((error: unknown) => this.#options.onProblem(error as StorageError));
    }, SYNC_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Syncs what was written until now, behind a sync that runs. Throws StorageError; `changed` when a file is not ours any more. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const turn = this.#running.then(() => this.#sync());
    this.#running = turn.catch(() => undefined);
    await turn;
  }

  /** No sync begins by itself any more; resolves when none runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** First the data and its names, then the record that says so. */
  async #sync(): Promise<void> {
    if (this.#dirty.size === 0 || this.#failed) return;
    const { files, claims, distrust } = this.#options;
    const dirty = this.#dirty;
    this.#dirty = new Set();
    const { records } = claims;
    const covered = claims.held.clone();
    let replaced: number | undefined;
    try {
      for await (const place of files.sync(dirty)) await distrust((replaced = place));
      await files.syncNames();
      await claims.markSynced(records, covered);
    } catch (error) {
      const failure = toStorageError(error, files.path);
      if (failure.code === "io") this.#failed = true;
      for (const place of dirty) this.#dirty.add(place);
      throw failure;
    }
    if (replaced !== undefined) throw storageError("changed", files.pathOf(replaced));
  }
}
