// Free space: what the disk of a folder still takes, and that some of it is left to others.
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { bytesText } from "../protocol/bytes-text.ts";
import { StorageError } from "./errors.ts";

/** Bytes of each disk that downloads leave free: the journals, and whatever else runs there, need some to go on. */
export const KEPT_FREE_BYTES = 100_000_000;

/** How long a look at the free space counts, as long as only we write. */
const LOOK_INTERVAL_MS = 1_000;

/** Bytes free for this user at `path`, or at its nearest parent that exists; undefined when the system does not say. */
export async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      const gone = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
      if (!gone || at === dirname(at)) return undefined;
    }
  }
}

/** What a download may write to the disk of its folder. */
export class FreeSpace {
  readonly #folder: string;
  readonly #keptBytes: number;
  /** Bytes that may be written before the next look. */
  #allowance = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string, keptBytes: number = KEPT_FREE_BYTES) {
    this.#folder = folder;
    this.#keptBytes = keptBytes;
  }

  /** Throws StorageError `disk-full` when so many bytes do not fit. */
  async require(bytes: number): Promise<void> {
    const free = await freeBytes(this.#folder);
    if (bytes === 0 || free === undefined || free - this.#keptBytes >= bytes) return;
    const kept = this.#keptBytes > 0 ? `, of which ${bytesText(this.#keptBytes)} are left to others` : "";
    throw this.#full(
      `It needs ${bytesText(bytes)} more, and the disk of ${this.#folder} has ${bytesText(free)} free${kept}: free some space, and it goes on by itself.`,
    );
  }

  /**
   * Asked before bytes are written. Throws StorageError `disk-full` when too little would be left. Others write too: of what is free
   * at most half is used before the next look.
   */
  take(bytes: number, now: number): Promise<void> | undefined {
    if (now - this.#lookedAtMs >= LOOK_INTERVAL_MS || bytes > this.#allowance) return this.#lookAndTake(bytes, now);
    this.#allowance -= bytes;
    return undefined;
  }

  async #lookAndTake(bytes: number, now: number): Promise<void> {
    // Who comes meanwhile uses what was allowed before: hundreds of small pieces may.
    this.#lookedAtMs = now;
    const free = await freeBytes(this.#folder);
    const spare = free === undefined ? Number.POSITIVE_INFINITY : free - this.#keptBytes;
    if (spare < bytes) {
      this.#allowance = 0;
      throw this.#full(
        `The disk is full: that of ${this.#folder} has ${bytesText(free ?? 0)} free, and ${bytesText(this.#keptBytes)} are left to others; free some space, and it goes on by itself.`,
      );
    }
    this.#allowance = Math.max(bytes, spare / 2) - bytes;
  }

  #full(message: string): StorageError {
    return new StorageError("disk-full", this.#folder, message);
  }
}
