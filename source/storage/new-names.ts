// NewNames: files whose names a loss of power could take, though their bytes are safe.
import { syncFolder } from "./atomic-write.ts";
import { toStorageError } from "./errors.ts";
import type { SafeFolder } from "./safe-open.ts";

export class NewNames {
  /** Files whose names are safe, or will be with the next `sync`. */
  readonly #known = new Set<number>();
  #folders = new Set<string>();

  /** A file may be new, and so may be each folder from it up to the one that the download goes to. */
  add(file: number, folder: SafeFolder, path: readonly string[]): void {
    if (this.#known.has(file)) return;
    this.#known.add(file);
    this.#folders.add(folder.path);
    for (let depth = 1; depth < path.length; depth++) this.#folders.add(folder.resolve(path.slice(0, depth)));
  }

  /** Another file may stand under this name. */
  forget(file: number): void {
    this.#known.delete(file);
  }

  /** Makes all names survive a loss of power. Throws StorageError; they are tried again with the next call. */
  async sync(): Promise<void> {
    const folders = this.#folders;
    this.#folders = new Set();
    for (const folder of folders) {
      await syncFolder(folder).catch((error: unknown) => {
        for (const name of folders) this.#folders.add(name);
        throw toStorageError(error, folder);
      });
    }
  }
}
