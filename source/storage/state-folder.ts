// StateFolder: where an engine keeps what it must remember, and the lock that gives it to exactly one engine.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, lstat, open, readdir, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readBootId } from "./boot-id.ts";
import { StorageError, toStorageError } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";

/** Another engine owns the state folder. The command that started us exits 3. */
export class StateInUseError extends StorageError {
  /** The process that owns it. */
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(
      "in-use",
      path,
      `Another sta (process ${pid}) uses ${path}; stop it with "sta stop", or set STA_HOME to another folder.`,
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

/** Racing starts settle within milliseconds; a claim that stays longer is of a process that was stopped in the middle. */
const CLAIM_PATIENCE_MS = 5_000;

/**
 * The state folder, owned. The lock is a file `lock/claim.<boot id>.<pid>.<start time>.<nonce>`: all that is needed to see whether
 * its process still lives is its name, so a stale one never needs a hand.
 *
 * How exactly one wins: everybody creates its claim first and looks at the others' afterwards, and owns only when no other living
 * one is there. Of two that overlap, the later one to create sees the other. Of those that see each other, the one whose name
 * sorts first stays and looks again; the rest withdraw and come back when no claim is left. A file `owner...` beside the claim says
 * that it has won.
 */
export class StateFolder {
  readonly path: string;
  readonly #files: readonly string[];

  private constructor(path: string, files: readonly string[]) {
    this.path = path;
    this.#files = files;
  }

  /** Creates the folder when it is not there, and takes its lock. Throws StateInUseError, StorageError. */
  static async open(path: string): Promise<StateFolder> {
    const locks = join(path, "lock");
    await makePrivateFolder(path);
    await makePrivateFolder(locks);
    try {
      return new StateFolder(path, await acquire(path, locks));
    } catch (error) {
      throw toStorageError(error, path);
    }
  }

  /** Path of a file or folder of the state. */
  resolve(...components: string[]): string {
    return join(this.path, ...components);
  }

  /** Gives the folder up. A lock that cannot be removed is stale as soon as this process ends, and needs no hand. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#files.map((file) => rm(file, { force: true })));
  }
}

const OWNER = "owner.";
const CLAIM = "claim.";

interface Rival {
  readonly name: string;
  readonly pid: number;
  readonly owns: boolean;
}

/** Takes the lock; resolves to its files. Throws StateInUseError. */
async function acquire(path: string, locks: string): Promise<string[]> {
  const bootId = await readBootId();
  const name = `${await identify(process.pid, bootId)}.${randomBytes(6).toString("hex")}`;
  const claim = join(locks, CLAIM + name);
  const owner = join(locks, OWNER + name);
  const look = () => livingRivals(locks, name, bootId);
  const deadline = performance.now() + CLAIM_PATIENCE_MS;
  for (;;) {
    let rivals = await look();
    // Who comes while others settle it does not disturb them.
    if (rivals.length === 0) {
      await create(claim);
      try {
        rivals = await look();
        while (rivals.length > 0 && rivals.every((rival) => !rival.owns && name < rival.name)) {
          if (performance.now() > deadline) break;
          await delay(2);
          rivals = await look();
        }
        if (rivals.length === 0) {
          await create(owner);
          return [owner, claim];
        }
      } catch (error) {
        await rm(claim, { force: true });
        throw error;
      }
      await rm(claim, { force: true });
    }
    const winner = rivals.find(({ owns }) => owns) ?? (performance.now() > deadline ? rivals[0] : undefined);
    if (winner) throw new StateInUseError(path, winner.pid);
    await delay(5 + Math.random() * 20);
  }
}

/** Claims of processes that live, but ours; the files of those that do not are removed. */
async function livingRivals(locks: string, ours: string, bootId: string): Promise<Rival[]> {
  const files = await readdir(locks);
  const identities = new Map<number, string>();
  const rivals: Rival[] = [];
  for (const file of files) {
    const name = file.slice(file.indexOf(".") + 1);
    const parts = /^([0-9a-f]+\.([0-9]+)\.[0-9]+)\.[0-9a-f]+$/.exec(name);
    if (!parts || name === ours) continue;
    const pid = Number(parts[2]);
    const identity = identities.get(pid) ?? (await identify(pid, bootId));
    identities.set(pid, identity);
    if (identity !== parts[1]) await rm(join(locks, file), { force: true });
    else if (file.startsWith(CLAIM)) rivals.push({ name, pid, owns: files.includes(OWNER + name) });
  }
  return rivals;
}

/** `boot id.pid.start time` of a process: no two processes ever share it. `none` when there is no such process. */
async function identify(pid: number, bootId: string): Promise<string> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    // Gone between two looks, or no /proc at all; whatever else it is must not make a living owner look dead.
    if (!(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")))
      throw error;
    return isAlive(pid) ? `0.${pid}.0` : "none";
  }
  // Fields are counted behind the command's name, which may hold anything: state is field 3, start time field 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "none" : `${bootId}.${pid}.${fields[19]}`;
}

/** For systems without /proc: a process id that is used again makes a stale lock look alive. */
function isAlive(pid: number): boolean {
  if (existsSync("/proc/self/stat")) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function create(path: string): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  await handle.close();
}
