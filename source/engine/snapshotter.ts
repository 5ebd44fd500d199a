// Snapshotter: the engine as plain values, at most four times a second, and only while something changes.
import type { CatalogueRow, EngineStatus, Snapshot, TrackerStatus, TransferRow } from "../control/contract.ts";
import { displayText } from "../protocol/display-text.ts";
import type { InfoHashHex } from "../protocol/ids.ts";
import type { BroadcastLog } from "./broadcast-log.ts";
import { SNAPSHOT_MS } from "./limits.ts";
import type { TrackerLinks } from "./tracker-links.ts";
import type { TransferBook } from "./transfer-book.ts";

export interface SnapshotSources {
  readonly engine: (now: number) => EngineStatus;
  readonly transfers: (now: number) => readonly TransferRow[];
  readonly links: TrackerLinks;
  readonly book: TransferBook;
  readonly log: BroadcastLog;
}

export class Snapshotter {
  readonly #sources: SnapshotSources;
  readonly #listeners = new Set<() => void>();
  #latest: Snapshot | undefined;
  #builtAt = 0;
  #dirty = true;
  #timer: NodeJS.Timeout | undefined;
  #catalogue: readonly CatalogueRow[] = [];
  #catalogueDirty = true;

  constructor(sources: SnapshotSources) {
    this.#sources = sources;
  }

  /** The latest; made anew when what it shows has changed and nobody hears of that four times a second anyway. */
  get(): Snapshot {
    const now = performance.now();
    const isDue = this.#listeners.size === 0 || now - this.#builtAt >= SNAPSHOT_MS;
    if (!this.#latest || (this.#dirty && isDue)) this.#build(now);
    return this.#latest!;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#arm();
    return () => this.#listeners.delete(listener);
  }

  /** Something that is shown has changed. */
  changed(): void {
    this.#dirty = true;
    this.#arm();
  }

  /** The catalogue, or our part in it, has changed. */
  catalogueChanged(): void {
    this.#catalogueDirty = true;
    this.changed();
  }

  /** Something happened that nobody should wait for: listeners hear of it now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#build(performance.now());
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #arm(): void {
    if (this.#timer || !this.#dirty || this.#listeners.size === 0) return;
    const wait = Math.max(0, this.#builtAt + SNAPSHOT_MS - performance.now());
    this.#timer = setTimeout(() => this.flush(), wait).unref();
  }

  #build(now: number): void {
    const { engine, transfers, links, log } = this.#sources;
    this.#dirty = false;
    this.#builtAt = now;
    this.#latest = keepIdentity(this.#latest, {
      engine: engine(now),
      trackers: links.statuses(now),
      catalogue: this.#catalogueRows(),
      transfers: transfers(now),
      broadcasts: log.rows,
    });
  }

  #catalogueRows(): readonly CatalogueRow[] {
    if (!this.#catalogueDirty) return this.#catalogue;
    this.#catalogueDirty = false;
    const before = new Map(this.#catalogue.map((row) => [`${row.infoHash} ${row.tracker}`, row]));
    this.#catalogue = Array.from(this.#sources.links.entries(), ({ entry, tracker }) => {
      const row: CatalogueRow = {
        ...entry,
        name: displayText(entry.name),
        tracker: displayText(tracker),
        ours: this.#ours(entry.infoHash),
      };
      const old = before.get(`${row.infoHash} ${row.tracker}`);
      return old && isSameRow(old, row) ? old : row;
    });
    return this.#catalogue;
  }

  #ours(infoHash: InfoHashHex): CatalogueRow["ours"] {
    const transfer = this.#sources.book.get(infoHash)?.transfer;
    if (!transfer) return "none";
    return transfer.isComplete ? "complete" : "transferring";
  }
}

/** Parts that are equal to those of before are those of before. */
function keepIdentity(before: Snapshot | undefined, after: Snapshot): Snapshot {
  if (!before) return after;
  return {
    engine: isSameRow(before.engine, after.engine) ? before.engine : after.engine,
    trackers: keepRows<TrackerStatus>(before.trackers, after.trackers),
    catalogue: keepRows(before.catalogue, after.catalogue),
    transfers: keepRows(before.transfers, after.transfers),
    broadcasts: after.broadcasts,
  };
}

function keepRows<Row extends object>(before: readonly Row[], after: readonly Row[]): readonly Row[] {
  if (before === after) return before;
  const rows = after.map((row, i) => (before[i] && before[i] !== row && isSameRow(before[i], row) ? before[i] : row));
  return rows.length === before.length && rows.every((row, i) => row === before[i]) ? before : rows;
}

function isSameRow(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
