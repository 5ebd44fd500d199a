// DiskThreads: beside the main thread, SHA-1 of pieces in memory and of pieces in files, and small files by the dozen.
// `crypto.subtle` copies what it hashes on the thread that asks: 0.42 s a GiB of the main thread,
// measured with pieces of 512 KiB; from shared memory (`sharedBytes`) it is 0.01 s.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { answerTo, type DiskAnswer, type DiskTask } from "./disk-tasks.ts";
import type { DiskReply, DiskRequest } from "./disk-thread.ts";
import { errorOf, type StorageError } from "./errors.ts";
import { type FilePart, type HashJob, type PieceDigest, WINDOW_BYTES } from "./file-hasher.ts";
import { sharedBytes } from "./piece-io.ts";
import type { FileStats, SafePath } from "./safe-sync.ts";
import type { FileOutcome, ReadOutcome, SyncOutcome, WriteJob, WriteOutcome } from "./small-files.ts";

/** More threads that hash than this only fill the memory bus. */
const MAX_HASHING = 4;

/**
 * Threads for small files at most, which do not wait behind what is hashed. One is as fast as two (measured, 20 000 files); the second is
 * for a slow disk, so that others are read and written while the first syncs: it is started when that has not answered for so long.
 */
const FILE_THREADS = 2;
const SLOW_MS = 50;

/** Pieces that are copied for threads at once: enough that none has to wait, and little memory. */
const MAX_COPIES = 4;

/** A thread costs about 8 MB; one that had nothing to do for so long is let go. */
const IDLE_MS = 10_000;

/** Copies bytes. `set` into shared memory goes word by word: 0.26 s a GiB instead of 0.06, measured. */
const { copy } = Buffer.prototype;

const WORKER_FILE = new URL(import.meta.url.endsWith(".ts") ? "./disk-thread.ts" : "./disk-thread.js", import.meta.url);

/** As FileOutcome. */
export interface FileResult {
  readonly stats: FileStats | undefined;
  readonly failure: StorageError | undefined;
}

interface Pending {
  readonly task: DiskTask;
  readonly resolve: (answer: DiskAnswer) => void;
  readonly reject: (error: unknown) => void;
}

interface DiskThread {
  readonly worker: Worker;
  /** It hashes pieces, or it has small files. */
  readonly hashes: boolean;
  readonly pending: Map<number, Pending>;
  /** When it answered last, or began to have something to do: monotonic. */
  answeredAtMs: number;
  idleTimer: NodeJS.Timeout | undefined;
  /** We end it. */
  isEnding: boolean;
}

/**
 * Shared by all torrents of an engine. Threads are started when there is work, and keep no process alive when there is none. What a
 * thread leaves undone that the system ends (no memory), or that cannot be started, is done on the main thread.
 */
export class DiskThreads {
  /** Threads that hash at most. */
  readonly size: number;
  readonly #threads = new Set<DiskThread>();
  #nextId = 0;
  /** Copies that tasks use, who waits for one fewer, and memory for the next. */
  #copies = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #spare: Uint8Array[] = [];

  constructor(size: number = Math.min(MAX_HASHING, availableParallelism())) {
    this.size = size;
  }

  /**
   * SHA-1 of `bytes`, 20 bytes. Bytes in a SharedArrayBuffer are hashed where they are and must not change meanwhile; others are
   * copied first. Rejects when it is closed meanwhile.
   */
  async sha1(bytes: Uint8Array): Promise<Uint8Array> {
    const [digest] = await this.#shared(bytes, (shared) => this.#ask<readonly PieceDigest[]>({ bytes: shared }));
    return digest as Uint8Array;
  }

  /**
   * SHA-1 of pieces that lie in files, which the thread reads itself: for each piece 20 bytes, or why it cannot be read.
   * Rejects when it is closed meanwhile.
   */
  async sha1OfFiles(job: HashJob): Promise<(Uint8Array | StorageError)[]> {
    const digests = await this.#ask<readonly PieceDigest[]>({ job });
    return digests.map((digest) => (digest instanceof Uint8Array ? digest : errorOf(digest)));
  }

  /**
   * Writes parts of files; resolves to what these were before, up to the first that fails, and why it does. For the bytes see `sha1`.
   * Rejects when it is closed meanwhile.
   */
  async writeFiles(job: WriteJob): Promise<{ opened: readonly FileStats[]; failure: StorageError | undefined }> {
    const { opened, failure } = await this.#shared(job.bytes, (bytes) =>
      this.#ask<WriteOutcome>({ writing: { ...job, bytes } }),
    );
    return { opened, failure: failure && errorOf(failure) };
  }

  /**
   * Makes the bytes of files survive a loss of power; tells what stands under their names behind that. Throws StorageError for a name
   * that cannot be looked at; rejects when it is closed meanwhile.
   */
  async syncFiles(files: readonly SafePath[]): Promise<FileResult[]> {
    const outcome = await this.#ask<SyncOutcome>({ syncing: files });
    if (outcome.failure) throw errorOf(outcome.failure);
    return outcome.files.map(resultOf);
  }

  /** Reads parts of files: the bytes of all one behind the other, and what became of each. Rejects when it is closed meanwhile. */
  async readFiles(parts: readonly FilePart[]): Promise<{ bytes: Uint8Array; files: FileResult[] }> {
    const { bytes, files } = await this.#ask<ReadOutcome>({ reading: parts });
    return { bytes, files: files.map(resultOf) };
  }

  /** Ends all threads; what they had not answered is rejected. */
  async close(): Promise<void> {
    for (const thread of this.#threads) thread.isEnding = true;
    await Promise.all(Array.from(this.#threads, ({ worker }) => worker.terminate()));
  }

  /** A message would carry all of the buffer that a view is of: what is not shared is copied, for so many tasks at once. */
  async #shared<T>(bytes: Uint8Array, use: (shared: Uint8Array) => Promise<T>): Promise<T> {
    if (bytes.buffer instanceof SharedArrayBuffer) return use(bytes);
    while (this.#copies >= MAX_COPIES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#copies++;
    const spare = this.#spare.pop();
    const buffer = spare && spare.length >= bytes.length ? spare : sharedBytes(bytes.length);
    copy.call(bytes, buffer);
    try {
      return await use(buffer.subarray(0, bytes.length));
    } finally {
      this.#copies--;
      this.#spare.push(buffer);
      this.#waiting.shift()?.();
    }
  }

  /** The answer is that of the task: `T`. */
  #ask<T extends DiskAnswer>(task: DiskTask): Promise<T> {
    const thread = this.#leastBusy("bytes" in task || "job" in task);
    return new Promise((resolved, reject) => {
      const resolve = (answer: DiskAnswer) => resolved(answer as T);
      if (!thread) return doHere({ task, resolve, reject });
      const id = this.#nextId++;
      clearTimeout(thread.idleTimer);
      thread.worker.ref();
      if (thread.pending.size === 0) thread.answeredAtMs = performance.now();
      thread.pending.set(id, { task, resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.worker.postMessage({ id, task } satisfies DiskRequest);
    });
  }

  /** Undefined when the system has room for no thread. */
  #leastBusy(hashes: boolean): DiskThread | undefined {
    let best: DiskThread | undefined;
    let count = 0;
    for (const thread of this.#threads) {
      if (thread.hashes !== hashes) continue;
      count++;
      if (!best || thread.pending.size < best.pending.size) best = thread;
    }
    if (!best) return this.#start(hashes);
    const isQuick = best.pending.size === 0 || (!hashes && performance.now() - best.answeredAtMs < SLOW_MS);
    return isQuick || count >= (hashes ? this.size : FILE_THREADS) ? best : (this.#start(hashes) ?? best);
  }

  #start(hashes: boolean): DiskThread | undefined {
    const worker = startWorker();
    if (!worker) return undefined;
    const thread: DiskThread = {
      worker,
      hashes,
      pending: new Map(),
      answeredAtMs: 0,
      idleTimer: undefined,
      isEnding: false,
    };
    this.#threads.add(thread);
    worker.on("message", ({ id, answer }: DiskReply) => {
      thread.pending.get(id)?.resolve(answer);
      thread.pending.delete(id);
      thread.answeredAtMs = performance.now();
      if (thread.pending.size === 0) this.#rest(thread);
    });
    // Its end, which follows, is what counts.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      this.#threads.delete(thread);
      clearTimeout(thread.idleTimer);
      for (const pending of thread.pending.values()) {
        if (thread.isEnding) pending.reject(new Error("the thread has ended"));
        else doHere(pending);
      }
    });
    return thread;
  }

  /** A thread that is being ended takes no work any more: it would be rejected. */
  #rest(thread: DiskThread): void {
    thread.worker.unref();
    thread.idleTimer = setTimeout(() => {
      this.#threads.delete(thread);
      this.#spare.length = 0;
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
    resolve(answerTo(task, () => new Uint8Array(WINDOW_BYTES)));
  } catch (error) {
    reject(error);
  }
}

function resultOf({ stats, failure }: FileOutcome): FileResult {
  return { stats, failure: failure && errorOf(failure) };
}
