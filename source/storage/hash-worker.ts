// The thread of HashWorkers: takes bytes, answers with their SHA-1.
import { hash } from "node:crypto";
import { parentPort } from "node:worker_threads";

parentPort?.on("message", ({ id, bytes }: { id: number; bytes: Uint8Array }) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage({ id, digest: new Uint8Array(hash("sha1", bytes, "buffer")) });
});
