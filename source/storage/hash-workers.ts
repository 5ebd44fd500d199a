// HashWorkers: SHA-1 beside the main thread, of pieces in memory and of pieces in files.
// `crypto.subtle` copies what it hashes on the thread that asks: 0.42 s a GiB of the main thread,
// measured with pieces of 512 KiB; from shared memory (`sharedBytes`) it is 0.01 s.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { StorageError } from "./errors.ts";
import type { HashJob, PieceDigest } from "./file-hasher.ts";
import type { HashAnswer, HashRequest } from "./hash-worker.ts";
import { sharedBytes } from "./piece-io.ts";

/** More threads than this only fill the memory bus. */
const MAX_WORKERS = 4;

/** A thread costs about 8 MB; one that had nothing to do for so long is let go. */
const IDLE_MS = 10_000;

const WORKER_FILE = new URL(import.meta.url.endsWith(".ts") ? "./hash-worker.ts" : "./hash-worker.js", import.meta.url);

interface Pending {
  readonly resolve: (digests: readonly PieceDigest[]) => void;
  readonly reject: (error: unknown) => void;
}

interface HashThread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Shared by all torrents of an engine. Threads are started when there is work, and keep no process alive when there is none. */
export class HashWorkers {
  /** Threads at most. */
  readonly size: number;
  readonly #threads = new Set<HashThread>();
  #nextId = 0;

  constructor(size: number = Math.min(MAX_WORKERS, availableParallelism())) {
    this.size = size;
  }

  /**
   * SHA-1 of `bytes`, 20 bytes. Bytes in a SharedArrayBuffer are hashed where they are and must not change meanwhile; others are
   * copied first. Rejects when the thread ends.
   */
  async sha1(bytes: Uint8Array): Promise<Uint8Array> {
    const shared = bytes.buffer instanceof SharedArrayBuffer ? bytes : sharedCopy(bytes);
    const [digest] = await this.#ask((id) => ({ id, bytes: shared }));
    return digest as Uint8Array;
  }

  /**
   * SHA-1 of pieces that lie in files, which the thread reads itself: for each piece 20 bytes, or why it cannot be read.
   * Rejects when the thread ends.
   */
  async sha1OfFiles(job: HashJob): Promise<(Uint8Array | StorageError)[]> {
    const digests = await this.#ask((id) => ({ id, job }));
    return digests.map((digest) =>
      digest instanceof Uint8Array ? digest : new StorageError(digest.code, digest.path, digest.message),
    );
  }

  /** Ends all threads; what they had not answered is rejected. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#threads, ({ worker }) => worker.terminate()));
  }

  #ask(request: (id: number) => HashRequest): Promise<readonly PieceDigest[]> {
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    clearTimeout(thread.idleTimer);
    thread.worker.ref();
    return new Promise((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.worker.postMessage(request(id));
    });
  }

  #leastBusy(): HashThread {
    let best: HashThread | undefined;
    for (const thread of this.#threads) if (!best || thread.pending.size < best.pending.size) best = thread;
    return best && (best.pending.size === 0 || this.#threads.size >= this.size) ? best : this.#start();
  }

  #start(): HashThread {
    const worker = new Worker(WORKER_FILE);
    const thread: HashThread = { worker, pending: new Map(), idleTimer: undefined };
    this.#threads.add(thread);
    worker.on("message", ({ id, digests }: HashAnswer) => {
      thread.pending.get(id)?.resolve(digests);
      thread.pending.delete(id);
      if (thread.pending.size === 0) this.#rest(thread);
    });
    let reason: unknown = new Error("the hashing thread has ended");
    worker.on("error", (error) => (reason = error));
    worker.on("exit", () => {
      this.#threads.delete(thread);
      clearTimeout(thread.idleTimer);
      for (const { reject } of thread.pending.values()) reject(reason);
    });
    return thread;
  }

  /** A thread that is being ended takes no work any more: it would be rejected. */
  #rest(thread: HashThread): void {
    thread.worker.unref();
    thread.idleTimer = setTimeout(() => {
      this.#threads.delete(thread);
      void thread.worker.terminate();
    }, IDLE_MS).unref();
  }
}

/** A message would carry all of the buffer that a view is of. */
function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
