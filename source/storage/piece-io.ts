// Reading and writing of whole runs of bytes: what the system does in parts is done until all of it is done.
import type { FileHandle } from "node:fs/promises";

/** Buffers that one readv takes: IOV_MAX of Linux. */
const MAX_VECTORS = 1_024;

/** `length` bytes for pieces: threads that hash see them where they are. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** Writes all of `bytes` at `position`. A full disk first writes short and fails with the next call. Throws the system's error. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Fills `buffers` from `position` on; resolves to how many bytes there were: fewer than asked only at the end of the file. */
export async function readFully(handle: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<number> {
  let done = 0;
  let left = buffers;
  while (left.length > 0) {
    const { bytesRead } = await handle.readv(left.slice(0, MAX_VECTORS), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
    left = after(left, bytesRead);
  }
  return done;
}

/** What is left of `buffers` behind their first `count` bytes. */
function after(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = count;
  for (const buffer of buffers) {
    if (skip < buffer.length) left.push(skip > 0 ? buffer.subarray(skip) : buffer);
    skip = Math.max(0, skip - buffer.length);
  }
  return left;
}

/** Resolves when all of `work` has ended; then throws what the first that failed threw. Nothing goes on behind the caller's back. */
export async function allDone(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === "rejected") throw outcome.reason;
}

/** The views of `buffers` on `length` bytes from `start`, as if they stood one behind the other. */
export function cut(buffers: readonly Uint8Array[], start: number, length: number): Uint8Array[] {
  const views: Uint8Array[] = [];
  let position = 0;
  for (const buffer of buffers) {
    const from = Math.max(0, start - position);
    const to = Math.min(buffer.length, start + length - position);
    if (from < to) views.push(buffer.subarray(from, to));
    position += buffer.length;
  }
  return views;
}
