// The thread of HashWorkers: takes bytes, or the places of bytes in files, and answers with their SHA-1.
import { hash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { hashFileParts, type HashJob, type PieceDigest, WINDOW_BYTES } from "./file-hasher.ts";

/** `bytes`: one piece that is in memory; `job`: pieces that lie in files. */
export type HashRequest = { readonly id: number } & ({ readonly bytes: Uint8Array } | { readonly job: HashJob });

/** One digest for each piece asked for. */
export interface HashAnswer {
  readonly id: number;
  readonly digests: readonly PieceDigest[];
}

let window: Uint8Array | undefined;

function answer(request: HashRequest): readonly PieceDigest[] {
  if ("bytes" in request) return [new Uint8Array(hash("sha1", request.bytes, "buffer"))];
  window ??= new Uint8Array(WINDOW_BYTES);
  return hashFileParts(request.job, window);
}

parentPort?.on("message", (request: HashRequest) => {
  const message: HashAnswer = { id: request.id, digests: answer(request) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message);
});
