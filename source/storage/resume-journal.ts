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

/** What a journal of before says, seen from this boot. */
export interface RecoveredJournal {
  /** Held unless the files were changed behind us. */
  readonly held: Bitfield;
  /** To be hashed before they count. */
  readonly suspect: Bitfield;
  readonly synced: Bitfield;
  /** Wall time of its last change, milliseconds since 1970. */
  readonly writtenAtMs: number;
}

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
  const { bytes, writtenAtMs } = await readJournal(file);
  const decoded = decodeJournal(bytes, identity);
  if (!decoded) return undefined;
  const { synced, written, suspect } = decoded;
  if (decoded.bootId === bootId) return { held: written, suspect, synced, writtenAtMs };
  for (const piece of written.held()) if (!synced.get(piece)) suspect.set(piece);
  return { held: synced.clone(), suspect, synced, writtenAtMs };
}

async function readJournal(file: string): Promise<{ bytes: Uint8Array; writtenAtMs: number }> {
  try {
    return { bytes: await readFile(file), writtenAtMs: (await stat(file)).mtimeMs };
  } catch (error) {
    const failure = toStorageError(error, file);
    if (failure.code === "missing") return { bytes: new Uint8Array(), writtenAtMs: 0 };
    throw failure;
  }
}

/** A journal open for writing. Its records are appended one behind the other, however many are asked for at once. */
export class ResumeJournal {
  readonly #file: string;
  readonly #identity: JournalIdentity;
  readonly #bootId: string;
  #handle: FileHandle;
  #crc: number;
  #offset: number;
  #records = 0;
  #appending: Promise<unknown> = Promise.resolve();

  private constructor(options: JournalOptions, handle: FileHandle, header: { bytes: Uint8Array; crc: number }) {
    this.#file = options.file;
    this.#identity = options.identity;
    this.#bootId = options.bootId;
    this.#handle = handle;
    this.#crc = header.crc;
    this.#offset = header.bytes.length;
  }

  /** Begins the journal at `file` with `state`, in place of the one there was. Throws StorageError. */
  static async create(options: JournalOptions, state: JournalState): Promise<ResumeJournal> {
    const header = encodeHeader(options.identity, options.bootId, state);
    try {
      return new ResumeJournal(options, await replaceFile(options.file, header.bytes), header);
    } catch (error) {
      throw toStorageError(error, options.file);
    }
  }

  /** Records appended so far: what a later `synced` record counts in. */
  get records(): number {
    return this.#records;
  }

  /** Appends records; resolves when they are written. After a failure the next records take the place of these. Throws StorageError. */
  async append(records: readonly JournalRecord[], sync = false): Promise<void> {
    const turn = this.#appending.then(() => this.#write(records, sync));
    this.#appending = turn.catch(() => undefined);
    await turn;
  }

  /** Replaces all records by `state`. The caller appends nothing meanwhile. Throws StorageError. */
  async compact(state: JournalState): Promise<void> {
    await this.#appending;
    const header = encodeHeader(this.#identity, this.#bootId, state);
    try {
      const handle = await replaceFile(this.#file, header.bytes);
      await this.#handle.close();
      this.#handle = handle;
      this.#crc = header.crc;
      this.#offset = header.bytes.length;
      this.#records = 0;
    } catch (error) {
      throw toStorageError(error, this.#file);
    }
  }

  async close(): Promise<void> {
    await this.#appending;
    await this.#handle.close();
  }

  async #write(records: readonly JournalRecord[], sync: boolean): Promise<void> {
    let crc = this.#crc;
    const bytes = concatBytes(
      records.map((record) => {
        const encoded = encodeRecord(record, crc);
        crc = encoded.crc;
        return encoded.bytes;
      }),
    );
    try {
      for (let done = 0; done < bytes.length;) {
        done += (await this.#handle.write(bytes, done, bytes.length - done, this.#offset + done)).bytesWritten;
      }
      if (sync) await this.#handle.datasync();
    } catch (error) {
      throw toStorageError(error, this.#file);
    }
    this.#crc = crc;
    this.#offset += bytes.length;
    this.#records += records.length;
  }
}

export interface JournalOptions {
  readonly file: string;
  readonly identity: JournalIdentity;
  readonly bootId: string;
}
