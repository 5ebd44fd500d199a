// TorrentStorage: one torrent on disk. Pieces are verified off the main thread, written in place, and claimed only when they are there.
import { rm } from "node:fs/promises";
import { Bitfield } from "../metainfo/bitfield.ts";
import { wantedPieces } from "../metainfo/file-selection.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import type { BegunPiece, PieceLayout } from "../metainfo/piece-layout.ts";
import type { Allocation } from "./allocate.ts";
import { bringBegun, keepBegun, type KeptPiece } from "./begun-pieces.ts";
import { BehindSync } from "./behind-sync.ts";
import { readBootId } from "./boot-id.ts";
import { diskPaths, stateOnDisk } from "./disk-files.ts";
import { StorageError, storageError, toStorageError } from "./errors.ts";
import { FreeSpace } from "./free-space.ts";
import type { DiskThreads } from "./disk-threads.ts";
import { OpenFiles } from "./open-files.ts";
import { PieceClaims } from "./piece-claims.ts";
import { hashPieces } from "./piece-hashing.ts";
import { cut } from "./piece-io.ts";
import { recoverJournal } from "./resume-journal.ts";
import { SafeFolder } from "./safe-open.ts";
import { TorrentFiles } from "./torrent-files.ts";

export interface TorrentStorageOptions {
  readonly metainfo: Metainfo;
  readonly layout: PieceLayout;
  /** Where the file, or the torrent's own folder, lies. */
  readonly folder: string;
  /** One for each torrent, in the state folder; the part file lies beside it. */
  readonly journalFile: string;
  /** Files that are not wanted. */
  readonly leftOut?: Iterable<number>;
  /** Those of them whose bytes go to the part file: what `leaveOut` handed out last. */
  readonly setAside?: Iterable<number>;
  /** Whether files take all their room before their first piece: `sparse` by default. */
  readonly allocation?: Allocation | undefined;
  /** Bytes of the disk that are left to others: `KEPT_FREE_BYTES` by default. */
  readonly keptFreeBytes?: number;
  /** The budget of descriptors that all torrents share. */
  readonly openFiles?: OpenFiles;
  /** The threads that all torrents share. */
  readonly diskThreads: DiskThreads;
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

export interface CheckOptions {
  /** Called after each piece with how many were checked. */
  readonly onProgress?: (checkedPieces: number) => void;
  readonly signal?: AbortSignal;
  /** All pieces by default. */
  readonly only?: Iterable<number>;
}

export class TorrentStorage {
  readonly #options: TorrentStorageOptions;
  readonly #layout: PieceLayout;
  readonly #files: TorrentFiles;
  readonly #claims: PieceClaims;
  readonly #behind: BehindSync;
  readonly #space: FreeSpace;
  #leftOut: ReadonlySet<number>;
  #wanted: Bitfield;
  #closed = false;

  private constructor(options: TorrentStorageOptions, files: TorrentFiles, claims: PieceClaims) {
    this.#options = options;
    this.#layout = options.layout;
    this.#files = files;
    this.#claims = claims;
    this.#leftOut = new Set(options.leftOut);
    this.#wanted = wantedPieces(options.layout, this.#leftOut);
    this.#space = new FreeSpace(files.folder, options.keptFreeBytes);
    const distrust = async (place: number) => void (await this.#distrust(place));
    this.#behind = new BehindSync({ files, claims, distrust, onProblem: (error) => this.#report(error) });
  }

  /**
   * Opens the torrent's data: reads the journal, creates the folder if nothing was held, compares with the files. Nothing is hashed.
   * Files are created when their first piece is written, and empty ones with the last.
   * Throws StorageError; `missing` when data was held and all of it is gone (an unmounted disk), with the journal left as it is.
   */
  static async open(options: TorrentStorageOptions): Promise<TorrentStorage> {
    const { metainfo, layout, journalFile } = options;
    const identity = { infoHash: metainfo.infoHash, pieceCount: layout.pieceCount };
    const bootId = await readBootId();
    const recovered = options.justHashed ? undefined : await recoverJournal(journalFile, identity, bootId);
    const folder = new SafeFolder(options.folder);
    // What was held lies in a folder that is there: an unmounted disk's is not made anew.
    await folder.enter({ create: options.acceptMissing || !recovered || recovered.held.isEmpty });
    const files = new TorrentFiles({
      layout,
      folder,
      paths: await diskPaths(metainfo, folder),
      partFile: beside(journalFile, ".parts"),
      setAside: new Set(options.setAside),
      allocation: options.allocation ?? "sparse",
      openFiles: options.openFiles ?? new OpenFiles(),
      diskThreads: options.diskThreads,
      gotForeign: (place) => storage.#gotForeign(place),
    });
    const { justHashed = false, acceptMissing = false } = options;
    const state = await stateOnDisk(layout, recovered, { files, justHashed, acceptMissing });
    const storage: TorrentStorage = new TorrentStorage(
      options,
      files,
      new PieceClaims({ file: journalFile, identity, bootId }, state),
    );
    await storage.#begin();
    return storage;
  }

  /** Pieces that are on disk and in the journal. Read only for others. */
  get held(): Bitfield {
    return this.#claims.held;
  }

  /** Pieces that may be on disk and must be hashed before they count: `check({ only: suspect.held() })`. Read only for others. */
  get suspect(): Bitfield {
    return this.#claims.suspect;
  }

  /** Absolute path of the torrent's file, or of its own folder: what a person looks for. */
  get path(): string {
    return this.#files.path;
  }

  /** Bytes that lie under the names of the torrent's files, whatever they are. Throws StorageError. */
  bytesThere(): Promise<number> {
    return this.#files.bytesThere();
  }

  /** Throws StorageError `disk-full` when the disk has no room for what is wanted and missing. */
  async requireSpace(): Promise<void> {
    const settled = this.held.clone();
    for (const index of this.#wanted.missing()) settled.set(index);
    await this.#space.require(await this.#files.bytesNeeded(settled));
  }

  /**
   * Is this the piece that the metainfo describes? Unless its SHA-1 is known, it is hashed beside the main thread; `bytes` must not
   * change meanwhile.
   */
  async verify(index: number, bytes: Uint8Array, digest?: Uint8Array): Promise<boolean> {
    if (bytes.length !== this.#layout.pieceLengthAt(index)) return false;
    return this.#isRight(index, digest ?? (await this.#options.diskThreads.sha1(bytes)));
  }

  /**
   * Writes a verified piece to its files and then into the journal; resolves when both are done, and only then it is held.
   * `bytes` must not change until `onWritten` is called: they are in the files then. Throws StorageError; the piece may then be written
   * again.
   */
  async write(index: number, bytes: Uint8Array, onWritten?: () => void): Promise<void> {
    if (bytes.length !== this.#layout.pieceLengthAt(index)) {
      throw new RangeError(
        `piece ${index}: expected ${this.#layout.pieceLengthAt(index)} bytes, received ${bytes.length}`,
      );
    }
    await this.#space.take(bytes.length, performance.now());
    if (!this.#claims.isBegun) await this.#claims.begin();
    const written = await this.#files.write(index, bytes);
    onWritten?.();
    const replaced = this.#files.replacedOf(written);
    if (replaced !== undefined) throw storageError("changed", this.#files.pathOf(replaced));
    // Before its record, so that no sync takes it for one that it has covered; and behind it, for the next sync to cover it.
    this.#behind.touch(written.keys());
    if (!(await this.#claims.wrote(index))) throw storageError("changed", this.path);
    this.#behind.touch(written.keys());
    if (this.#isWhole) await this.#files.createEmpty(this.#leftOut);
  }

  /**
   * Fills the buffers of `into`, one behind the other, with the bytes from `begin` of piece `index` on; they may go on into the next
   * pieces. The caller checks that they are held. Throws StorageError: `truncated`, `missing`, `link` or `changed` when a file is
   * not what we left; its pieces are then `suspect` and not held any more: check them, and tell the swarm.
   */
  async read(index: number, begin: number, into: readonly Uint8Array[]): Promise<void> {
    const length = into.reduce((sum, buffer) => sum + buffer.length, 0);
    const segments = this.#layout.segments(this.#layout.pieceStart(index) + begin, length);
    const small = this.#files.smallOf(segments);
    if (small.size > 0) {
      const refused = await this.#files.readSmall(small, into);
      if (refused) await this.#refuse(refused.place, refused.error);
    }
    for (const segment of segments) {
      if (small.has(segment)) continue;
      const place = this.#files.placeOf(segment.file);
      try {
        const seen = await this.#files.look(place, performance.now());
        if (seen !== "unchanged") throw storageError(seen, this.#files.pathOf(place));
        await this.#files.read(
          segment,
          segment.length === length ? into : cut(into, segment.pieceOffset, segment.length),
        );
      } catch (error) {
        await this.#refuse(place, error);
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
    const indexes = new Set(options.only ?? Array(this.#layout.pieceCount).keys());
    // What other programs do to files that hold other pieces, too, is still to be noticed.
    const others = new Set(this.#placesOf([...this.held.held()].filter((index) => !indexes.has(index))));
    // Files that were replaced must not be read through what is open of the old ones.
    await this.#files.refresh(this.#placesOf(indexes).filter((place) => !others.has(place)));
    await hashPieces(indexes, {
      layout: this.#layout,
      partsOf: (start, length) =>
        this.#layout.segments(start, length).map((segment) => this.#files.hashPartOf(segment)),
      workers: this.#options.diskThreads,
      signal: options.signal,
      found: async (indexes, digests) => {
        if (digests.some(isGone)) await this.#files.requireFolder();
        for (const [i, index] of indexes.entries()) if (this.#isRight(index, digests[i]!)) found.set(index);
        this.#touch(await this.#claims.settle(indexes, found));
        for (const _ of indexes) options.onProgress?.(++checked);
      },
    });
    await this.#createEmptyFiles();
    return found;
  }

  /** Pieces that turned out not to be on disk any more are not held from now on. Throws StorageError. */
  async forget(indexes: Iterable<number>): Promise<void> {
    await this.#claims.settle(indexes, Bitfield.empty(this.#layout.pieceCount));
  }

  /**
   * These files are not wanted, all others are. What pieces need of a file that is not wanted and not there goes to the part file;
   * what lies there of a file that is wanted now is written into it first. `remember` keeps which files those are: after a
   * crash they are given to `open`. Nothing may read or write meanwhile. Throws StorageError, and what `remember` throws: all is
   * then as before.
   */
  async leaveOut(files: ReadonlySet<number>, remember: (setAside: readonly number[]) => Promise<void>): Promise<void> {
    // Nothing may wait to be synced in a part file that is about to go.
    await this.#behind.now();
    const { setAside } = this.#files;
    const next = new Set<number>();
    for (const file of files) {
      if (this.#layout.isPadding(file)) continue;
      if (setAside.has(file) || !(await this.#files.stat(file))) next.add(file);
    }
    const wanted = [...setAside].filter((file) => !next.has(file));
    if (wanted.length > 0) await this.#claims.begin();
    await this.#files.takeFromPartFile(wanted, this.held);
    // The journal's word for these pieces is about the part file until here, and about the files from here on.
    await remember([...next]);
    this.#files.setAside = next;
    this.#leftOut = files;
    this.#wanted = wantedPieces(this.#layout, files);
    if (next.size === 0) await this.#files.removePartFile();
    // The journal is as new as what was written just now: nobody else has changed these files.
    if (wanted.length > 0) await this.#claims.compact();
    await this.#createEmptyFiles();
  }

  /** Keeps the blocks of pieces that are not whole, as `keepBegun`, beside the journal. Throws StorageError. */
  keepBegun(pieces: readonly KeptPiece[]): Promise<void> {
    return keepBegun(this.#begunFile, this.#layout, pieces);
  }

  /** What was kept of pieces that are not held, as `bringBegun`. Throws StorageError. */
  bringBegun(store: (index: number, begin: number, data: Uint8Array) => void): Promise<readonly BegunPiece[]> {
    return bringBegun(this.#begunFile, this.#layout, (index) => !this.held.get(index), store);
  }

  /** Makes all pieces held now survive a loss of power. Throws StorageError. */
  sync(): Promise<void> {
    return this.#behind.now();
  }

  /** Syncs, writes the journal anew and closes all files. Calls that still run must be awaited before. Throws StorageError. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    let changedAtMs: number | undefined;
    try {
      await this.#behind.stop();
      await this.#behind.now();
      ({ changedAtMs } = this.#files);
    } finally {
      await this.#claims.close({ changedAtMs }).finally(() => this.#files.close());
    }
  }

  /**
   * Removes the torrent's files and then those of its folders that are empty; nothing else. Closes the storage.
   * Throws StorageError when something is left; all else is removed then.
   */
  async removeData(): Promise<void> {
    this.#closed = true;
    await this.#behind.stop();
    await this.#claims.close("removed");
    const { journalFile } = this.#options;
    for (const file of [journalFile, this.#begunFile]) {
      await rm(file, { force: true }).catch((error: unknown) => {
        throw toStorageError(error, file);
      });
    }
    await this.#files.remove();
  }

  async #begin(): Promise<void> {
    if (this.#options.justHashed) await this.#claims.compact();
    // Pieces known from the journal of before, or from hashing, that no sync has covered yet.
    const { held, synced } = this.#claims;
    if (synced.count < held.count) this.#touch([...held.held()].filter((index) => !synced.get(index)));
    // The process may have ended between the last piece and these.
    await this.#createEmptyFiles().catch((error: unknown) => this.#report(error));
  }

  get #begunFile(): string {
    return beside(this.#options.journalFile, ".begun");
  }

  #isRight(index: number, digest: Uint8Array | StorageError): boolean {
    if (digest instanceof Uint8Array) return isHash(digest, this.#options.metainfo.pieceHashes, index);
    if (isGone(digest)) return false;
    throw digest;
  }

  #touch(pieces: Iterable<number>): void {
    this.#behind.touch(this.#placesOf(pieces));
  }

  #placesOf(pieces: Iterable<number>): number[] {
    const places = new Set<number>();
    for (const index of pieces) {
      for (const { file } of this.#layout.filesOfPiece(index)) {
        if (!this.#layout.isPadding(file)) places.add(this.#files.placeOf(file));
      }
    }
    return [...places];
  }

  /**
   * A file is not what we left: what was held of it must be hashed again. Throws `missing` when it is the disk that is gone: what
   * lies on it is not lost. Resolves to whether any was.
   */
  async #distrust(place: number): Promise<boolean> {
    await this.#files.requireFolder();
    await this.#files.forget(place);
    return this.#claims.distrust(this.#files.piecesAt(place));
  }

  /** A write found it: what is written goes on, and who gives out what was held has to hear of it. */
  async #gotForeign(place: number): Promise<void> {
    if (await this.#distrust(place)) this.#report(storageError("changed", this.#files.pathOf(place)));
  }

  /** What could not be read is thrown; when it is because the file is not what we left, its pieces are suspect. */
  async #refuse(place: number, error: unknown): Promise<never> {
    const isOther = isGone(error) || (error instanceof StorageError && error.code === "changed");
    if (isOther) await this.#distrust(place);
    throw error;
  }

  /** Is all held that is wanted? The empty files come then. */
  get #isWhole(): boolean {
    return this.held.count >= this.#wanted.count && this.held.countWith(this.#wanted) === this.#wanted.count;
  }

  async #createEmptyFiles(): Promise<void> {
    if (this.#isWhole) await this.#files.createEmpty(this.#leftOut);
  }

  #report(error: unknown): void {
    this.#options.onProblem?.(toStorageError(error, this.#files.path));
  }
}

/** Another file of the torrent with this journal. */
function beside(journalFile: string, ending: string): string {
  return journalFile.replace(/\.pieces$/, "") + ending;
}

/** Does a file hold less than it must, or does something else stand in its place? */
function isGone(error: unknown): boolean {
  return error instanceof StorageError && ["missing", "truncated", "link"].includes(error.code);
}

function isHash(hash: Uint8Array, hashes: Uint8Array, index: number): boolean {
  for (let i = 0; i < hash.length; i++) if (hash[i] !== hashes[index * hash.length + i]) return false;
  return true;
}
