// How peers' sockets are read: what was read is used up before the next read, and Node reads one socket at a time: one buffer serves all.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { READ_BUFFER_BYTES } from "./limits.ts";

const readBuffer = new Uint8Array(READ_BUFFER_BYTES);

/** Below that a read costs more than what it brings. */
const MIN_READ_BYTES = 1_024;

/** Who reads a socket. */
export interface SocketReader {
  /** What was read, valid only until it returns. */
  receive(chunk: Uint8Array): void;
  /** Bytes of one read at most; asked for before each. */
  readonly mostReadBytes: number;
}

/** The option `onread` of a socket, whose reader is undefined until somebody is there for it. */
export function readsInto(reader: () => SocketReader | undefined): OnReadOpts {
  return {
    buffer: () => {
      const most = reader()?.mostReadBytes ?? READ_BUFFER_BYTES;
      return most >= READ_BUFFER_BYTES ? readBuffer : readBuffer.subarray(0, Math.max(MIN_READ_BYTES, most));
    },
    callback: (bytes) => {
      reader()?.receive(readBuffer.subarray(0, bytes));
      return true;
    },
  };
}

/**
 * A socket that a server with `pauseOnConnect` accepted, read like one that was dialled; undefined when it is closed already. Node
 * has `onread` for sockets that dial only, and gives 64 KiB of fresh memory to each read of the others: four leechers that serve
 * one another are done 8 % earlier without. Hence the system's handle goes to a socket of ours.
 */
export function takeOver(accepted: Socket, reader: () => SocketReader | undefined): Socket | undefined {
  const holder = accepted as unknown as { _handle: SocketConstructorOpts["handle"] | null };
  const handle = holder._handle;
  holder._handle = null;
  accepted.destroy();
  return handle ? new Socket({ handle, onread: readsInto(reader) }) : undefined;
}
