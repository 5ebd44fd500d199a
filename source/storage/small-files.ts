// Small files, written, synced and read where it runs: in a thread, which may wait for the disk. Through the thread pool each of them took
// eleven calls of 30 microseconds and more, and five to be read; here they take three, and one message for all files of a piece.
import { closeSync, fdatasyncSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { failureOf, type StorageFailure, storageError, toStorageError } from "./errors.ts";
import type { FilePart } from "./file-hasher.ts";
import {
  type FileStats,
  type OpenedFile,
  type SafeFolderId,
  type SafePath,
  SafeReader,
  SafeWriter,
} from "./safe-sync.ts";

/** A part of a file that is to be written. */
export interface WritePart extends FilePart {
  /** Where its bytes begin in those of the job. */
  readonly start: number;
  /** Bytes that the file has from its first part on. */
  readonly fileLength: number;
}

export interface WriteJob {
  readonly folder: SafeFolderId;
  readonly bytes: Uint8Array;
  readonly parts: readonly WritePart[];
}

/** The files as they were when they were opened, up to and with the one that failed. */
export interface WriteOutcome {
  readonly opened: readonly FileStats[];
  readonly failure: StorageFailure | undefined;
}

/** What became of a file. */
export interface FileOutcome {
  /** What stands under its name; undefined when that is no file. */
  readonly stats: FileStats | undefined;
  /** Why it could not be synced, or read. */
  readonly failure: StorageFailure | undefined;
}

/** What became of the files, up to the one of which that cannot be told. */
export interface SyncOutcome {
  readonly files: readonly FileOutcome[];
  readonly failure: StorageFailure | undefined;
}

/** Writes parts of files, which are made when they are not there and never cut. Ends with the first that fails. */
export function writeFiles({ folder, bytes, parts }: WriteJob): WriteOutcome {
  const opened: FileStats[] = [];
  try {
    const writer = new SafeWriter(folder);
    for (const part of parts) {
      const file = writer.open(part);
      opened.push(file.stats);
      writePart(file, part, bytes);
    }
    return { opened, failure: undefined };
  } catch (error) {
    return { opened, failure: failureOf(error) };
  }
}

/** Others may write to the file, too: it is only ever made as long as all of them make it. */
function writePart({ descriptor, stats }: OpenedFile, part: WritePart, bytes: Uint8Array): void {
  const { start, position, length, fileLength } = part;
  try {
    try {
      const soonThere = position === 0 ? length : 0;
      if (Math.max(stats.size, soonThere) < fileLength) ftruncateSync(descriptor, fileLength);
      for (let done = 0; done < length;) {
        done += writeSync(descriptor, bytes, start + done, length - done, position + done);
      }
    } finally {
      // A disk of another machine may say only here that it is full.
      closeSync(descriptor);
    }
  } catch (error) {
    throw toStorageError(error, part.path);
  }
}

/** Makes the bytes of files survive a loss of power, and tells what stands under their names behind that. */
export function syncFiles(paths: readonly SafePath[]): SyncOutcome {
  const files: FileOutcome[] = [];
  try {
    const reader = new SafeReader();
    for (const path of paths) {
      const failure = syncFile(reader, path);
      files.push({ stats: reader.stat(path), failure });
    }
    return { files, failure: undefined };
  } catch (error) {
    return { files, failure: failureOf(error) };
  }
}

function syncFile(reader: SafeReader, file: SafePath): StorageFailure | undefined {
  try {
    const { descriptor } = reader.open(file);
    try {
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return undefined;
  } catch (error) {
    return failureOf(toStorageError(error, file.path));
  }
}

export interface ReadOutcome {
  /** Those of all parts, one behind the other; of a part that failed, anything. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly files: readonly FileOutcome[];
}

/** Reads parts of files. What cannot be read fails alone. */
export function readFiles(parts: readonly FilePart[]): ReadOutcome {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  const reader = new SafeReader();
  let start = 0;
  const files = parts.map((part) => {
    const into = bytes.subarray(start, (start += part.length));
    return readPart(reader, part, into);
  });
  return { bytes, files };
}

function readPart(reader: SafeReader, part: FilePart, into: Uint8Array): FileOutcome {
  let stats: FileStats | undefined;
  try {
    const file = reader.open(part);
    ({ stats } = file);
    try {
      for (let done = 0; done < into.length;) {
        const count = readSync(file.descriptor, into, done, into.length - done, part.position + done);
        if (count === 0) throw storageError("truncated", part.path);
        done += count;
      }
    } finally {
      closeSync(file.descriptor);
    }
    return { stats, failure: undefined };
  } catch (error) {
    return { stats, failure: failureOf(toStorageError(error, part.path)) };
  }
}
