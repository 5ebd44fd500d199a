// allocate: gives a file all its room on the disk, so that it cannot run out later and lies in one piece.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { StorageError, storageError } from "./errors.ts";
import { writeFully } from "./piece-io.ts";

export const ALLOCATIONS = ["sparse", "full"] as const;

/** `sparse`: a file takes room as it is written. `full`: all of it before its first piece. */
export type Allocation = (typeof ALLOCATIONS)[number];

/** Up to here zeros are written: sooner done than a process is started. */
const ZEROS_BYTES = 1024 * 1024;

/**
 * Allocates `length` bytes for an open file that has `size`; what is in it stays. Node has no fallocate(2), and zeros would be
 * written as slowly as the data itself: `fallocate` of util-linux does it at once, through the descriptor that is passed on.
 * Throws StorageError: `disk-full`, or `io` when this disk or system cannot do it.
 */
export async function allocate(
  handle: FileHandle,
  path: string,
  { size, length }: { readonly size: number; readonly length: number },
): Promise<void> {
  if (length <= ZEROS_BYTES) return writeFully(handle, new Uint8Array(length - size), size);
  const child = spawn("fallocate", ["--length", String(length), "/proc/self/fd/3"], {
    stdio: ["ignore", "ignore", "pipe", handle.fd],
    env: { ...process.env, LC_ALL: "C" },
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
  const failure = await Promise.race([
    once(child, "close").then(([code]: unknown[]) => (code === 0 ? undefined : said.trim())),
    once(child, "error").then(([error]: unknown[]) => String(error)),
  ]);
  if (failure === undefined) return;
  if (failure.includes("No space left")) throw storageError("disk-full", path);
  const message = `${path} cannot be allocated in full (${failure}): use --allocation sparse, or install util-linux.`;
  throw new StorageError("io", path, message);
}
