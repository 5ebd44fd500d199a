// PieceClaims: which pieces are held, which are suspect, and the journal that says so after the end of the process.
import { Bitfield } from "../metainfo/bitfield.ts";
import type { JournalState } from "./journal-format.ts";
import { type RecoveredJournal, ResumeJournal, type JournalOptions } from "./resume-journal.ts";

export class PieceClaims {
  /** Pieces that are on disk and in the journal. */
  readonly held: Bitfield;
  /** Pieces that may be on disk and must be hashed before they count. */
  readonly suspect: Bitfield;
  /** Pieces that survive a loss of power. */
  readonly synced: Bitfield;
  readonly #journal: ResumeJournal;
  /** Pieces whose records are on their way. */
  readonly #claiming = new Set<number>();

  constructor(options: JournalOptions, { written, suspect, synced }: JournalState) {
    this.held = written;
    this.suspect = suspect;
    this.synced = synced;
    this.#journal = new ResumeJournal(options, { written, suspect, synced });
  }

  /** Records in the journal so far: what `markSynced` counts in. */
  get records(): number {
    return this.#journal.records;
  }

  /** Was `begin` called? */
  get isBegun(): boolean {
    return this.#journal.isBegun;
  }

  /** To be called before any file is written to. Throws StorageError. */
  begin(): Promise<void> {
    return this.#journal.begin();
  }

  /**
   * A piece was written; when this resolves it is held, and its record in the journal. False when it was distrusted meanwhile.
   * Throws StorageError.
   */
  async wrote(index: number): Promise<boolean> {
    this.#claiming.add(index);
    try {
      await this.#journal.gather({ type: "written", value: index });
      if (!this.#claiming.has(index)) return false;
      this.held.set(index);
      this.suspect.clear(index);
      return true;
    } finally {
      this.#claiming.delete(index);
    }
  }

  /** Brings pieces in line with what was found on disk; resolves to those held that were not before. Throws StorageError. */
  async settle(indexes: Iterable<number>, onDisk: Bitfield): Promise<readonly number[]> {
    const changed = [...indexes].filter(
      (index) => this.held.get(index) !== onDisk.get(index) || this.suspect.get(index),
    );
    if (changed.length === 0) return [];
    await this.#journal.append(changed.map((value) => ({ type: onDisk.get(value) ? "written" : "lost", value })));
    for (const index of changed) {
      this.suspect.clear(index);
      if (onDisk.get(index)) {
        this.held.set(index);
      } else {
        this.held.clear(index);
        this.synced.clear(index);
      }
    }
    return changed.filter((index) => onDisk.get(index));
  }

  /** What was held of these must be hashed before it counts again; resolves to whether any was. Throws StorageError; it is doubted all the same. */
  async distrust(indexes: Iterable<number>): Promise<boolean> {
    const lost: number[] = [];
    for (const index of indexes) {
      const isClaimed = this.held.clear(index) || this.#claiming.delete(index);
      if (!isClaimed) continue;
      this.synced.clear(index);
      this.suspect.set(index);
      lost.push(index);
    }
    if (lost.length > 0) await this.#journal.append(lost.map((value) => ({ type: "lost", value })));
    return lost.length > 0;
  }

  /** The bytes of `covered`, which the first `records` records tell of, are safe from a loss of power; so is this word of it. Throws StorageError. */
  async markSynced(records: number, covered: Bitfield): Promise<void> {
    await this.#journal.append([{ type: "synced", value: records }], true);
    this.synced.addCommon(covered, this.held);
  }

  /** Writes the journal anew, without its history. `changedAtMs`: when a file was changed last, if none is from here on. Throws StorageError. */
  compact(changedAtMs?: number): Promise<void> {
    return this.#journal.compact({ synced: this.synced, written: this.held, suspect: this.suspect }, changedAtMs);
  }

  /** Compacts a journal that was written to, unless all is removed anyway, and closes it. Throws StorageError. */
  async close(end: { readonly changedAtMs: number | undefined } | "removed"): Promise<void> {
    try {
      if (end !== "removed" && this.#journal.isBegun) await this.compact(end.changedAtMs);
    } finally {
      await this.#journal.close();
    }
  }
}

/** What is known before anybody looks at the files: the journal's word, or that all was just hashed, or that anything may lie there. */
export function knownState(
  pieceCount: number,
  { recovered, justHashed }: { readonly recovered: RecoveredJournal | undefined; readonly justHashed: boolean },
): JournalState {
  if (recovered) return { written: recovered.held, suspect: recovered.suspect, synced: recovered.synced };
  const none = () => Bitfield.empty(pieceCount);
  if (justHashed) return { written: Bitfield.full(pieceCount), suspect: none(), synced: none() };
  return { written: none(), suspect: Bitfield.full(pieceCount), synced: none() };
}
