// ResumeJournal: what of a torrent is on disk, kept so that neither kill -9 nor a power cut makes it claim too much or lose much.
// The bytes are described in journal-format.ts.
import { type FileHandle, readFile, stat } from "node:fs/promises";
import type { Bitfield } from "../metainfo/bitfield.ts";
import { concatBytes } from "../protocol/bencode.ts";
import { replaceFile } from "./atomic-write.ts";
import { toStorageError } from "./errors.ts";
import {
  decodeJournal,
  encodeHeader,
  encodeRecord,
  type JournalIdentity,
  type JournalRecord,
  type JournalState,
} from "./journal-format.ts";
import { writeFully } from "./piece-io.ts";

/** What a journal of before says, seen from this boot. */
export interface RecoveredJournal {
  /** Held unless the files were changed behind us. */
  readonly held: Bitfield;
  /** To be hashed before they count. */
  readonly suspect: Bitfield;
  readonly synced: Bitfield;
  /** Was a file changed by somebody else since? */
  readonly isForeign: (file: FileChange) => boolean;
}

/** When a file was changed last, milliseconds since 1970 by the clock of its disk, and on which disk it lies. */
export interface FileChange {
  readonly ctimeMs: number;
  readonly dev: number;
}

/**
 * A journal that nobody closed (kill -9) says of the last change of our own only that a record of it was about to follow. By the clock
 * of one disk that took 8 ms at most in 60 kills, with another program writing all the disk takes, too; this is left to slower ones.
 * Whatever somebody else changes within it is not noticed: it cannot be told from a piece that was written and never recorded.
 */
const UNRECORDED_MS = 2_000;

/** The same where the data lies on another disk, which may have a clock of its own; and after a loss of power, which loses times, too. */
const UNRECORDED_ELSEWHERE_MS = 10_000;

/**
 * Reads the journal at `file`; undefined when there is none, or none that can be used.
 * A piece that was written and not synced is held when the machine has not started anew since (the page cache outlives a process),
 * and else suspect. Throws StorageError when the file is there and cannot be read.
 */
export async function recoverJournal(
  file: string,
  identity: JournalIdentity,
  bootId: string,
): Promise<RecoveredJournal | undefined> {
  const { bytes, writtenAtMs, dev } = await readJournal(file);
  const decoded = decodeJournal(bytes, identity);
  if (!decoded) return undefined;
  const { synced, written, suspect } = decoded;
  const isSameBoot = decoded.bootId === bootId;
  const isForeign = (file: FileChange) => {
    const patienceMs = isSameBoot && file.dev === dev ? UNRECORDED_MS : UNRECORDED_ELSEWHERE_MS;
    return file.ctimeMs > (decoded.changedAtMs || writtenAtMs + patienceMs);
  };
  if (isSameBoot) return { held: written, suspect, synced, isForeign };
  for (const piece of written.held()) if (!synced.get(piece)) suspect.set(piece);
  return { held: synced.clone(), suspect, synced, isForeign };
}

async function readJournal(file: string): Promise<{ bytes: Uint8Array; writtenAtMs: number; dev: number }> {
  try {
    const { mtimeMs, dev } = await stat(file);
    return { bytes: await readFile(file), writtenAtMs: mtimeMs, dev };
  } catch (error) {
    const failure = toStorageError(error, file);
    if (failure.code === "missing") return { bytes: new Uint8Array(), writtenAtMs: 0, dev: 0 };
    throw failure;
  }
}

/**
 * Records of pieces are appended at most so often: at 500 pieces a second an append for each cost 0.2 s of CPU a GiB. A piece is held,
 * and its buffer free, only when its record is there: a longer wait would cost memory and the swarm's time.
 */
const GATHER_MS = 5;

export interface JournalOptions {
  readonly file: string;
  readonly identity: JournalIdentity;
  readonly bootId: string;
}

/**
 * A journal to be written. Its records are appended in the order in which they are asked for. The file of before
 * stays until there is something to write: a thousand torrents that only share cost no write at the start.
 */
export class ResumeJournal {
  readonly #options: JournalOptions;
  #handle: FileHandle | undefined;
  #header: { readonly bytes: Uint8Array; readonly crc: number };
  #crc = 0;
  #offset = 0;
  #records = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** Syncs that run: the file stays open until they are over. */
  #syncing: Promise<unknown> = Promise.resolve();
  /** Records that wait to be appended together, oldest first, and who waits for those of `gather`. */
  #gathered: JournalRecord[] = [];
  #waiting: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #appendedAtMs = Number.NEGATIVE_INFINITY;

  /** Its file will begin with `state` as it is now. */
  constructor(options: JournalOptions, state: JournalState) {
    this.#options = options;
    this.#header = encodeHeader(options.identity, options.bootId, state);
  }

  /** Is there a file of ours? */
  get isBegun(): boolean {
    return this.#handle !== undefined;
  }

  /** Records appended so far: what a later `synced` record counts in. */
  get records(): number {
    return this.#records;
  }

  /** A file is about to be written to: from here on the journal is one that nobody closed. Throws StorageError. */
  async begin(): Promise<void> {
    if (!this.#handle) await this.#inTurn(async () => void (this.#handle ?? (await this.#begin())));
  }

  /**
   * Appends records, behind all that were gathered; resolves when they are written, with `sync` when they are safe from a loss of power.
   * When they cannot be written the next records take their place. Throws StorageError.
   */
  append(records: readonly JournalRecord[], sync = false): Promise<void> {
    this.#gathered.push(...records);
    return this.#appendGathered(sync);
  }

  /** As `append`, of a record that may wait for others: for 5 ms at most, and not at all when the last append is that long ago. */
  gather(record: JournalRecord): Promise<void> {
    const waitMs = this.#appendedAtMs + GATHER_MS - performance.now();
    if (waitMs <= 0) return this.append([record]);
    this.#gathered.push(record);
    this.#timer ??= setTimeout(() => void this.#appendGathered(), waitMs);
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  /**
   * Replaces the file by one that holds `state` and no records; it is on disk when this resolves. `changedAtMs`: when a file was
   * changed last, if nothing is written any more. Throws StorageError.
   */
  compact(state: JournalState, changedAtMs?: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#header = encodeHeader(this.#options.identity, this.#options.bootId, state, changedAtMs);
      await this.#begin();
    });
  }

  /** What was gathered is written before. */
  async close(): Promise<void> {
    if (this.#timer) await this.#appendGathered().catch(() => undefined);
    await this.#turn;
    await this.#closeFile();
  }

  /** Rejections reach who waits for the records, also when a timer calls this. */
  #appendGathered(sync = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#appendedAtMs = performance.now();
    const records = this.#gathered;
    this.#gathered = [];
    let syncing: Promise<void> | undefined;
    const done = this.#inTurn(async () => {
      await this.#write(records);
      if (sync) syncing = this.#sync();
    });
    this.#waiting?.resolve(done);
    this.#waiting = undefined;
    return sync ? done.then(() => syncing) : done;
  }

  /** Outside of all turns: on a slow disk the records of pieces, and with them the download, would stand still every second. */
  #sync(): Promise<void> {
    const syncing = this.#handle!.datasync().catch((error: unknown) => {
      throw toStorageError(error, this.#options.file);
    });
    this.#syncing = Promise.allSettled([this.#syncing, syncing]);
    return syncing;
  }

  async #closeFile(): Promise<void> {
    await this.#syncing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(action);
    this.#turn = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      throw toStorageError(error, this.#options.file);
    }
  }

  async #begin(): Promise<FileHandle> {
    const handle = await replaceFile(this.#options.file, this.#header.bytes);
    await this.#closeFile();
    this.#handle = handle;
    this.#crc = this.#header.crc;
    this.#offset = this.#header.bytes.length;
    this.#records = 0;
    return handle;
  }

  async #write(records: readonly JournalRecord[]): Promise<void> {
    const handle = this.#handle ?? (await this.#begin());
    let crc = this.#crc;
    const bytes = concatBytes(
      records.map((record) => {
        const encoded = encodeRecord(record, crc);
        crc = encoded.crc;
        return encoded.bytes;
      }),
    );
    await writeFully(handle, bytes, this.#offset);
    this.#crc = crc;
    this.#offset += bytes.length;
    this.#records += records.length;
  }
}
