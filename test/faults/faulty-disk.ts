// A disk whose n-th operation fails: node:fs/promises, wrapped, and what threads use of node:fs. A test mocks these modules with `wrapped`
// and `wrappedSync`, so the code under test is the real one and its files are real.
import { AsyncLocalStorage } from "node:async_hooks";
import type { FileHandle } from "node:fs/promises";

type FsPromises = typeof import("node:fs/promises");
type Fs = typeof import("node:fs");
type Operation = (...args: unknown[]) => Promise<unknown>;

export const FAULTS = ["EIO", "ENOSPC", "EROFS", "EACCES", "EMFILE", "short write", "2 s of delay"] as const;

/** `end`: the process ends with that operation done, `torn`: with half of it done if it is a write. */
export type Fault = (typeof FAULTS)[number] | "end" | "torn";

const OPERATIONS = [
  "access",
  "chmod",
  "lstat",
  "mkdir",
  "open",
  "readFile",
  "readdir",
  "rename",
  "rm",
  "rmdir",
  "stat",
  "statfs",
  "unlink",
] as const;
const ON_HANDLES = ["chmod", "datasync", "readv", "stat", "sync", "truncate", "write", "writeFile"] as const;

const SYNC_OPERATIONS = [
  "closeSync",
  "fdatasyncSync",
  "fstatSync",
  "ftruncateSync",
  "lstatSync",
  "mkdirSync",
  "openSync",
  "readSync",
  "statSync",
  "writeSync",
] as const;

/** More turns of the event loop than anything else here takes: what is slow comes last of all. */
const DELAY_TURNS = 300;

/** What runs as one process: its operations are counted, and none goes on after its end. */
export class DiskUser {
  /** Operations so far. */
  count = 0;
  /** The operation that met the fault, once it has. */
  failed: string | undefined;
  #fault: Fault | undefined;
  #at = 0;
  /** Open files, and how each is really closed. */
  readonly #handles = new Map<FileHandle, () => Promise<void>>();
  readonly #descriptors = new Set<number>();
  readonly #killed = Promise.withResolvers<"killed">();
  #isDead = false;

  /** Its `at`-th operation from now, 1 the next, meets `fault`. */
  plan(fault: Fault | undefined, at: number): void {
    this.count = 0;
    this.#fault = fault;
    this.#at = at;
  }

  /** Files that are open. */
  get openFiles(): number {
    return this.#handles.size + this.#descriptors.size;
  }

  /** Runs `act`, and whatever that sets going, as this process. */
  run<T>(act: () => Promise<T>): Promise<T> {
    return users.run(this, act);
  }

  /** As `run`; resolves also when the process is killed. It is over then in any case, and what it left open is closed. */
  async runToItsEnd(act: () => Promise<unknown>): Promise<"over" | "killed"> {
    const outcome = await Promise.race([this.run(act).then(() => "over" as const), this.#killed.promise]);
    this.#isDead = true;
    for (const close of this.#handles.values()) await close();
    return outcome;
  }

  async operate(name: string, operation: () => Promise<unknown>, half = operation): Promise<unknown> {
    this.count++;
    if (this.#isDead) return never();
    try {
      return await (this.count === this.#at ? this.#meet(name, operation, half) : operation());
    } finally {
      if (this.#isDead) await never();
    }
  }

  /** As `operate`, in a thread that waits; for a delay there is nobody else to wait for. */
  operateSync(name: string, operation: () => unknown, half: () => unknown): unknown {
    this.count++;
    const fault = this.count === this.#at ? this.#fault : undefined;
    if (fault) this.failed = name;
    if (fault === "short write" && (name === "writeSync" || name === "readSync")) return half();
    const isError = fault !== undefined && fault.startsWith("E");
    // A file is closed whatever closing it says.
    const result = isError && name !== "closeSync" ? undefined : operation();
    if (name === "openSync" && !isError) this.#descriptors.add(result as number);
    if (isError) throw madeUp(fault, name);
    return result;
  }

  closed(descriptor: number): void {
    this.#descriptors.delete(descriptor);
  }

  opened(handle: FileHandle): FileHandle {
    const close = handle.close.bind(handle);
    this.#handles.set(handle, close);
    if (this.#isDead) void close();
    const methods = handle as unknown as Record<string, Operation>;
    for (const name of ON_HANDLES) {
      const original = methods[name]!.bind(handle);
      methods[name] = (...args) => this.operate(name, () => original(...args), halfOf(name, original, args));
    }
    handle.close = async () => {
      if (this.#isDead) return never();
      this.#handles.delete(handle);
      await close();
    };
    return handle;
  }

  async #meet(name: string, operation: () => Promise<unknown>, half: () => Promise<unknown>): Promise<unknown> {
    this.failed = name;
    switch (this.#fault) {
      case undefined:
        return operation();
      case "end":
      case "torn":
        try {
          return await (this.#fault === "torn" ? half() : operation());
        } finally {
          this.#isDead = true;
          this.#killed.resolve("killed");
        }
      case "short write":
        // Node's own loop writes the rest of a short `writeFile`: only the end of the process cuts one.
        return name === "write" ? half() : operation();
      case "2 s of delay":
        for (let turn = 0; turn < DELAY_TURNS; turn++) await new Promise((next) => setImmediate(next));
        return operation();
      default:
        throw madeUp(this.#fault, name);
    }
  }
}

function madeUp(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: made up, ${syscall}`), { code, syscall });
}

const users = new AsyncLocalStorage<DiskUser>();

const never = () => new Promise<never>(() => undefined);

/** `write(bytes, offset, length, position)` or `writeFile(bytes)`, of half the bytes. */
function halfOf(name: string, original: Operation, args: unknown[]): (() => Promise<unknown>) | undefined {
  if (name === "write") {
    const [bytes, offset, length, position] = args as [Uint8Array, number, number, number];
    return length > 1 ? () => original(bytes, offset, length >> 1, position) : undefined;
  }
  if (name !== "writeFile") return undefined;
  const [bytes] = args as [Uint8Array];
  return () => original(bytes.subarray(0, bytes.length >> 1));
}

/** The module as the code under test sees it: outside of a DiskUser it is the real one. */
export function wrapped(original: FsPromises): FsPromises {
  const functions: Record<string, unknown> = {};
  for (const name of OPERATIONS) {
    const real = original[name] as Operation;
    functions[name] = (...args: unknown[]) => {
      const user = users.getStore();
      if (!user) return real(...args);
      return user.operate(name, async () => {
        const result = await real(...args);
        return name === "open" ? user.opened(result as FileHandle) : result;
      });
    };
  }
  return { ...original, ...functions };
}

/** As `wrapped`, of the module that threads use. */
export function wrappedSync(original: Fs): Fs {
  const functions: Record<string, unknown> = {};
  for (const name of SYNC_OPERATIONS) {
    const real = original[name] as (...args: unknown[]) => unknown;
    functions[name] = (...args: unknown[]) => {
      const user = users.getStore();
      if (!user) return real(...args);
      if (name === "closeSync") user.closed(args[0] as number);
      return user.operateSync(name, () => real(...args), halfOfSync(real, args));
    };
  }
  return { ...original, ...functions };
}

/** `writeSync` or `readSync(descriptor, bytes, offset, length, position)`, of half the bytes. */
function halfOfSync(real: (...args: unknown[]) => unknown, args: unknown[]): () => unknown {
  const [descriptor, bytes, offset, length, position] = args;
  return () => real(descriptor, bytes, offset, Math.ceil((length as number) / 2), position);
}
