// StateFolder: where an engine keeps what it must remember, and the lock that gives it to exactly one engine.
import { chmod, lstat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { StorageError, toStorageError } from "./errors.ts";
import { FolderLock, type LockOwner } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";

/** Another engine owns the state folder. The command that started us exits 3. */
export class StateInUseError extends StorageError {
  /** The process that owns it. */
  readonly pid: number;

  constructor(path: string, { pid, isElsewhere }: LockOwner) {
    const who = isElsewhere ? `process ${pid} of another container` : `process ${pid}`;
    super(
      "in-use",
      path,
      `Another sta (${who}) uses ${path}; stop it with "sta stop", or set STA_HOME to another folder.`,
    );
    this.pid = pid;
  }
}

/** `STA_HOME`, else `$XDG_STATE_HOME/sta`, else `~/.local/state/sta`; relative values of XDG do not count (its specification). */
export function stateHome(environment: Readonly<Record<string, string | undefined>>, home: string = homedir()): string {
  if (environment["STA_HOME"]) return resolve(environment["STA_HOME"]);
  const xdg = environment["XDG_STATE_HOME"];
  return xdg?.startsWith("/") ? join(xdg, "sta") : join(home, ".local", "state", "sta");
}

/** Creates a folder of ours, mode 0700 whatever the umask, parents too. Throws StorageError; `link` when it is one. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await makeFolder(path, 0o700);
    const stats = await lstat(path);
    // Whoever owns the link could turn it to a folder of their own.
    if (stats.isSymbolicLink()) {
      const advice = "sta keeps its state in none: set STA_HOME to the folder it leads to.";
      throw new StorageError("link", path, `${path} is a link, and ${advice}`);
    }
    if (!stats.isDirectory()) throw notAFolder(path);
    if ((stats.mode & 0o777) !== 0o700) await chmod(path, 0o700);
  } catch (error) {
    const failure = toStorageError(error, path);
    throw failure.code === "missing" ? notAFolder(path, error) : failure;
  }
}

function notAFolder(path: string, cause?: unknown): StorageError {
  const message = `${path} is no folder and cannot be made one: set STA_HOME to a folder, or to where one can be made.`;
  return new StorageError("missing", path, message, { cause });
}

/** The state folder, owned by this process. */
export class StateFolder {
  readonly path: string;
  readonly #lock: FolderLock;

  private constructor(path: string, lock: FolderLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Creates the folder when it is not there, and takes its lock. Throws StateInUseError, StorageError. */
  static async open(path: string): Promise<StateFolder> {
    const locks = join(path, "lock");
    await makePrivateFolder(path);
    await makePrivateFolder(locks);
    try {
      const { lock, owner } = await FolderLock.take(locks);
      if (lock) return new StateFolder(path, lock);
      throw new StateInUseError(path, owner);
    } catch (error) {
      throw toStorageError(error, path);
    }
  }

  /** Path of a file or folder of the state. */
  resolve(...components: string[]): string {
    return join(this.path, ...components);
  }

  /** Gives the folder up. */
  close(): Promise<void> {
    return this.#lock.release();
  }
}
