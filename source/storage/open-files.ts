// OpenFiles: a budget of open files, the least recently used closed first.
import type { FileHandle } from "node:fs/promises";

/**
 * 256 of the usual 1 024 descriptors: the rest is for sockets. A torrent of thousands of files then opens and closes them in turn.
 */
export const MAX_OPEN_FILES = 256;

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
}

/** Shared by all torrents of an engine. A file in use is never closed: who wants one more than are in use at most waits for another. */
export class OpenFiles {
  readonly #capacity: number;
  /** Least recently used first. */
  readonly #files = new Map<string, OpenFile>();
  /** Files in use, and who waits for fewer. */
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(capacity: number = MAX_OPEN_FILES) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#files.size;
  }

  /** Runs `action` with the file of that key, which `open` opens when it is not open yet. */
  async borrow<T>(
    key: string,
    open: () => Promise<FileHandle>,
    action: (handle: FileHandle) => Promise<T>,
  ): Promise<T> {
    while (!this.#files.has(key) && this.#busy >= this.#capacity) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const file = this.#files.get(key) ?? { handle: open(), users: 0 };
    this.#files.delete(key);
    this.#files.set(key, file);
    if (file.users++ === 0) this.#busy++;
    try {
      return await action(await file.handle);
    } catch (error) {
      // It may be the handle that is broken: the next use opens anew.
      if (this.#files.get(key) === file) this.#files.delete(key);
      throw error;
    } finally {
      if (--file.users === 0) this.#busy--;
      this.#waiting.shift()?.();
      if (this.#files.get(key) !== file) await closeUnused(file);
      else if (this.#files.size > this.#capacity) await this.#shrink();
    }
  }

  /** Closes the files whose keys begin with `prefix`; those in use are closed by their last user. */
  async close(prefix: string): Promise<void> {
    for (const [key, file] of this.#files) {
      if (!key.startsWith(prefix)) continue;
      this.#files.delete(key);
      await closeUnused(file);
    }
  }

  async #shrink(): Promise<void> {
    for (const [key, file] of this.#files) {
      if (file.users > 0) continue;
      this.#files.delete(key);
      await closeUnused(file);
      if (this.#files.size <= this.#capacity) return;
    }
  }
}

async function closeUnused(file: OpenFile): Promise<void> {
  if (file.users > 0) return;
  // A file that could not be opened has nothing to close; its user was told.
  const handle = await file.handle.catch(() => undefined);
  await handle?.close();
}
