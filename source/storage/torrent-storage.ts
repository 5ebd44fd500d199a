// TorrentStorage: one torrent on disk. Pieces are verified off the main thread, written in place, and claimed only when they are there.
import { type FileHandle, rm } from "node:fs/promises";
import { Bitfield } from "../metainfo/bitfield.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import type { FileSegment, PieceLayout } from "../metainfo/piece-layout.ts";
import { readBootId } from "./boot-id.ts";
import { diskPaths, inspectFiles } from "./disk-files.ts";
import { StorageError, storageError, toStorageError } from "./errors.ts";
import type { JournalRecord } from "./journal-format.ts";
import type { FilePart } from "./file-hasher.ts";
import type { HashWorkers } from "./hash-workers.ts";
import { KnownFiles } from "./known-files.ts";
import { OpenFiles } from "./open-files.ts";
import { hashPieces } from "./piece-hashing.ts";
import { readFully, writeFully } from "./piece-io.ts";
import { type RecoveredJournal, recoverJournal, ResumeJournal } from "./resume-journal.ts";
import { SafeFolder } from "./safe-open.ts";

/** A sync costs the disk, not the download: it runs beside it, at most so often. What a power cut may cost is this long. */
const SYNC_INTERVAL_MS = 1_000;

export interface TorrentStorageOptions {
  readonly metainfo: Metainfo;
  readonly layout: PieceLayout;
  /** Where the file, or the torrent's own folder, lies. */
  readonly folder: string;
  /** One for each torrent, in the state folder. */
  readonly journalFile: string;
  /** The budget of descriptors that all torrents share. */
  readonly openFiles?: OpenFiles;
  /** The hashing threads that all torrents share. */
  readonly hashWorkers: HashWorkers;
  /** The caller has just hashed every piece (`hash-files.ts`): all are held, and the journal of before does not count. */
  readonly justHashed?: boolean;
  /** Data that was held and is gone altogether is fetched again, instead of a StorageError `missing`. */
  readonly acceptMissing?: boolean;
  /**
   * Told of what went wrong in the background: a sync failed or found a file that is not ours any more (`changed`, its pieces
   * `suspect`), or an empty file of a whole torrent could not be made.
   */
  readonly onProblem?: (error: StorageError) => void;
}

/** A file that we write to; another object when another file stands under its name. */
interface WrittenFile {
  readonly ino: number;
  /** The last one that was seen to have the file's full length. */
  handle: FileHandle;
}

export interface CheckOptions {
  /** Called after each piece with how many were checked. */
  readonly onProgress?: (checkedPieces: number) => void;
  readonly signal?: AbortSignal;
  /** All pieces by default. */
  readonly only?: Iterable<number>;
}

export class TorrentStorage {
  /** Pieces that are on disk and in the journal. Read only for others. */
  readonly held: Bitfield;
  /** Pieces that may be on disk and must be hashed before they count: `check({ only: suspect.held() })`. Read only for others. */
  readonly suspect: Bitfield;
  readonly #options: TorrentStorageOptions;
  readonly #layout: PieceLayout;
  readonly #folder: SafeFolder;
  readonly #paths: readonly (readonly string[])[];
  readonly #journal: ResumeJournal;
  readonly #openFiles: OpenFiles;
  readonly #keyPrefix: string;
  readonly #synced: Bitfield;
  /** Files that we wrote to and gave their full length. */
  readonly #written = new Map<number, WrittenFile>();
  readonly #known = new KnownFiles();
  /** Files written since the last sync. */
  #dirty = new Set<number>();
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #syncFailed = false;
  #closed = false;

  private constructor(parts: {
    options: TorrentStorageOptions;
    folder: SafeFolder;
    paths: readonly (readonly string[])[];
    journal: ResumeJournal;
    held: Bitfield;
    suspect: Bitfield;
    synced: Bitfield;
  }) {
    this.#options = parts.options;
    this.#layout = parts.options.layout;
    this.#folder = parts.folder;
    this.#paths = parts.paths;
    this.#journal = parts.journal;
    this.#openFiles = parts.options.openFiles ?? new OpenFiles();
    this.#keyPrefix = `${parts.options.journalFile}\0`;
    this.held = parts.held;
    this.suspect = parts.suspect;
    this.#synced = parts.synced;
  }

  /**
   * Opens the torrent's data: reads the journal, creates the folder if nothing was held, compares with the files. Nothing is hashed.
   * Files are created when their first piece is written, and empty ones with the last.
   * Throws StorageError; `missing` when data was held and all of it is gone (an unmounted disk), with the journal left as it is.
   */
  static async open(options: TorrentStorageOptions): Promise<TorrentStorage> {
    const { metainfo, layout } = options;
    const identity = { infoHash: metainfo.infoHash, pieceCount: layout.pieceCount };
    const bootId = await readBootId();
    const recovered = options.justHashed ? undefined : await recoverJournal(options.journalFile, identity, bootId);
    const folder = new SafeFolder(options.folder);
    // What was held lies in a folder that is there: an unmounted disk's is not made anew.
    await folder.enter({ create: options.acceptMissing || !recovered || recovered.held.isEmpty });
    const paths = await diskPaths(metainfo, folder);
    const { held, suspect, synced } = await initialState(options, recovered, { folder, paths });
    const journal = new ResumeJournal(
      { file: options.journalFile, identity, bootId },
      { synced, written: held, suspect },
    );
    if (options.justHashed) await journal.compact({ synced, written: held, suspect });
    const storage = new TorrentStorage({ options, folder, paths, journal, held, suspect, synced });
    // Pieces known from the journal of before, or from hashing, that no sync has covered yet.
    if (synced.count < held.count) storage.#markDirty(held);
    // The process may have ended between the last piece and these.
    if (held.isFull) await storage.#createEmptyFiles().catch((error: unknown) => storage.#report(error));
    return storage;
  }

  /** Absolute path of the torrent's file, or of its own folder: what a person looks for. */
  get path(): string {
    return this.#folder.resolve(this.#paths[0]!.slice(0, 1));
  }

  /** Bytes that lie under the names of the torrent's files, whatever they are. Throws StorageError. */
  async bytesThere(): Promise<number> {
    let bytes = 0;
    for (const path of this.#paths) bytes += (await this.#folder.stat(path))?.size ?? 0;
    return bytes;
  }

  /** Is this the piece that the metainfo describes? Hashed beside the main thread; `bytes` must not change meanwhile. */
  async verify(index: number, bytes: Uint8Array): Promise<boolean> {
    if (bytes.length !== this.#layout.pieceLengthAt(index)) return false;
    const { hashWorkers, metainfo } = this.#options;
    return isHash(await hashWorkers.sha1(bytes), metainfo.pieceHashes, index);
  }

  /**
   * Writes a verified piece to its files and then into the journal; resolves when both are done, and only then it is held.
   * `bytes` must not change meanwhile. Throws StorageError; the piece may then be written again.
   */
  async write(index: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length !== this.#layout.pieceLengthAt(index)) {
      throw new RangeError(
        `piece ${index}: expected ${this.#layout.pieceLengthAt(index)} bytes, received ${bytes.length}`,
      );
    }
    const segments = this.#layout.filesOfPiece(index);
    const written: WrittenFile[] = [];
    for (const { file, fileOffset, pieceOffset, length } of segments) {
      this.#known.wrote(file);
      await this.#use(file, "write", async (handle) => {
        written.push(await this.#ensureSize(file, handle));
        await writeFully(handle, bytes.subarray(pieceOffset, pieceOffset + length), fileOffset);
      });
      this.#known.wrote(file);
      this.#dirty.add(file);
    }
    const replaced = segments.findIndex(({ file }, i) => this.#written.get(file) !== written[i]);
    if (replaced >= 0) throw storageError("changed", this.#pathOf(segments[replaced]!.file));
    await this.#journal.append([{ type: "written", value: index }]);
    this.held.set(index);
    this.suspect.clear(index);
    if (this.held.isFull) await this.#createEmptyFiles();
    this.#scheduleSync();
  }

  /**
   * Fills the buffers of `into`, one behind the other, with the bytes from `begin` of piece `index` on; they may go on into the next
   * pieces. The caller checks that they are held. Throws StorageError: `truncated`, `missing`, `link` or `changed` when a file is
   * not what we left; its pieces are then `suspect` and not held any more: check them, and tell the swarm.
   */
  async read(index: number, begin: number, into: readonly Uint8Array[]): Promise<void> {
    const length = into.reduce((sum, buffer) => sum + buffer.length, 0);
    for (const segment of this.#layout.segments(this.#layout.pieceStart(index) + begin, length)) {
      const { file, pieceOffset } = segment;
      const now = performance.now();
      if (!this.#known.isFresh(file, now)) await this.#look(file, now);
      const buffers = segment.length === length ? into : cut(into, pieceOffset, segment.length);
      try {
        await this.#readSegment(segment, buffers);
      } catch (error) {
        if (isGone(error)) await this.#distrust(file);
        throw error;
      }
    }
  }

  /**
   * Hashes what lies on disk, all pieces or `only` some, and brings `held` and the journal in line with it. Resolves to those
   * that are right. Files that are not there or too short are no error: their pieces are not held. Throws StorageError, or the
   * reason of `signal`; what was checked until then counts.
   */
  async check(options: CheckOptions = {}): Promise<Bitfield> {
    const found = Bitfield.empty(this.#layout.pieceCount);
    let checked = 0;
    // Files that were replaced must not be read through what is open of the old ones.
    this.#known.clear();
    await this.#openFiles.close(this.#keyPrefix);
    await hashPieces(options.only ?? Array(this.#layout.pieceCount).keys(), {
      layout: this.#layout,
      partsOf: (start, length) => this.#layout.segments(start, length).map((segment) => this.#partOf(segment)),
      workers: this.#options.hashWorkers,
      signal: options.signal,
      found: async (indexes, digests) => {
        const right = indexes.filter((index, i) => this.#isRight(index, digests[i]!));
        for (const index of right) found.set(index);
        await this.#settle(indexes, found);
        for (const _ of indexes) options.onProgress?.(++checked);
      },
    });
    if (this.held.isFull) await this.#createEmptyFiles();
    this.#scheduleSync();
    return found;
  }

  /** Pieces that turned out not to be on disk any more are not held from now on. Throws StorageError. */
  async forget(indexes: Iterable<number>): Promise<void> {
    await this.#settle(indexes, Bitfield.empty(this.#layout.pieceCount));
  }

  /** Makes all pieces held now survive a loss of power. Throws StorageError. */
  async sync(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const turn = this.#syncing.then(() => this.#syncNow());
    this.#syncing = turn.catch(() => undefined);
    await turn;
  }

  /** Syncs, writes the journal anew and closes all files. Calls that still run must be awaited before. Throws StorageError. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.sync();
    } finally {
      await this.#closeJournal();
      await this.#openFiles.close(this.#keyPrefix);
    }
  }

  /** Removes the torrent's files and then those of its folders that are empty; nothing else. Closes the storage. Throws StorageError. */
  async removeData(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#syncTimer);
    await this.#syncing;
    await this.#openFiles.close(this.#keyPrefix);
    await this.#folder.remove(this.#paths);
    await this.#journal.close();
    await rm(this.#options.journalFile, { force: true }).catch((error: unknown) => {
      throw toStorageError(error, this.#options.journalFile);
    });
  }

  async #closeJournal(): Promise<void> {
    try {
      const state = { synced: this.#synced, written: this.held, suspect: this.suspect };
      if (this.#journal.isBegun) await this.#journal.compact(state);
    } finally {
      await this.#journal.close();
    }
  }

  #isRight(index: number, digest: Uint8Array | StorageError): boolean {
    if (digest instanceof Uint8Array) return isHash(digest, this.#options.metainfo.pieceHashes, index);
    if (isGone(digest)) return false;
    throw digest;
  }

  /** Brings pieces in line with what was found. */
  async #settle(indexes: Iterable<number>, onDisk: Bitfield): Promise<void> {
    const changed = [...indexes].filter((index) =>
      onDisk.get(index) ? !this.held.get(index) : this.held.get(index) || this.suspect.get(index),
    );
    if (changed.length === 0) return;
    await this.#journal.append(changed.map((value) => ({ type: onDisk.get(value) ? "written" : "lost", value })));
    for (const index of changed) {
      this.suspect.clear(index);
      if (onDisk.get(index)) {
        this.held.set(index);
        for (const { file } of this.#layout.filesOfPiece(index)) this.#dirty.add(file);
      } else {
        this.held.clear(index);
        this.#synced.clear(index);
      }
    }
  }

  #partOf({ file, fileOffset, length }: FileSegment): FilePart {
    return { ...this.#folder.locate(this.#paths[file]!), position: fileOffset, length };
  }

  async #readSegment(segment: FileSegment, into: readonly Uint8Array[]): Promise<void> {
    await this.#use(segment.file, "read", async (handle) => {
      const done = await readFully(handle, into, segment.fileOffset);
      if (done < segment.length) throw storageError("truncated", this.#pathOf(segment.file));
    });
  }

  /** Throws a StorageError when somebody else has changed the file since the last look. */
  async #look(file: number, now: number): Promise<void> {
    const seen = await this.#known.look(file, now, () => this.#folder.stat(this.#paths[file]!));
    if (seen === "unchanged") return;
    await this.#distrust(file);
    throw storageError(seen, this.#pathOf(file));
  }

  /** A file is not what we left: what was held of it must be hashed again. */
  async #distrust(file: number): Promise<void> {
    await this.#openFiles.close(`${this.#keyPrefix}${file} `);
    this.#written.delete(file);
    const { first, end } = this.#layout.piecesOfFile(file);
    const records: JournalRecord[] = [];
    for (let index = first; index < end; index++) {
      if (!this.held.clear(index)) continue;
      this.#synced.clear(index);
      this.suspect.set(index);
      records.push({ type: "lost", value: index });
    }
    if (records.length > 0) await this.#journal.append(records);
  }

  async #use(file: number, mode: "read" | "write", action: (handle: FileHandle) => Promise<void>): Promise<void> {
    const open = () => this.#folder.open(this.#paths[file]!, mode);
    try {
      await this.#openFiles.borrow(`${this.#keyPrefix}${file} ${mode}`, open, action);
    } catch (error) {
      throw toStorageError(error, this.#pathOf(file));
    }
  }

  /**
   * A file has its length from its first byte on, as a hole. It is never cut: what is longer is a person's business.
   * When it is not the one that we wrote to before, what was held of it is suspect.
   */
  async #ensureSize(file: number, handle: FileHandle): Promise<WrittenFile> {
    const before = this.#written.get(file);
    if (before?.handle === handle) return before;
    const { length } = this.#layout.files[file]!;
    const { ino, size } = await handle.stat();
    if (before && (before.ino !== ino || size < length)) await this.#distrust(file);
    if (size < length) await handle.truncate(length);
    const known = this.#written.get(file);
    if (known?.ino === ino) {
      known.handle = handle;
      return known;
    }
    const written = { ino, handle };
    this.#written.set(file, written);
    return written;
  }

  async #createEmptyFiles(): Promise<void> {
    for (const [file, { length }] of this.#layout.files.entries()) {
      if (length > 0 || (await this.#folder.stat(this.#paths[file]!))) continue;
      await this.#use(file, "write", async () => {});
    }
  }

  #markDirty(pieces: Bitfield): void {
    for (const index of pieces.held()) {
      if (this.#synced.get(index)) continue;
      for (const { file } of this.#layout.filesOfPiece(index)) this.#dirty.add(file);
    }
    this.#scheduleSync();
  }

  #scheduleSync(): void {
    if (this.#closed || this.#syncFailed || this.#syncTimer || this.#dirty.size === 0) return;
    this.#syncTimer = setTimeout(() => {
      this.sync().catch((error: unknown) => this.#report(error));
    }, SYNC_INTERVAL_MS);
    this.#syncTimer.unref();
  }

  #report(error: unknown): void {
    this.#options.onProblem?.(toStorageError(error, this.#folder.path));
  }

  /** First the data, then the record that says so. After a failure the kernel may have dropped what it could not write: no claim again. */
  async #syncNow(): Promise<void> {
    if (this.#dirty.size === 0 || this.#syncFailed) return;
    const dirty = this.#dirty;
    this.#dirty = new Set();
    const before = this.#journal.records;
    const covered = this.held.clone();
    let replaced: number | undefined;
    try {
      for (const file of dirty) {
        if (await this.#isOurs(file)) await this.#use(file, "read", (handle) => handle.datasync());
        else await this.#distrust((replaced = file));
      }
      await this.#journal.append([{ type: "synced", value: before }], true);
    } catch (error) {
      const failure = toStorageError(error, this.#folder.path);
      if (failure.code === "io") this.#syncFailed = true;
      for (const file of dirty) this.#dirty.add(file);
      throw failure;
    }
    for (const index of covered.held()) if (this.held.get(index)) this.#synced.set(index);
    if (replaced !== undefined) throw storageError("changed", this.#pathOf(replaced));
  }

  /** Is the file under this name the one that we wrote? What was deleted behind us takes bytes without a word. */
  async #isOurs(file: number): Promise<boolean> {
    const stats = await this.#folder.stat(this.#paths[file]!);
    return stats !== undefined && stats.ino === (this.#written.get(file)?.ino ?? stats.ino);
  }

  #pathOf(file: number): string {
    return this.#folder.resolve(this.#paths[file]!);
  }
}

/** What is held and what is suspect at the start: the journal's word, as far as the files bear it out. */
async function initialState(
  { layout, justHashed, acceptMissing }: TorrentStorageOptions,
  recovered: RecoveredJournal | undefined,
  disk: { readonly folder: SafeFolder; readonly paths: readonly (readonly string[])[] },
): Promise<{ held: Bitfield; suspect: Bitfield; synced: Bitfield }> {
  const { pieceCount } = layout;
  const held = recovered?.held ?? (justHashed ? Bitfield.full(pieceCount) : Bitfield.empty(pieceCount));
  const synced = recovered?.synced ?? Bitfield.empty(pieceCount);
  // Files that are there without a journal may hold anything.
  const suspect = recovered?.suspect ?? (justHashed ? Bitfield.empty(pieceCount) : Bitfield.full(pieceCount));
  if (justHashed) return { held, suspect, synced };
  const { absent, changed } = await inspectFiles(layout, disk, recovered?.writtenAtMs);
  if (held.count > 0 && absent.isFull && !acceptMissing) throw storageError("missing", disk.folder.path);
  for (const piece of changed.held()) {
    if (!held.clear(piece)) continue;
    synced.clear(piece);
    suspect.set(piece);
  }
  for (const piece of absent.held()) {
    held.clear(piece);
    synced.clear(piece);
    suspect.clear(piece);
  }
  return { held, suspect, synced };
}

/** Does a file hold less than it must, or does something else stand in its place? */
function isGone(error: unknown): boolean {
  return error instanceof StorageError && ["missing", "truncated", "link"].includes(error.code);
}

function isHash(hash: Uint8Array, hashes: Uint8Array, index: number): boolean {
  for (let i = 0; i < hash.length; i++) if (hash[i] !== hashes[index * hash.length + i]) return false;
  return true;
}

/** The views of `buffers` on `length` bytes from `start`, as if they stood one behind the other. */
function cut(buffers: readonly Uint8Array[], start: number, length: number): Uint8Array[] {
  const views: Uint8Array[] = [];
  let position = 0;
  for (const buffer of buffers) {
    const from = Math.max(0, start - position);
    const to = Math.min(buffer.length, start + length - position);
    if (from < to) views.push(buffer.subarray(from, to));
    position += buffer.length;
  }
  return views;
}
