// A disk whose n-th operation fails: node:fs/promises, wrapped. A test mocks that module with `wrapped`, so the code under
// test is the real one and its files are real.
import type { FileHandle } from "node:fs/promises";

type FsPromises = typeof import("node:fs/promises");

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

/** More turns of the event loop than anything else here takes: what is slow comes last of all. */
const DELAY_TURNS = 300;

class FaultyDisk {
  /** Operations since the last `plan`. */
  count = 0;
  /** The operation that failed, once it has. */
  failed: string | undefined;
  #fault: Fault | undefined;
  #at = 0;
  #ended: () => void = () => undefined;
  readonly #handles = new Set<FileHandle>();

  /** The `at`-th operation from now, 1 the next, meets `fault`. Resolves when a process has ended with it. */
  plan(fault: Fault | undefined, at: number): Promise<void> {
    this.count = 0;
    this.failed = undefined;
    this.#fault = fault;
    this.#at = at;
    return new Promise((resolve) => (this.#ended = resolve));
  }

  /** What a process that ends leaves open, closed. */
  async closeAll(): Promise<void> {
    for (const handle of this.#handles) await Promise.resolve(close.call(handle)).catch(() => undefined);
    this.#handles.clear();
  }

  async run(name: string, operation: () => Promise<unknown>, half?: () => Promise<unknown>): Promise<unknown> {
    this.count++;
    const isHit = this.count === this.#at;
    const fault = this.#fault;
    if (this.count > this.#at && (fault === "end" || fault === "torn")) return new Promise(() => undefined);
    if (!isHit || fault === undefined) return operation();
    this.failed = name;
    switch (fault) {
      case "end":
      case "torn":
        await (fault === "torn" && half ? half() : operation());
        this.#ended();
        return new Promise(() => undefined);
      case "short write":
        return half && name === "write" ? half() : operation();
      case "2 s of delay":
        for (let turn = 0; turn < DELAY_TURNS; turn++) await new Promise((next) => setImmediate(next));
        return operation();
      default:
        throw Object.assign(new Error(`${fault}: made up, ${name}`), { code: fault, syscall: name });
    }
  }

  wrapHandle(handle: FileHandle): FileHandle {
    close ??= handle.close;
    this.#handles.add(handle);
    const methods = handle as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of ON_HANDLES) {
      const original = methods[name]!.bind(handle);
      methods[name] = (...args) => this.run(name, () => original(...args), halfOf(name, original, args));
    }
    const closing = handle.close.bind(handle);
    handle.close = () => {
      this.#handles.delete(handle);
      return closing();
    };
    return handle;
  }
}

let close: FileHandle["close"];

/** `write(bytes, offset, length, position)` or `writeFile(bytes)`, of half the bytes. */
function halfOf(name: string, original: (...args: unknown[]) => Promise<unknown>, args: unknown[]) {
  if (name === "write") {
    const [bytes, offset, length, position] = args as [Uint8Array, number, number, number];
    return length > 1 ? () => original(bytes, offset, length >> 1, position) : undefined;
  }
  // Node's own loop writes the rest of a short `writeFile`: only the end of the process cuts one.
  if (name !== "writeFile") return undefined;
  const [bytes] = args as [Uint8Array];
  return () => original(bytes.subarray(0, bytes.length >> 1));
}

export const disk = new FaultyDisk();

/** The module as the code under test sees it. */
export function wrapped(original: FsPromises): FsPromises {
  const functions: Record<string, unknown> = {};
  for (const name of OPERATIONS) {
    const real = original[name] as (...args: unknown[]) => Promise<unknown>;
    functions[name] = (...args: unknown[]) =>
      disk.run(name, async () => {
        const result = await real(...args);
        return name === "open" ? disk.wrapHandle(result as FileHandle) : result;
      });
  }
  return { ...original, ...functions };
}
