// hashFileParts: SHA-1 of pieces, read from their files where it runs: in a thread, which may wait for the disk.
import { createHash, hash } from "node:crypto";
import { closeSync, readSync } from "node:fs";
import { failureOf, type StorageFailure, storageError, toStorageError } from "./errors.ts";
import { type SafePath, SafeReader } from "./safe-sync.ts";

const HASH_BYTES = 20;

/** Bytes read at once: 128 KiB to 1 MiB are equally fast (measured, 2 GiB in memory); whole pieces of the usual lengths take the short way. */
export const WINDOW_BYTES = 1024 * 1024;

/** Consecutive bytes of one file. */
export interface FilePart extends SafePath {
  readonly position: number;
  readonly length: number;
}

/** So many zeros that lie in no file. */
export interface ZerosPart {
  readonly zeros: true;
  readonly length: number;
}

/** Pieces to be hashed: their bytes, one behind the other, are those of `parts`, one behind the other. */
export interface HashJob {
  readonly pieceLengths: readonly number[];
  readonly parts: readonly (FilePart | ZerosPart)[];
}

/** `bytes`: one piece that is in memory; `job`: pieces that lie in files. */
export type HashTask = { readonly bytes: Uint8Array } | { readonly job: HashJob };

/** 20 bytes for each piece of the job, or why it could not be read. */
export type PieceDigest = Uint8Array | StorageFailure;

/** The digests of a task, here and now; `window` yields where the bytes of files are read to. */
export function digestsOf(task: HashTask, window: () => Uint8Array): readonly PieceDigest[] {
  if ("bytes" in task) return [new Uint8Array(hash("sha1", task.bytes, "buffer"))];
  return hashFileParts(task.job, window());
}

/** Reads and hashes the pieces of a job; `window` is where the bytes are read to. What cannot be read fails its own pieces alone. */
export function hashFileParts({ pieceLengths, parts }: HashJob, window: Uint8Array): PieceDigest[] {
  const reader = new PartReader(parts, window);
  let end = 0;
  try {
    return pieceLengths.map((length) => {
      reader.seek(end);
      end += length;
      try {
        return hashNext(reader, length);
      } catch (error) {
        return failureOf(error);
      }
    });
  } finally {
    reader.close();
  }
}

function hashNext(reader: PartReader, length: number): Uint8Array {
  const first = reader.take(length);
  if (first.length === length) return new Uint8Array(hash("sha1", first, "buffer"));
  const hashing = createHash("sha1").update(first);
  for (let left = length - first.length; left > 0;) {
    const bytes = reader.take(left);
    hashing.update(bytes);
    left -= bytes.length;
  }
  const digest = new Uint8Array(HASH_BYTES);
  digest.set(hashing.digest());
  return digest;
}

/** The bytes of `parts` one behind the other, read in order and a window at once; one file is open at a time. */
class PartReader {
  readonly #parts: readonly (FilePart | ZerosPart)[];
  readonly #window: Uint8Array;
  readonly #reader = new SafeReader();
  #at = 0;
  #windowStart = 0;
  #windowEnd = 0;
  #part = 0;
  #partStart = 0;
  #open: { readonly path: string; readonly descriptor: number } | undefined;

  constructor(parts: readonly (FilePart | ZerosPart)[], window: Uint8Array) {
    this.#parts = parts;
    this.#window = window;
  }

  /** Goes on from there, which is never before where it was. */
  seek(position: number): void {
    this.#at = position;
  }

  /** The next bytes, 1 to `max` of them; they stay until the next call. Throws StorageError. */
  take(max: number): Uint8Array {
    if (this.#at >= this.#windowEnd) this.#read();
    const end = Math.min(this.#windowEnd, this.#at + max);
    const bytes = this.#window.subarray(this.#at - this.#windowStart, end - this.#windowStart);
    this.#at = end;
    return bytes;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  #read(): void {
    while (this.#at >= this.#partStart + this.#parts[this.#part]!.length) {
      this.#partStart += this.#parts[this.#part++]!.length;
    }
    const part = this.#parts[this.#part]!;
    const inPart = this.#at - this.#partStart;
    const length = Math.min(this.#window.length, part.length - inPart);
    const done = "zeros" in part ? length : this.#readFrom(part, length, part.position + inPart);
    if ("zeros" in part) this.#window.fill(0, 0, length);
    else if (done === 0) throw storageError("truncated", part.path);
    this.#windowStart = this.#at;
    this.#windowEnd = this.#at + done;
  }

  #readFrom(part: FilePart, length: number, position: number): number {
    try {
      if (this.#open?.path !== part.path) {
        this.close();
        this.#open = { path: part.path, descriptor: this.#reader.open(part).descriptor };
      }
      return readSync(this.#open.descriptor, this.#window, 0, length, position);
    } catch (error) {
      throw toStorageError(error, part.path);
    }
  }
}
