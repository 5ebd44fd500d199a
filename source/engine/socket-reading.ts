// How peers' sockets are read: what was read is used up before the next read, and Node reads one socket at a time: one buffer serves all.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { READ_BUFFER_BYTES } from "./limits.ts";

const readBuffer = new Uint8Array(READ_BUFFER_BYTES);

/** The option `onread` of a socket; `got` is given what was read, valid only until it returns. */
export function readsInto(got: (chunk: Uint8Array) => void): OnReadOpts {
  return {
    buffer: readBuffer,
    callback: (bytes) => {
      got(readBuffer.subarray(0, bytes));
      return true;
    },
  };
}

/**
 * A socket that a server with `pauseOnConnect` accepted, read like one that was dialled; undefined when it is closed already. Node
 * has `onread` for sockets that dial only, and gives 64 KiB of fresh memory to each read of the others: four leechers that serve
 * one another are done 8 % earlier without. Hence the system's handle goes to a socket of ours.
 */
export function takeOver(accepted: Socket, got: (chunk: Uint8Array) => void): Socket | undefined {
  const holder = accepted as unknown as { _handle: SocketConstructorOpts["handle"] | null };
  const handle = holder._handle;
  holder._handle = null;
  accepted.destroy();
  return handle ? new Socket({ handle, onread: readsInto(got) }) : undefined;
}
