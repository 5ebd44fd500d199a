// Reads published metainfo files so that nobody else waits: large ones in a thread, one after the other.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ProtocolError } from "../source/protocol/errors.ts";
import { LARGE_METAINFO_CHARACTERS } from "./limits.ts";
import { type ReadTorrent, readTorrent } from "./read-torrent.ts";
import { RequestError } from "./request-error.ts";
import type { WorkerAnswer } from "./torrent-worker.ts";

/** Beside this file, as source or as built. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "./torrent-worker.ts" : "./torrent-worker.js",
  import.meta.url,
);

export class TorrentReader {
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects with ProtocolError for what is no base64, with RequestError `bad-torrent` for what is no torrent. */
  read(base64: string): Promise<ReadTorrent> {
    if (base64.length <= LARGE_METAINFO_CHARACTERS) return Promise.resolve().then(() => readTorrent(base64));
    const read = this.#last.then(() => readInThread(base64));
    this.#last = read.catch(() => undefined);
    return read;
  }
}

/** In a thread of its own, which ends with it: such files are rare, and an idle thread is 10 MB. */
async function readInThread(base64: string): Promise<ReadTorrent> {
  const worker = new Worker(WORKER_FILE);
  try {
    const answered = once(worker, "message");
    worker.postMessage(base64, []);
    const [answer] = (await answered) as [WorkerAnswer];
    if ("refused" in answer) throw new RequestError("bad-torrent", answer.refused);
    if ("broken" in answer) throw new ProtocolError("bad-base64", answer.broken);
    return answer;
  } finally {
    await worker.terminate();
  }
}
