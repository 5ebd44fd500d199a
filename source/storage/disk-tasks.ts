// What is done beside the main thread: SHA-1 of pieces, in memory and in files, and small files, many of them at once.
import { digestsOf, type FilePart, type HashTask, type PieceDigest } from "./file-hasher.ts";
import type { SafePath } from "./safe-sync.ts";
import {
  readFiles,
  type ReadOutcome,
  syncFiles,
  type SyncOutcome,
  type WriteJob,
  writeFiles,
  type WriteOutcome,
} from "./small-files.ts";

export type DiskTask =
  | HashTask
  | { readonly writing: WriteJob }
  | { readonly syncing: readonly SafePath[] }
  | { readonly reading: readonly FilePart[] };

/** Digests of a HashTask, or the outcome of the others. */
export type DiskAnswer = readonly PieceDigest[] | WriteOutcome | SyncOutcome | ReadOutcome;

/** Does a task here and now. It may wait for the disk. `window` yields where the bytes of files are read to. */
export function answerTo(task: DiskTask, window: () => Uint8Array): DiskAnswer {
  if ("writing" in task) return writeFiles(task.writing);
  if ("syncing" in task) return syncFiles(task.syncing);
  if ("reading" in task) return readFiles(task.reading);
  return digestsOf(task, window);
}

/** What goes over to the other thread instead of being copied. */
export function transferOf(answer: DiskAnswer): ArrayBuffer[] {
  return "bytes" in answer ? [answer.bytes.buffer] : [];
}
