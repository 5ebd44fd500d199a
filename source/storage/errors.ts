// The error of storage: the disk, or what lies on it, does not let us go on.

/**
 * `disk-full`: no space or quota; `not-writable`: permission or read-only; `missing`: the folder or its data is gone;
 * `truncated`: a file is shorter than what it is said to hold; `changed`: another program wrote, replaced or removed it; `link`: a link stands where the torrent's own file or folder should;
 * `in-the-way`: a file stands where a folder should be made, or a folder where a file should; `too-many-files`: no descriptor is left; `in-use`: another engine owns the state folder; `io`: anything else.
 */
export type StorageErrorCode =
  | "disk-full"
  | "not-writable"
  | "missing"
  | "truncated"
  | "changed"
  | "link"
  | "in-the-way"
  | "too-many-files"
  | "in-use"
  | "io";

/** Reaction: pause the torrent and say so. The message is one sentence for the user. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;
  /** The file or folder it is about. */
  readonly path: string;

  constructor(code: StorageErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** A StorageError on its way from one thread to another: what it is made of again there. */
export interface StorageFailure {
  readonly code: StorageErrorCode;
  readonly path: string;
  readonly message: string;
}

/** What of a StorageError goes to another thread. All other errors are thrown on. */
export function failureOf(error: unknown): StorageFailure {
  if (!(error instanceof StorageError)) throw error;
  const { code, path, message } = error;
  return { code, path, message };
}

/** The StorageError that was sent by another thread. */
export function errorOf({ code, path, message }: StorageFailure): StorageError {
  return new StorageError(code, path, message);
}

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EACCES: "not-writable",
  EPERM: "not-writable",
  EROFS: "not-writable",
  ENOENT: "missing",
  ENOTDIR: "missing",
  ESTALE: "missing",
  EISDIR: "in-the-way",
  ELOOP: "link",
  EMFILE: "too-many-files",
  ENFILE: "too-many-files",
};

const SENTENCES: Readonly<Record<StorageErrorCode, (path: string) => string>> = {
  "disk-full": (path) => `The disk is full: ${path} cannot be written; free some space.`,
  "not-writable": (path) =>
    `${path} may not be opened or written; check its permissions and whether the disk is read-only.`,
  missing: (path) => `${path} is not there; bring it back, or remove the transfer and add it again.`,
  truncated: (path) => `${path} is shorter than it was; check the transfer to fetch what is missing.`,
  changed: (path) => `${path} was changed by another program; what it holds must be checked again.`,
  link: (path) =>
    `${path} is a link, and links are never followed inside a torrent; remove it, and the transfer goes on.`,
  "in-the-way": (path) => `${path} is in the way: it is not the torrent's own; move it away, and the transfer goes on.`,
  "too-many-files": (path) => `${path} cannot be opened: too many files are open; raise the limit (ulimit -n).`,
  "in-use": (path) => `${path} is in use by another sta.`,
  io: (path) => `${path} cannot be read or written; check the disk.`,
};

/** The StorageError of what the system said about `path`; a StorageError stays what it is. Our own mistakes are thrown on. */
export function toStorageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const systemCode =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (systemCode === undefined || !/^E[A-Z0-9]+$/.test(systemCode)) throw error;
  const code = CODES[systemCode] ?? "io";
  const message = code === "io" ? `${SENTENCES.io(path).slice(0, -1)} (${systemCode}).` : SENTENCES[code](path);
  return new StorageError(code, path, message, { cause: error });
}

/** As `toStorageError`, for a path that a person named: nothing is to be mended there, but another path to be named. */
export function toNamedPathError(error: unknown, path: string): StorageError {
  const failure = toStorageError(error, path);
  const sentence = NAMED[failure.code]?.(path);
  return sentence === undefined ? failure : new StorageError(failure.code, path, sentence, { cause: error });
}

const NAMED: Readonly<Partial<Record<StorageErrorCode, (path: string) => string>>> = {
  missing: (path) => `There is no file or folder ${path}: check the path.`,
  link: (path) => `${path} is a link, and links are not followed: name what it leads to.`,
  "in-the-way": (path) => `${path} is a folder, where the path of a file is needed.`,
};

/** A StorageError that the system did not raise, with the sentence of its code. */
export function storageError(code: StorageErrorCode, path: string): StorageError {
  return new StorageError(code, path, SENTENCES[code](path));
}
