// What SafeFolder does, for threads that may wait: files are opened below one folder, and no link below it is ever followed.
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { storageError, toStorageError } from "./errors.ts";

/** O_NONBLOCK: a pipe in the file's place would hold a thread forever. */
export const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Where a file lies: the last `depth` components of the absolute `path` are the torrent's, and no links. */
export interface SafePath {
  readonly path: string;
  readonly depth: number;
}

/** Which folder it was that a download was begun in. */
export interface SafeFolderId {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/** What tells one state of a file from another. */
export type FileStats = Pick<Stats, "ino" | "size" | "ctimeMs">;

/** A file that its caller closes, and what it was when it was opened. */
export interface OpenedFile {
  readonly descriptor: number;
  readonly stats: FileStats;
}

/** Opens regular files for reading, for one task. */
export class SafeReader {
  readonly #parents = new Parents(lstatSync, "missing");

  /** Throws as `SafeFolder.open`. */
  open(file: SafePath): OpenedFile {
    try {
      this.#parents.enter(file);
      return openFile(file.path, constants.O_RDONLY);
    } catch (error) {
      throw toStorageError(error, file.path);
    }
  }

  /** As `SafeFolder.stat`. */
  stat(file: SafePath): FileStats | undefined {
    try {
      this.#parents.enter(file);
      const stats = lstatSync(file.path, { throwIfNoEntry: false });
      return stats?.isFile() ? idOf(stats) : undefined;
    } catch (error) {
      const failure = toStorageError(error, file.path);
      if (failure.code === "missing" || failure.code === "link") return undefined;
      throw failure;
    }
  }
}

/** Opens regular files for reading and writing, for one task. */
export class SafeWriter {
  readonly #parents = new Parents(
    (folder) => lstatSync(folder, { throwIfNoEntry: false }) ?? made(folder),
    "in-the-way",
  );

  /** Throws StorageError, `missing` when another folder stands in its place: an unmounted disk leaves its empty mount point. */
  constructor(folder: SafeFolderId) {
    try {
      const { dev, ino } = statSync(folder.path);
      if (folder.dev === dev && folder.ino === ino) return;
    } catch (error) {
      throw toStorageError(error, folder.path);
    }
    throw storageError("missing", folder.path);
  }

  /** Makes the file and its folders when they are not there. Throws as `SafeFolder.open`. */
  open(file: SafePath): OpenedFile {
    try {
      this.#parents.enter(file);
      return openFile(file.path, constants.O_RDWR | constants.O_CREAT);
    } catch (error) {
      throw toStorageError(error, file.path);
    }
  }
}

/** The folders of files, from the top down: each must be one, and is looked at once. */
class Parents {
  readonly #look: (folder: string) => Stats;
  readonly #otherwise: NoFolder;
  readonly #entered = new Set<string>();

  constructor(look: (folder: string) => Stats, otherwise: NoFolder) {
    this.#look = look;
    this.#otherwise = otherwise;
  }

  enter({ path, depth }: SafePath): void {
    const folder = dirname(path);
    if (depth === 1 || this.#entered.has(folder)) return;
    this.enter({ path: folder, depth: depth - 1 });
    requireFolder(folder, this.#look(folder), this.#otherwise);
    this.#entered.add(folder);
  }
}

/** What a file in a folder's place is: for who reads the folder is missing, who writes can make none there. */
type NoFolder = "missing" | "in-the-way";

/** Throws StorageError for what is no folder: `link` for a link, else what `otherwise` says. */
export function requireFolder(folder: string, stats: Stats, otherwise: NoFolder): void {
  if (stats.isSymbolicLink()) throw storageError("link", folder);
  if (!stats.isDirectory()) throw storageError(otherwise, folder);
}

/** Passes over the named errors of the system and throws every other on. */
export function ignore(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (error instanceof Error && "code" in error && codes.includes(String(error.code))) return;
    throw error;
  };
}

/** Another thread may make it at the same time. */
function made(folder: string): Stats {
  try {
    mkdirSync(folder);
  } catch (error) {
    ignore("EEXIST")(error);
  }
  return lstatSync(folder);
}

/** Throws the system's error, or `io` for what is no regular file. */
function openFile(path: string, access: number): OpenedFile {
  const descriptor = openSync(path, access | SAFELY, 0o666);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw storageError("io", path);
    return { descriptor, stats: idOf(stats) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** A message to another thread takes no Stats. */
function idOf({ ino, size, ctimeMs }: Stats): FileStats {
  return { ino, size, ctimeMs };
}
