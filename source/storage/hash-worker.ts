// The thread of HashWorkers: takes bytes, or the places of bytes in files, and answers with their SHA-1.
import { parentPort } from "node:worker_threads";
import { digestsOf, type HashTask, type PieceDigest, WINDOW_BYTES } from "./file-hasher.ts";

export interface HashRequest {
  readonly id: number;
  readonly task: HashTask;
}

/** One digest for each piece asked for. */
export interface HashAnswer {
  readonly id: number;
  readonly digests: readonly PieceDigest[];
}

let window: Uint8Array | undefined;

parentPort?.on("message", ({ id, task }: HashRequest) => {
  const message: HashAnswer = { id, digests: digestsOf(task, () => (window ??= new Uint8Array(WINDOW_BYTES))) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message);
});
