// awaitHandshake: the first 68 bytes of a peer, or the end of its connection.
import type { Handshake } from "../protocol/peer/messages.ts";
import { FIRST_BYTE_MS, HANDSHAKE_MS } from "./limits.ts";
import type { PeerSocket, PeerSocketHandlers } from "./peer-socket.ts";

export interface HandshakeOutcome {
  /** Called at once when the handshake is there; whoever hears it binds the connection and takes the socket over. */
  readonly done: (handshake: Handshake) => void;
  /** The connection ended before. */
  readonly failed: (reason: string) => void;
}

/**
 * What a socket does until its handshake: one absolute deadline of 10 s for all of it, whatever trickles in,
 * and 5 s for the first byte. Needs the socket after its construction: call `watch` then.
 */
export function awaitHandshake(
  outcome: HandshakeOutcome,
): PeerSocketHandlers & { watch: (socket: PeerSocket) => void } {
  const timers: NodeJS.Timeout[] = [];
  const stop = () => timers.forEach(clearTimeout);
  return {
    gotMessage: (message) => {
      stop();
      if (message.type === "handshake") outcome.done(message);
    },
    closed: (reason) => {
      stop();
      outcome.failed(reason);
    },
    watch: (socket) => {
      timers.push(
        setTimeout(() => {
          if (socket.receivedBytes === 0) socket.close("it said nothing for 5 s");
        }, FIRST_BYTE_MS),
        setTimeout(() => socket.close("its handshake took longer than 10 s"), HANDSHAKE_MS),
      );
    },
  };
}
