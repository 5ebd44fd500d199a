// A visitor: a peer by hand that comes, takes a few blocks and leaves without a word.
import { connect } from "node:net";
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import type { InfoHash } from "../../source/protocol/ids.ts";
import { toPeerId } from "../../source/protocol/ids.ts";
import { PeerConnection } from "../../source/protocol/peer/connection.ts";

export interface Visit {
  readonly port: number;
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
  /** Bytes of the last piece are not asked for: all that is asked for is whole blocks. */
  readonly stayMs: number;
}

/** Resolves with the payload bytes it was given, once it has left. */
export function visit({ port, infoHash, pieceCount, stayMs }: Visit): Promise<number> {
  return new Promise((left) => {
    const wire = new PeerConnection();
    const socket = connect({ host: "127.0.0.1", port });
    let bytes = 0;
    const ask = () => {
      const index = Math.floor(Math.random() * Math.max(1, pieceCount - 1));
      socket.write(wire.send({ type: "request", index, begin: 0, length: BLOCK_BYTES }));
    };
    socket.on("connect", () => {
      const peerId = toPeerId(Buffer.from(`-XV0001-${Math.random().toFixed(16)}`.padEnd(20, "0").slice(0, 20)));
      socket.write(wire.send({ type: "handshake", infoHash, peerId, fast: true, extended: true, dht: false }));
    });
    socket.on("data", (chunk: Uint8Array) => {
      wire.receive(chunk, (message) => {
        if (message.type === "handshake") {
          wire.bind(pieceCount);
          socket.write(Buffer.concat([wire.send({ type: "have-none" }), wire.send({ type: "interested" })]));
        } else if (message.type === "unchoke") for (let i = 0; i < 8; i++) ask();
        else if (message.type === "piece") {
          bytes += message.data.length;
          ask();
        }
      });
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      left(bytes);
    });
    const timer = setTimeout(() => socket.destroy(), stayMs);
  });
}
