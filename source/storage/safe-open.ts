// SafeFolder: files of a torrent are opened below one folder, and no link below it is ever followed.
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, rmdir, stat, unlink } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { StorageError, storageError, toStorageError } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";
import { ignore, requireFolder, type SafeFolderId, SAFELY, type SafePath } from "./safe-sync.ts";

/**
 * A folder is looked at so often: with thousands of small files half of the system calls were looks at their parents. Meanwhile
 * another process of the same user could put a link in its place, as it can between any look and what follows it.
 */
const PARENTS_MS = 1_000;

/** Folders that are remembered at most. */
const MAX_ENTERED = 1_024;

interface Entered {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly isThere: boolean;
}

/**
 * The folder that a download goes to. It may itself be reached through links: that is the user's choice. Below it there are only
 * folders and regular files. Components come from `safe-path.ts`.
 * Checking the parents and then opening leaves a moment in which another process of the same user could put a link; Node has no openat.
 */
export class SafeFolder {
  readonly path: string;
  readonly #prefix: string;
  readonly #fileMode: number;
  /** Folders below it that were folders when they were looked at, or not there at all, and when that was. */
  readonly #entered = new Map<string, Entered>();
  #identity: { readonly dev: number; readonly ino: number } | undefined;

  /** `fileMode`: who may read and write the files that are made here, as far as the umask lets them. */
  constructor(path: string, fileMode = 0o666) {
    this.path = resolve(path);
    this.#fileMode = fileMode;
    this.#prefix = this.path.endsWith(sep) ? this.path : this.path + sep;
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
    if (components.length === 0 || components.some(leadsAstray)) {
      throw new RangeError(`unsafe path ${JSON.stringify(components)}`);
    }
    return this.#prefix + components.join(sep);
  }

  /** What `SafeWriter` asks for. Throws RangeError before `enter`. */
  get id(): SafeFolderId {
    if (!this.#identity) throw new RangeError(`${this.path} was not entered`);
    return { path: this.path, ...this.#identity };
  }

  /** Where a file lies, for another thread. */
  locate(components: readonly string[]): SafePath {
    return { path: this.resolve(components), depth: components.length };
  }

  /** A thread has just made the folders of that file, or found them there. */
  wasEntered(components: readonly string[]): void {
    const at = performance.now();
    for (let depth = components.length - 1; depth > 0; depth--) {
      const folder = components.slice(0, depth).join(sep);
      if (this.#isThere(folder, at)) return;
      this.#note(folder, { at, isThere: true });
    }
  }

  /**
   * Opens a regular file: for reading, or for reading and writing; the latter creates it and its folders when they are not there.
   * Throws StorageError: `link` for a link, `missing` for no file, `io` for what is no regular file.
   */
  async open(components: readonly string[], mode: "read" | "write"): Promise<FileHandle> {
    try {
      return await this.#open(components, mode);
    } catch (error) {
      // A folder that was there a moment ago may be gone, or the other way round.
      const isGone = error instanceof StorageError && error.code === "missing";
      if (!isGone || this.#entered.size === 0) throw error;
      this.#entered.clear();
      return this.#open(components, mode);
    }
  }

  async #open(components: readonly string[], mode: "read" | "write"): Promise<FileHandle> {
    const path = this.resolve(components);
    try {
      const isThere = await this.#enterParents(components, mode === "write");
      if (!isThere) throw storageError("missing", path);
      const access = mode === "write" ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY;
      const handle = await open(path, access | SAFELY, this.#fileMode);
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
    const path = this.resolve(components);
    try {
      if (!(await this.#enterParents(components, false))) return undefined;
      const stats = await lstat(path);
      return stats.isFile() ? stats : undefined;
    } catch (error) {
      const failure = toStorageError(error, path);
      if (failure.code === "missing" || failure.code === "link") return undefined;
      throw failure;
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

  /** Is every folder between us and the file a folder? With `make` those that are not there are created. */
  async #enterParents(components: readonly string[], make: boolean): Promise<boolean> {
    if (make) await this.#check();
    const now = performance.now();
    if (this.#isThere(parentOf(components), now)) return true;
    for (let depth = 1; depth < components.length; depth++) {
      const folder = components.slice(0, depth).join(sep);
      let isThere = this.#isThere(folder, now);
      if (isThere === undefined || (make && !isThere)) {
        isThere = await lookAt(this.#prefix + folder, make);
        this.#note(folder, { at: now, isThere });
      }
      if (!isThere) return false;
    }
    return true;
  }

  /** Undefined when nobody has looked for a while. */
  #isThere(folder: string, now: number): boolean | undefined {
    const entered = this.#entered.get(folder);
    return entered && now - entered.at < PARENTS_MS ? entered.isThere : undefined;
  }

  #note(folder: string, entered: Entered): void {
    if (this.#entered.size >= MAX_ENTERED) this.#entered.clear();
    this.#entered.set(folder, entered);
  }

  /** Nothing is created when the folder is another than before: an unmounted disk leaves its empty mount point. */
  async #check(): Promise<void> {
    const { dev, ino } = await stat(this.path);
    this.#identity ??= { dev, ino };
    if (this.#identity.dev !== dev || this.#identity.ino !== ino) throw storageError("missing", this.path);
  }
}

/** Is a component no plain name? */
function leadsAstray(component: string): boolean {
  return component === "" || component === "." || component === ".." || component.includes(sep);
}

/** Is it a folder, and not missing? With `make` it is created. Throws the system's error, or `link`. */
async function lookAt(folder: string, make: boolean): Promise<boolean> {
  try {
    if (make) await mkdir(folder).catch(ignore("EEXIST"));
    requireFolder(folder, await lstat(folder), make ? "in-the-way" : "missing");
    return true;
  } catch (error) {
    if (make || toStorageError(error, folder).code !== "missing") throw error;
    return false;
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
