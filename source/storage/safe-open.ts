// SafeFolder: files of a torrent are opened below one folder, and no link below it is ever followed.
import { closeSync, constants, fstatSync, lstatSync, openSync as openDescriptor, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { StorageError, storageError, toStorageError } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";

/** O_NONBLOCK: a pipe in the file's place would hold a thread forever. */
const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A folder is looked at so often: with thousands of small files half of the system calls were looks at their parents. Meanwhile
 * another process of the same user could put a link in its place, as it can between any look and what follows it.
 */
const PARENTS_MS = 1_000;

/** Folders that are remembered at most. */
const MAX_ENTERED = 1_024;

/** Where a file lies, for another thread: the last `depth` components of the absolute `path` are the torrent's, and no links. */
export interface SafePath {
  readonly path: string;
  readonly depth: number;
}

/** Opens a regular file for reading, for a thread that may wait. The caller closes the descriptor. Throws as `SafeFolder.open`. */
export function openSync({ path, depth }: SafePath): number {
  try {
    let folder = path;
    for (let above = 1; above < depth; above++) {
      folder = dirname(folder);
      if (lstatSync(folder).isSymbolicLink()) throw storageError("link", folder);
    }
    const descriptor = openDescriptor(path, constants.O_RDONLY | SAFELY);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    throw toStorageError(error, path);
  }
  throw storageError("io", path);
}

/**
 * The folder that a download goes to. It may itself be reached through links: that is the user's choice. Below it there are only
 * folders and regular files. Components come from `safe-path.ts`.
 * Checking the parents and then opening leaves a moment in which another process of the same user could put a link; Node has no openat.
 */
export class SafeFolder {
  readonly path: string;
  /** Folders below it that were folders when they were looked at, or not there at all, and when that was. */
  readonly #entered = new Map<string, { readonly at: number; readonly isThere: boolean }>();
  #identity: { readonly dev: number; readonly ino: number } | undefined;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Remembers which folder it is, and before that creates it when it is not there and `create` is given. Throws StorageError. */
  async enter({ create }: { readonly create: boolean }): Promise<void> {
    try {
      if (create) await makeFolder(this.path);
      await this.#check();
    } catch (error) {
      throw toStorageError(error, this.path);
    }
  }

  /** Absolute path of a file. Throws RangeError when it is not below the folder: `safe-path.ts` was not asked. */
  resolve(components: readonly string[]): string {
    const path = resolve(this.path, ...components);
    const prefix = this.path.endsWith(sep) ? this.path : this.path + sep;
    const unsafe = components.length === 0 || components.some((component) => component.includes(sep));
    if (unsafe || path !== prefix + components.join(sep)) {
      throw new RangeError(`unsafe path ${JSON.stringify(components)}`);
    }
    return path;
  }

  /** Where a file lies, for `openSync` in another thread. */
  locate(components: readonly string[]): SafePath {
    return { path: this.resolve(components), depth: components.length };
  }

  /**
   * Opens a regular file: for reading, or for reading and writing; the latter creates it and its folders when they are not there.
   * Throws StorageError: `link` for a link, `missing` for no file, `io` for what is no regular file.
   */
  async open(components: readonly string[], mode: "read" | "write"): Promise<FileHandle> {
    try {
      return await this.#open(components, mode);
    } catch (error) {
      // A folder that was there a moment ago may be gone.
      const isGone = error instanceof StorageError && error.code === "missing";
      if (!isGone || !this.#entered.delete(parentOf(components))) throw error;
      return this.#open(components, mode);
    }
  }

  async #open(components: readonly string[], mode: "read" | "write"): Promise<FileHandle> {
    const path = this.resolve(components);
    try {
      await this.#enterParents(components, mode === "write");
      const access = mode === "write" ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY;
      const handle = await open(path, access | SAFELY, 0o666);
      const isFile = await handle.stat().then(
        (stats) => stats.isFile(),
        (error: unknown) => handle.close().then(() => Promise.reject(error)),
      );
      if (isFile) return handle;
      await handle.close();
    } catch (error) {
      throw toStorageError(error, path);
    }
    throw storageError("io", path);
  }

  /** What is known of a regular file; undefined when there is none, or something else stands on the way. */
  async stat(components: readonly string[]): Promise<Stats | undefined> {
    try {
      await this.#enterParents(components, false);
      const stats = await lstat(this.resolve(components));
      return stats.isFile() ? stats : undefined;
    } catch (error) {
      const { code } = toStorageError(error, this.resolve(components));
      if (code === "missing" || code === "link") return undefined;
      throw toStorageError(error, this.resolve(components));
    }
  }

  /**
   * Removes these files, then those of their folders that are empty, but never the folder itself. Throws StorageError for the
   * first file that could not be removed; all others are gone then.
   */
  async remove(files: readonly (readonly string[])[]): Promise<void> {
    this.#entered.clear();
    const folders = new Set<string>();
    let failure: StorageError | undefined;
    for (const components of files) {
      try {
        if (await this.stat(components)) await unlink(this.resolve(components));
      } catch (error) {
        failure ??= toStorageError(error, this.resolve(components));
      }
    }
    for (const components of files) {
      for (let depth = components.length - 1; depth > 0; depth--) folders.add(components.slice(0, depth).join(sep));
    }
    for (const folder of [...folders].toSorted((a, b) => b.length - a.length)) {
      await removeIfEmpty(join(this.path, folder)).catch((error: unknown) => {
        failure ??= toStorageError(error, join(this.path, folder));
      });
    }
    if (failure) throw failure;
  }

  /** Every folder between us and the file is a folder; with `make` those that are not there are created. */
  async #enterParents(components: readonly string[], make: boolean): Promise<void> {
    if (make) await this.#check();
    if (components.length === 1) return;
    const parent = parentOf(components);
    const at = performance.now();
    const seen = this.#entered.get(parent);
    if (seen && at - seen.at < PARENTS_MS && (seen.isThere || !make)) {
      if (seen.isThere) return;
      throw storageError("missing", this.resolve(components));
    }
    if (this.#entered.size >= MAX_ENTERED) this.#entered.clear();
    try {
      await this.#lookAtParents(components, make);
      this.#entered.set(parent, { at, isThere: true });
    } catch (error) {
      if (toStorageError(error, this.path).code === "missing") this.#entered.set(parent, { at, isThere: false });
      else this.#entered.delete(parent);
      throw error;
    }
  }

  async #lookAtParents(components: readonly string[], make: boolean): Promise<void> {
    for (let depth = 1; depth < components.length; depth++) {
      const folder = this.resolve(components.slice(0, depth));
      if (make) await mkdir(folder).catch(ignore("EEXIST"));
      const stats = await lstat(folder);
      if (stats.isSymbolicLink()) throw storageError("link", folder);
      if (!stats.isDirectory()) throw storageError("missing", folder);
    }
  }

  /** Nothing is created when the folder is another than before: an unmounted disk leaves its empty mount point. */
  async #check(): Promise<void> {
    const { dev, ino } = await stat(this.path);
    this.#identity ??= { dev, ino };
    if (this.#identity.dev !== dev || this.#identity.ino !== ino) throw storageError("missing", this.path);
  }
}

function parentOf(components: readonly string[]): string {
  return components.slice(0, -1).join(sep);
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    ignore("ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "ELOOP")(error);
  }
}

/** Passes over the named errors of the system and throws every other on. */
function ignore(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (error instanceof Error && "code" in error && codes.includes(String(error.code))) return;
    throw error;
  };
}
