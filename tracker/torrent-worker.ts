// The thread in which large metainfo files are read: base64 in, a WorkerAnswer out.
import { parentPort } from "node:worker_threads";
import { ProtocolError } from "../source/protocol/errors.ts";
import { type ReadTorrent, readTorrent } from "./read-torrent.ts";
import { RequestError } from "./request-error.ts";

export type WorkerAnswer = ReadTorrent | { readonly refused: string } | { readonly broken: string };

parentPort!.on("message", (base64: string) => parentPort!.postMessage(answer(base64), []));

function answer(base64: string): WorkerAnswer {
  try {
    return readTorrent(base64);
  } catch (error) {
    if (error instanceof RequestError) return { refused: error.message };
    if (error instanceof ProtocolError) return { broken: error.message };
    throw error;
  }
}
