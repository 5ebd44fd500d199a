// What is done beside the main thread: SHA-1 of pieces, in memory and in files, and small files, many at once.
import { digestsOf, type HashTask, type PieceDigest } from "./file-hasher.ts";
import type { SafePath } from "./safe-sync.ts";
import { syncFiles, type SyncOutcome, type WriteJob, writeFiles, type WriteOutcome } from "./small-files.ts";

export type DiskTask = HashTask | { readonly writing: WriteJob } | { readonly syncing: readonly SafePath[] };

/** Digests of a HashTask, or the outcome of `writing` or `syncing`. */
export type DiskAnswer = readonly PieceDigest[] | WriteOutcome | SyncOutcome;

/** Does a task here and now. It may wait for the disk. `window` yields where the bytes of files are read to. */
export function answerTo(task: DiskTask, window: () => Uint8Array): DiskAnswer {
  if ("writing" in task) return writeFiles(task.writing);
  if ("syncing" in task) return syncFiles(task.syncing);
  return digestsOf(task, window);
}
