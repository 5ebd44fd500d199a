// FolderLock: gives a folder to exactly one process. Stale locks never need a hand.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, type FileHandle, open, readdir, readFile, readlink, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readBootId } from "./boot-id.ts";

/** Racing starts settle within milliseconds; a claim that stays longer is of a process that was stopped in the middle. */
const CLAIM_PATIENCE_MS = 5_000;

const OWNER = "owner.";
const CLAIM = "claim.";
const ALIVE = "alive.";

/** `boot id.pid namespace.pid.start time.nonce`, behind one of the words above. */
const NAME = /^(([0-9a-f]+)\.([0-9]+)\.([0-9]+)\.[0-9]+)\.[0-9a-f]+$/;

/** Whose the folder is. */
export interface LockOwner {
  readonly pid: number;
  /** Its process id counts in another container. */
  readonly isElsewhere: boolean;
}

interface Rival extends LockOwner {
  readonly name: string;
  readonly owns: boolean;
}

/**
 * A lock is a file `claim.<boot id>.<pid namespace>.<pid>.<start time>.<nonce>`: its name says whether its process still lives. Of
 * a process in another container, whose pid says nothing here, the socket `alive...` beside it does: the kernel closes it with
 * the process, and it answers while the process is frozen.
 *
 * How exactly one wins: everybody creates its claim first and looks at the others' afterwards, and owns only when no other living
 * one is there. Of two that overlap, the later one to create sees the other. Of those that see each other, the one whose name
 * sorts first stays and looks again; the rest withdraw and come back when no claim is left. A file `owner...` beside the claim says
 * that it has won.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #here: Here;
  readonly #name: string;
  readonly #alive: AliveSocket;

  private constructor(folder: string, here: Here, name: string, alive: AliveSocket) {
    this.#folder = folder;
    this.#here = here;
    this.#name = name;
    this.#alive = alive;
  }

  /** Takes the lock in `folder`, which is there, or says who has it. Throws the system's error. */
  static async take(
    folder: string,
  ): Promise<{ lock: FolderLock; owner?: undefined } | { lock?: undefined; owner: LockOwner }> {
    const here = await lookAround();
    const name = `${await identify(process.pid, here)}.${randomBytes(6).toString("hex")}`;
    const alive = await AliveSocket.open(folder, ALIVE + name);
    const lock = new FolderLock(folder, here, name, alive);
    try {
      const owner = await lock.#take();
      if (!owner) return { lock };
      await lock.release();
      return { owner };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Gives it up. What cannot be removed is stale as soon as this process ends. */
  async release(): Promise<void> {
    await Promise.allSettled([this.#remove(OWNER), this.#remove(CLAIM)]);
    await this.#alive.close();
  }

  /** Resolves when it is ours, or to whose it is. */
  async #take(): Promise<LockOwner | undefined> {
    const deadline = performance.now() + CLAIM_PATIENCE_MS;
    for (;;) {
      let rivals = await this.#livingRivals();
      // Who comes while others settle it does not disturb them.
      if (rivals.length === 0) {
        await this.#create(CLAIM);
        rivals = await this.#livingRivals();
        while (rivals.length > 0 && rivals.every((rival) => !rival.owns && this.#name < rival.name)) {
          if (performance.now() > deadline) break;
          await delay(2);
          rivals = await this.#livingRivals();
        }
        if (rivals.length === 0) return this.#create(OWNER);
        await this.#remove(CLAIM);
      }
      const winner = rivals.find(({ owns }) => owns) ?? (performance.now() > deadline ? rivals[0] : undefined);
      if (winner) return winner;
      await delay(5 + Math.random() * 20);
    }
  }

  /** Claims of processes that live, but ours; the files of those that do not are removed. */
  async #livingRivals(): Promise<Rival[]> {
    const files = await readdir(this.#folder);
    const identities = new Map<number, string>();
    const isHere = async (pid: number, identity: string) => {
      if (!identities.has(pid)) identities.set(pid, await identify(pid, this.#here));
      return identities.get(pid) === identity;
    };
    const rivals: Rival[] = [];
    for (const file of files) {
      const name = file.slice(file.indexOf(".") + 1);
      const parts = NAME.exec(name);
      if (!parts || name === this.#name) continue;
      const [, identity = "", bootId = "", namespace = ""] = parts;
      const pid = Number(parts[4]);
      const isElsewhere = bootId === this.#here.bootId && namespace !== this.#here.namespace;
      const isAlive = isElsewhere ? await this.#alive.answers(ALIVE + name) : await isHere(pid, identity);
      if (!isAlive) await rm(join(this.#folder, file), { force: true });
      else if (file.startsWith(CLAIM)) {
        rivals.push({ name, pid, isElsewhere, owns: files.includes(OWNER + name) });
      }
    }
    return rivals;
  }

  async #create(word: string): Promise<undefined> {
    const handle = await open(join(this.#folder, word + this.#name), "wx", 0o600);
    await handle.close();
  }

  #remove(word: string): Promise<void> {
    return rm(join(this.#folder, word + this.#name), { force: true });
  }
}

/** The machine since its start, and which process ids we see of it. */
interface Here {
  readonly bootId: string;
  /** Number of the pid namespace; 0 where there are none. */
  readonly namespace: string;
}

async function lookAround(): Promise<Here> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return { bootId: await readBootId(), namespace: /\d+/.exec(namespace)?.[0] ?? "0" };
}

/** `boot id.pid namespace.pid.start time` of a process that we see: no two ever share it. `none` when there is no such process. */
async function identify(pid: number, { bootId, namespace }: Here): Promise<string> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    // Gone between two looks, or no /proc at all; whatever else it is must not make a living owner look dead.
    if (!(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")))
      throw error;
    return isAlive(pid) ? `0.${namespace}.${pid}.0` : "none";
  }
  // Fields are counted behind the command's name, which may hold anything: state is field 3, start time field 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "none" : `${bootId}.${namespace}.${pid}.${fields[19]}`;
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

/** A unix socket that shows other containers that we live. They have to be of this machine, as has the folder. */
class AliveSocket {
  readonly #folder: FileHandle;
  readonly #server: Server | undefined;

  private constructor(folder: FileHandle, server: Server | undefined) {
    this.#folder = folder;
    this.#server = server;
  }

  /** Throws the system's error when the folder cannot be opened. A folder that takes no sockets has none: then only this container counts. */
  static async open(folder: string, name: string): Promise<AliveSocket> {
    const handle = await open(folder, "r");
    const server = createServer((socket) => socket.destroy()).unref();
    const path = socketPath(handle, name);
    const isListening = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(path, () => resolve(true));
    });
    if (isListening) await chmod(join(folder, name), 0o600).catch(() => undefined);
    return new AliveSocket(handle, isListening ? server : undefined);
  }

  /** Does a process listen on the socket of that name? Only a clear no counts as no. */
  answers(name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(socketPath(this.#folder, name));
      socket.once("connect", () => resolve(true));
      socket.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
      });
      socket.once("connect", () => socket.destroy());
    });
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#server) this.#server.close(() => resolve());
    else resolve();
    await promise;
    await this.#folder.close();
  }
}

/** By way of the open folder: a socket's path may be 107 bytes long, and a home may be longer. */
function socketPath(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}
