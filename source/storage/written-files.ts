// WrittenFiles: the files that we write to, by their places: whether each is still the one that it was, and as long as it must be.
import type { FileHandle } from "node:fs/promises";
import { allocate, type Allocation } from "./allocate.ts";
import type { FileStats } from "./safe-sync.ts";

/** A file that we write to; another object when another file stands under its name. */
export interface WrittenFile {
  readonly ino: number;
  /** Bytes that it has had since before its first write. */
  readonly length: number;
  /** The last one that was seen to have the file's full length. */
  handle: FileHandle | undefined;
}

export interface WrittenFilesOptions {
  readonly allocation: Allocation;
  /** Bytes of the file in that place; 0 where it has as many as are written. */
  readonly lengthOf: (place: number) => number;
  readonly pathOf: (place: number) => string;
  /** The place is not the file that was written to before: what was held there is suspect. Calls `forget`. */
  readonly gotForeign: (place: number) => Promise<void>;
}

/** All methods throw StorageError, or the system's error. */
export class WrittenFiles {
  readonly #options: WrittenFilesOptions;
  readonly #files = new Map<number, WrittenFile>();
  /** Those whose length is being seen to. */
  readonly #sizing = new Map<number, Promise<WrittenFile>>();

  constructor(options: WrittenFilesOptions) {
    this.#options = options;
  }

  get(place: number): WrittenFile | undefined {
    return this.#files.get(place);
  }

  /** What stands there is another file from now on. */
  forget(place: number): void {
    this.#files.delete(place);
  }

  /** Is what was seen there another file than we write to, or shorter than it was `before` that look? */
  isForeign(place: number, { ino, size }: Pick<FileStats, "ino" | "size">, before: WrittenFile | undefined): boolean {
    // Another write may have found another file meanwhile.
    const isOther = ino !== (this.get(place)?.ino ?? ino);
    return isOther || size < (before?.length ?? 0);
  }

  /** A thread has written to the file, or tried to; it was so when it was opened, and `before` when that was asked for. */
  async written(
    place: number,
    { ino, size }: Pick<FileStats, "ino" | "size">,
    before: WrittenFile | undefined,
  ): Promise<WrittenFile> {
    if (this.isForeign(place, { ino, size }, before)) await this.#options.gotForeign(place);
    return this.get(place) ?? this.#add(place, { ino, length: this.#options.lengthOf(place), handle: undefined });
  }

  /**
   * Gives an open file its length. One write at a time sees to the size of a file: another's zeros must not land on its piece.
   * `soonThere`: so many bytes from the first on are written now anyway.
   */
  ensureSize(place: number, handle: FileHandle, soonThere: number): WrittenFile | Promise<WrittenFile> {
    const known = this.#files.get(place);
    const isSized = known?.handle === handle && !this.#sizing.has(place);
    return isSized ? known : this.#sizeInTurn(place, handle, soonThere);
  }

  async #sizeInTurn(place: number, handle: FileHandle, soonThere: number): Promise<WrittenFile> {
    for (let other = this.#sizing.get(place); other; other = this.#sizing.get(place))
      await other.catch(() => undefined);
    const before = this.#files.get(place);
    if (before?.handle === handle) return before;
    const sizing = this.#size(place, handle, { before, soonThere }).finally(() => this.#sizing.delete(place));
    this.#sizing.set(place, sizing);
    return sizing;
  }

  /**
   * A file has its length from its first byte on, as a hole or allocated. It is never cut: what is longer is a person's business.
   * When it is not the one that we wrote to before, what was held of it is suspect.
   */
  async #size(
    place: number,
    handle: FileHandle,
    { before, soonThere }: { before: WrittenFile | undefined; soonThere: number },
  ): Promise<WrittenFile> {
    const { allocation, lengthOf, pathOf, gotForeign } = this.#options;
    const length = lengthOf(place);
    const { ino, size } = await handle.stat();
    if (this.isForeign(place, { ino, size }, before)) await gotForeign(place);
    const isSoonThere = soonThere >= length && allocation === "sparse";
    if (size < length && allocation === "full") await allocate(handle, pathOf(place), { size, length });
    else if (size < length && !isSoonThere) await handle.truncate(length);
    const known = this.#files.get(place);
    if (known?.ino !== ino) return this.#add(place, { ino, length: isSoonThere ? 0 : length, handle });
    known.handle = handle;
    return known;
  }

  #add(place: number, file: WrittenFile): WrittenFile {
    this.#files.set(place, file);
    return file;
  }
}
