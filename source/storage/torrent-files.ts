// TorrentFiles: the files of one torrent by their index, and the part file, which holds what pieces need of files that nobody wants.
//
// The part file is one sparse file in the state folder. A byte stands in it where it stands among the bytes of all files, so it
// needs no table that a crash could tear. Beside the data it could collide with the torrent's own names, and nothing of ours lies
// in a person's folder. (libtorrent has a hidden file beside the data with a table of slots; Transmission writes into the unwanted files.)
import type { Stats } from "node:fs";
import { type FileHandle, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { FileSegment, PieceLayout } from "../metainfo/piece-layout.ts";
import type { Allocation } from "./allocate.ts";
import type { DiskThreads } from "./disk-threads.ts";
import { type StorageError, storageError, toStorageError } from "./errors.ts";
import type { FilePart, ZerosPart } from "./file-hasher.ts";
import { KnownFiles } from "./known-files.ts";
import { NewNames } from "./new-names.ts";
import type { OpenFiles } from "./open-files.ts";
import { cut, readFully, writeFully } from "./piece-io.ts";
import type { FileChange } from "./resume-journal.ts";
import { SafeFolder } from "./safe-open.ts";
import type { FileStats } from "./safe-sync.ts";
import { type WrittenFile, WrittenFiles } from "./written-files.ts";

/** Of a Buffer, but any bytes do. */
const { copy } = Buffer.prototype;

/** What `blocks` of a file counts in, whatever the disk's own blocks are. */
const STAT_BLOCK_BYTES = 512;

/**
 * A torrent of so many files leaves small ones to the threads: less would not be worth the start of one.
 * Twelve songs and their cover are none.
 */
const MANY_FILES = 200;

/** Files that one message to a thread asks to be synced: whoever waits for the thread waits for no more. */
const SYNCED_TOGETHER = 32;

/** A file on disk: a file of the torrent under its own index, or the part file under the next index behind them. */
interface Place {
  readonly id: number;
  readonly folder: SafeFolder;
  readonly path: readonly string[];
  /** Where the first byte of the torrent's file lies in it. */
  readonly start: number;
}

export interface TorrentFilesOptions {
  readonly layout: PieceLayout;
  readonly folder: SafeFolder;
  /** Of each file, below the folder. */
  readonly paths: readonly (readonly string[])[];
  /** Absolute path of the part file. */
  readonly partFile: string;
  /** Files whose bytes lie in the part file. */
  readonly setAside: ReadonlySet<number>;
  readonly allocation: Allocation;
  readonly openFiles: OpenFiles;
  readonly diskThreads: DiskThreads;
  /** The place is not the file that was written to before: what was held there is suspect. */
  readonly gotForeign: (place: number) => Promise<void>;
}

/** A `place` is the number of a file on disk, as in `placeOf`. All methods throw StorageError. */
export class TorrentFiles {
  setAside: ReadonlySet<number>;
  /** When a file was changed last, of all that was seen: wall time, milliseconds since 1970, of the clock of their disk. */
  changedAtMs = 0;
  readonly #options: TorrentFilesOptions;
  readonly #layout: PieceLayout;
  readonly #partFolder: SafeFolder;
  readonly #keyPrefix: string;
  readonly #written: WrittenFiles;
  readonly #known = new KnownFiles();
  readonly #names = new NewNames();
  readonly #hasManyFiles: boolean;

  constructor(options: TorrentFilesOptions) {
    this.#options = options;
    this.#layout = options.layout;
    this.#partFolder = new SafeFolder(dirname(options.partFile), 0o600);
    this.#keyPrefix = `${options.partFile}\0`;
    this.setAside = options.setAside;
    this.#hasManyFiles = options.layout.files.length >= MANY_FILES;
    this.#written = new WrittenFiles({
      ...options,
      lengthOf: (place) => options.layout.files[place]?.length ?? 0,
      pathOf: (place) => this.pathOf(place),
    });
  }

  /** Absolute path of the folder that the download goes to. */
  get folder(): string {
    return this.#options.folder.path;
  }

  /** Throws `missing` when the folder is gone or another one stands in its place, as where a disk was unmounted. */
  requireFolder(): Promise<void> {
    return this.#options.folder.enter({ create: false });
  }

  /** Absolute path of the torrent's file, or of its own folder: what a person looks for. */
  get path(): string {
    return this.#options.folder.resolve(this.#options.paths[0]!.slice(0, 1));
  }

  placeOf(file: number): number {
    return this.setAside.has(file) ? this.#layout.files.length : file;
  }

  pathOf(place: number): string {
    const { folder, path } = this.#at(place);
    return folder.resolve(path);
  }

  /** Pieces with bytes in that place. */
  *piecesAt(place: number): Generator<number, void> {
    for (const file of place < this.#layout.files.length ? [place] : this.setAside) {
      const { first, end } = this.#layout.piecesOfFile(file);
      for (let index = first; index < end; index++) yield index;
    }
  }

  stat(place: number): Promise<Stats | undefined> {
    const { folder, path } = this.#at(place);
    return folder.stat(path);
  }

  /** The bytes that are there of a file of the torrent, from its first on, and when they changed; undefined when it is not there. */
  async bytesOf(file: number): Promise<(FileChange & { readonly size: number }) | undefined> {
    const { id, start } = this.#placeOf(file);
    const stats = await this.stat(id);
    if (stats) {
      this.#known.saw(id, stats);
      this.#sawTime(stats);
    }
    return stats && { size: Math.max(0, stats.size - start), ctimeMs: stats.ctimeMs, dev: stats.dev };
  }

  /** Bytes that must still be allocated for all pieces but those in `settled`, as far as the files do not have them already. */
  async bytesNeeded(settled: Bitfield): Promise<number> {
    let needed = 0;
    for (const [file, { length }] of this.#layout.files.entries()) {
      const isElsewhere = this.setAside.has(file) || this.#layout.isPadding(file);
      const missing = isElsewhere ? 0 : length - this.#layout.bytesOfFileIn(file, settled);
      if (missing === 0) continue;
      const allocated = ((await this.stat(file))?.blocks ?? 0) * STAT_BLOCK_BYTES;
      needed += Math.min(missing, Math.max(0, length - allocated));
    }
    return needed;
  }

  /** Bytes that lie under the names of the torrent's files, whatever they are. */
  async bytesThere(): Promise<number> {
    let bytes = 0;
    for (const file of this.#layout.files.keys()) bytes += (await this.stat(file))?.size ?? 0;
    return bytes;
  }

  /** Where a segment is to be hashed, for the threads. */
  hashPartOf(segment: FileSegment): FilePart | ZerosPart {
    if (this.#layout.isPadding(segment.file)) return { zeros: true, length: segment.length };
    return this.partOf(segment);
  }

  /** Where a segment is to be read, for the threads; padding is none of theirs. */
  partOf({ file, fileOffset, length }: FileSegment): FilePart {
    const { folder, path, start } = this.#placeOf(file);
    return { ...folder.locate(path), position: start + fileOffset, length };
  }

  /** Fills the buffers with the bytes of a segment. Throws `truncated` when there are fewer. */
  async read({ file, fileOffset, length }: FileSegment, into: readonly Uint8Array[]): Promise<void> {
    if (this.#layout.isPadding(file)) return into.forEach((buffer) => buffer.fill(0));
    const { id, start } = this.#placeOf(file);
    await this.use(id, "read", async (handle) => {
      const done = await readFully(handle, into, start + fileOffset);
      if (done < length) throw storageError("truncated", this.pathOf(id));
    });
  }

  /** Those of the segments that `readSmall` is for: two at least, or none. */
  smallOf(segments: readonly FileSegment[]): ReadonlySet<FileSegment> {
    const small = this.#hasManyFiles ? segments.filter(({ file }) => this.#isSmall(this.placeOf(file))) : [];
    return new Set(small.length > 1 ? small : []);
  }

  /** As `look` and `read`, of segments of many small files; resolves to the first that is not to be had, and why. */
  async readSmall(
    segments: Iterable<FileSegment>,
    into: readonly Uint8Array[],
  ): Promise<{ place: number; error: StorageError } | undefined> {
    const small = [...segments];
    const reading = this.#options.diskThreads.readFiles(small.map((segment) => this.partOf(segment)));
    const looking = small.map(({ file }, i) =>
      this.#known.look(file, performance.now(), async () => (await reading).files[i]!.stats),
    );
    const seen = await Promise.all(looking);
    const { bytes, files } = await reading;
    let start = 0;
    for (const [i, { file, pieceOffset, length }] of small.entries()) {
      const { failure } = files[i]!;
      if (failure) return { place: file, error: failure };
      if (seen[i] !== "unchanged") return { place: file, error: storageError(seen[i]!, this.pathOf(file)) };
      for (const buffer of cut(into, pieceOffset, length)) {
        start += copy.call(bytes, buffer, 0, start, start + buffer.length);
      }
    }
    return undefined;
  }

  /** Writes the bytes of a piece; resolves to the files by their places. */
  async write(index: number, bytes: Uint8Array): Promise<ReadonlyMap<number, WrittenFile>> {
    const segments = this.#layout.filesOfPiece(index).filter(({ file }) => !this.#layout.isPadding(file));
    const small = this.#hasManyFiles ? segments.filter((segment) => this.#isForThread(segment)) : [];
    const written = small.length > 0 ? await this.#writeSmall(small, bytes) : new Map<number, WrittenFile>();
    for (const { file, fileOffset, pieceOffset, length } of segments) {
      if (written.has(file)) continue;
      const { id, start } = this.#placeOf(file);
      const part = bytes.subarray(pieceOffset, pieceOffset + length);
      written.set(id, await this.#writeAt(id, part, start + fileOffset));
    }
    return written;
  }

  /** The first that is not the file any more that was written to. */
  replacedOf(written: ReadonlyMap<number, WrittenFile>): number | undefined {
    for (const [place, file] of written) if (this.#written.get(place) !== file) return place;
    return undefined;
  }

  /** Looks whether somebody else has changed a file since the last look, once a second. `now` in monotonic milliseconds. */
  async look(place: number, now: number): Promise<"unchanged" | "changed" | "missing"> {
    return this.#layout.isPadding(place) || this.#known.isFresh(place, now) ? "unchanged" : this.#lookNow(place, now);
  }

  /**
   * Makes the bytes of files survive a loss of power; `syncNames` must follow, or the files may not be there. Yields those that are not
   * the files that we wrote to, or that somebody else wrote to.
   */
  async *sync(places: Iterable<number>): AsyncGenerator<number, void> {
    const small: number[] = [];
    for (const place of places) {
      if (this.#isSmall(place)) small.push(place);
      else if (!(await this.#sync(place))) yield place;
    }
    for (let at = 0; at < small.length; at += SYNCED_TOGETHER) {
      yield* await this.#syncSmall(small.slice(at, at + SYNCED_TOGETHER));
    }
  }

  /** Makes the names of the files that were synced survive a loss of power: one call for each folder. */
  syncNames(): Promise<void> {
    return this.#names.sync();
  }

  /** Makes the files without bytes that are wanted and not there. */
  async createEmpty(leftOut: ReadonlySet<number>): Promise<void> {
    for (const [file, { length }] of this.#layout.files.entries()) {
      if (length > 0 || leftOut.has(file) || (await this.stat(file))) continue;
      await this.use(file, "write", async () => {});
    }
  }

  /**
   * Writes into these files what of `held` pieces lies for them in the part file; it is safe from a loss of power then. Throws
   * `changed` when somebody else puts a file of theirs there meanwhile.
   */
  async takeFromPartFile(files: readonly number[], held: Bitfield): Promise<void> {
    for (const file of files) {
      const { first, end } = this.#layout.piecesOfFile(file);
      const segments: FileSegment[] = [];
      for (let index = first; index < end; index++) {
        if (!held.get(index)) continue;
        segments.push(...this.#layout.filesOfPiece(index).filter((segment) => segment.file === file));
      }
      for (const segment of segments) {
        const bytes = new Uint8Array(segment.length);
        await this.read(segment, [bytes]);
        await this.#writeAt(file, bytes, segment.fileOffset);
      }
      if (segments.length > 0 && !(await this.#sync(file))) {
        await this.forget(file);
        throw storageError("changed", this.pathOf(file));
      }
    }
    await this.syncNames();
  }

  /** What stands under that name now counts, not what is open. */
  async forget(place: number): Promise<void> {
    await this.#options.openFiles.close(`${this.#keyPrefix}${place} `);
    this.#written.forget(place);
    this.#names.forget(place);
  }

  /** All files are opened anew, and what stands in these places is no news any more. */
  async refresh(places: Iterable<number>): Promise<void> {
    for (const place of places) this.#known.forget(place);
    await this.close();
  }

  close(): Promise<void> {
    return this.#options.openFiles.close(this.#keyPrefix);
  }

  /** Removes the torrent's files, those of its folders that are then empty, and the part file; nothing else. */
  async remove(): Promise<void> {
    await this.close();
    await this.removePartFile();
    await this.#options.folder.remove(this.#options.paths);
  }

  /** Nothing lies in the part file any more. */
  async removePartFile(): Promise<void> {
    const part = this.#layout.files.length;
    await this.forget(part);
    if (!(await this.stat(part))) return;
    await unlink(this.#options.partFile).catch((error: unknown) => {
      throw toStorageError(error, this.#options.partFile);
    });
  }

  /** Runs `action` with a place's open file. */
  async use(place: number, mode: "read" | "write", action: (handle: FileHandle) => Promise<void>): Promise<void> {
    const { folder, path } = this.#at(place);
    try {
      const open = () => folder.open(path, mode);
      await this.#options.openFiles.borrow(`${this.#keyPrefix}${place} ${mode}`, open, action);
    } catch (error) {
      throw toStorageError(error, folder.resolve(path));
    }
  }

  #isSmall(place: number): boolean {
    const file = this.#layout.files[place];
    return this.#hasManyFiles && file !== undefined && !file.padding && file.length <= this.#layout.pieceLength;
  }

  /** To allocate a file takes the main thread, but of one that is written at once. */
  #isForThread({ file, length }: FileSegment): boolean {
    const isWhole = length === this.#layout.files[file]!.length;
    return this.#isSmall(this.placeOf(file)) && (isWhole || this.#options.allocation === "sparse");
  }

  async #writeSmall(segments: readonly FileSegment[], bytes: Uint8Array): Promise<Map<number, WrittenFile>> {
    const { folder, paths, diskThreads } = this.#options;
    const all = new Map<number, WrittenFile>();
    const parts = segments.map((segment) => {
      const fileLength = this.#layout.files[segment.file]!.length;
      return { ...this.partOf(segment), start: segment.pieceOffset, fileLength };
    });
    const before = segments.map(({ file }) => this.#written.get(file));
    for (const { file } of segments) this.#known.writes(file);
    try {
      const { opened, failure } = await diskThreads.writeFiles({ folder: folder.id, bytes, parts });
      for (const [i, stats] of opened.entries()) {
        const { file } = segments[i]!;
        folder.wasEntered(paths[file]!);
        all.set(file, await this.#written.written(file, stats, before[i]));
      }
      if (failure) throw failure;
    } finally {
      for (const { file } of segments) this.#known.wrote(file);
    }
    return all;
  }

  async #sync(place: number): Promise<boolean> {
    const failure = await this.use(place, "read", (handle) => handle.datasync()).catch((error: unknown) => error);
    return this.#isOurs(place, async () => ({ stats: await this.stat(place), failure }));
  }

  /** Resolves to those that are not ours. */
  async #syncSmall(places: readonly number[]): Promise<number[]> {
    const { folder, paths, diskThreads } = this.#options;
    const synced = diskThreads.syncFiles(places.map((place) => folder.locate(paths[place]!)));
    const areOurs = await Promise.all(places.map((place, i) => this.#isOurs(place, async () => (await synced)[i]!)));
    return places.filter((_, i) => !areOurs[i]);
  }

  /** Is a file that was synced the one that we wrote to, and did nobody else write to it? `look` says what stands under its name. */
  async #isOurs(
    place: number,
    look: () => Promise<{ readonly stats: FileStats | undefined; readonly failure: unknown }>,
  ): Promise<boolean> {
    const before = this.#written.get(place);
    let failure: unknown;
    let stats: FileStats | undefined;
    // From here on changes of others show.
    const seen = await this.#known.look(place, performance.now(), async () => {
      ({ stats, failure } = await look());
      return stats;
    });
    // What was deleted behind us has taken bytes without a word.
    if (!stats || this.#written.isForeign(place, stats, before)) return false;
    if (failure) throw failure;
    if (seen !== "unchanged") return false;
    this.#sawTime(stats);
    const { folder, path } = this.#at(place);
    this.#names.add(place, folder, path);
    return true;
  }

  async #writeAt(place: number, bytes: Uint8Array, position: number): Promise<WrittenFile> {
    let written: WrittenFile | undefined;
    // What is written now would hide that it was cut.
    if (this.#known.has(place) && (await this.#lookNow(place, performance.now())) !== "unchanged")
      await this.#options.gotForeign(place);
    this.#known.writes(place);
    try {
      await this.use(place, "write", async (handle) => {
        written = await this.#written.ensureSize(place, handle, position === 0 ? bytes.length : 0);
        await writeFully(handle, bytes, position);
      });
    } finally {
      // Also of what failed: a part of it may be there.
      this.#known.wrote(place);
    }
    return written!;
  }

  #lookNow(place: number, now: number): Promise<"unchanged" | "changed" | "missing"> {
    return this.#known.look(place, now, () => this.stat(place));
  }

  #sawTime({ ctimeMs }: FileStats): void {
    this.changedAtMs = Math.max(this.changedAtMs, ctimeMs);
  }

  #placeOf(file: number): Place {
    const id = this.placeOf(file);
    return { ...this.#at(id), start: id === file ? 0 : this.#layout.files[file]!.offset };
  }

  #at(id: number): Place {
    const { folder, paths, partFile } = this.#options;
    const path = paths[id];
    return path
      ? { id, folder, path, start: 0 }
      : { id, folder: this.#partFolder, path: [basename(partFile)], start: 0 };
  }
}
