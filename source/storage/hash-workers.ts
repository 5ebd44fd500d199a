// HashWorkers: SHA-1 beside the main thread, of pieces in memory and of pieces in files.
// `crypto.subtle` copies what it hashes on the thread that asks: 0.42 s a GiB of the main thread,
// measured with pieces of 512 KiB; from shared memory (`sharedBytes`) it is 0.01 s.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { StorageError } from "./errors.ts";
import { digestsOf, type HashJob, type HashTask, type PieceDigest, WINDOW_BYTES } from "./file-hasher.ts";
import type { HashAnswer, HashRequest } from "./hash-worker.ts";
import { sharedBytes } from "./piece-io.ts";

/** More threads than this only fill the memory bus. */
const MAX_WORKERS = 4;

/** A thread costs about 8 MB; one that had nothing to do for so long is let go. */
const IDLE_MS = 10_000;

const WORKER_FILE = new URL(import.meta.url.endsWith(".ts") ? "./hash-worker.ts" : "./hash-worker.js", import.meta.url);

interface Pending {
  readonly task: HashTask;
  readonly resolve: (digests: readonly PieceDigest[]) => void;
  readonly reject: (error: unknown) => void;
}

interface HashThread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  idleTimer: NodeJS.Timeout | undefined;
  /** We end it. */
  isEnding: boolean;
}

/**
 * Shared by all torrents of an engine. Threads are started when there is work, and keep no process alive when there is none. What a
 * thread leaves undone that the system ends (no memory), or that cannot be started, is done on the main thread.
 */
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
   * copied first. Rejects when it is closed meanwhile.
   */
  async sha1(bytes: Uint8Array): Promise<Uint8Array> {
    const shared = bytes.buffer instanceof SharedArrayBuffer ? bytes : sharedCopy(bytes);
    const [digest] = await this.#ask({ bytes: shared });
    return digest as Uint8Array;
  }

  /**
   * SHA-1 of pieces that lie in files, which the thread reads itself: for each piece 20 bytes, or why it cannot be read.
   * Rejects when it is closed meanwhile.
   */
  async sha1OfFiles(job: HashJob): Promise<(Uint8Array | StorageError)[]> {
    const digests = await this.#ask({ job });
    return digests.map((digest) =>
      digest instanceof Uint8Array ? digest : new StorageError(digest.code, digest.path, digest.message),
    );
  }

  /** Ends all threads; what they had not answered is rejected. */
  async close(): Promise<void> {
    for (const thread of this.#threads) thread.isEnding = true;
    await Promise.all(Array.from(this.#threads, ({ worker }) => worker.terminate()));
  }

  #ask(task: HashTask): Promise<readonly PieceDigest[]> {
    const thread = this.#leastBusy();
    return new Promise((resolve, reject) => {
      if (!thread) return doHere({ task, resolve, reject });
      const id = this.#nextId++;
      clearTimeout(thread.idleTimer);
      thread.worker.ref();
      thread.pending.set(id, { task, resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.worker.postMessage({ id, task } satisfies HashRequest);
    });
  }

  /** Undefined when the system has room for no thread. */
  #leastBusy(): HashThread | undefined {
    let best: HashThread | undefined;
    for (const thread of this.#threads) if (!best || thread.pending.size < best.pending.size) best = thread;
    return best && (best.pending.size === 0 || this.#threads.size >= this.size) ? best : (this.#start() ?? best);
  }

  #start(): HashThread | undefined {
    const worker = startWorker();
    if (!worker) return undefined;
    const thread: HashThread = { worker, pending: new Map(), idleTimer: undefined, isEnding: false };
    this.#threads.add(thread);
    worker.on("message", ({ id, digests }: HashAnswer) => {
      thread.pending.get(id)?.resolve(digests);
      thread.pending.delete(id);
      if (thread.pending.size === 0) this.#rest(thread);
    });
    // Its end, which follows, is what counts.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      this.#threads.delete(thread);
      clearTimeout(thread.idleTimer);
      for (const pending of thread.pending.values()) {
        if (thread.isEnding) pending.reject(new Error("the hashing thread has ended"));
        else doHere(pending);
      }
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

/** Undefined when the system has room for no thread. */
function startWorker(): Worker | undefined {
  try {
    return new Worker(WORKER_FILE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_WORKER_INIT_FAILED") throw error;
    return undefined;
  }
}

function doHere({ task, resolve, reject }: Pending): void {
  try {
    resolve(digestsOf(task, () => new Uint8Array(WINDOW_BYTES)));
  } catch (error) {
    reject(error);
  }
}

/** A message would carry all of the buffer that a view is of. */
function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
