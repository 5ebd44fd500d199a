// MetainfoAsker: asks one peer for the info dictionary of a torrent of which only the hash is known (BEP 9).
import { MAX_METAINFO_BYTES } from "../metainfo/limits.ts";
import type { ExtendedHandshake } from "../protocol/peer/extensions/extended-handshake.ts";
import { localExtensions } from "../protocol/peer/extensions/registry.ts";
import { METADATA_PART_BYTES, type MetadataMessage } from "../protocol/peer/extensions/ut-metadata.ts";
import type { PeerMessage } from "../protocol/peer/messages.ts";
import { METAINFO_PEER_MS } from "./limits.ts";
import type { PeerSocket } from "./peer-socket.ts";

export interface AskerOptions {
  readonly socket: PeerSocket;
  /** `v` of our extended handshake. */
  readonly client: string;
  /** All parts are there; they may be lies. `listensOn`: the TCP port that it says it has, if it says so. */
  readonly got: (info: Uint8Array, listensOn: number | undefined) => void;
  /** Nothing came of it: the connection has ended. */
  readonly failed: () => void;
}

/** Parts asked for at once. */
const WINDOW = 8;

/** rtorrent 0.9.8 answers nothing any more on a connection where a request came before the answer to the one before it. */
const ASKED_ONE_BY_ONE = /^libTorrent /;

export class MetainfoAsker {
  readonly #options: AskerOptions;
  #info: Uint8Array | undefined;
  #listensOn: number | undefined;
  readonly #missing = new Set<number>();
  /** Parts that were not asked for yet, in order. */
  #nextPart = 0;
  #over = false;
  readonly #timer: NodeJS.Timeout;

  /** Takes over a socket whose handshake named the torrent. */
  constructor(options: AskerOptions) {
    this.#options = options;
    const { socket, client } = options;
    this.#timer = setTimeout(() => socket.close("it does not tell the metainfo"), METAINFO_PEER_MS);
    socket.connection.bindWithoutMetainfo();
    socket.handOver({
      gotMessage: (message) => this.#gotMessage(message),
      closed: () => this.#end(options.failed),
    });
    socket.send({ type: "extended-handshake", handshake: { extensions: localExtensions(false), client } });
  }

  close(): void {
    this.#options.socket.close("the metainfo is not needed");
  }

  #gotMessage(message: PeerMessage): void {
    if (message.type === "extended-handshake") this.#begin(message.handshake);
    else if (message.type === "ut-metadata") this.#gotPart(message.message);
  }

  #begin({ metadataBytes: bytes, client = "", port }: ExtendedHandshake): void {
    const { socket } = this.#options;
    if (this.#info) return;
    this.#listensOn = port;
    if (bytes === undefined || bytes > MAX_METAINFO_BYTES || !socket.connection.speaks("ut_metadata")) {
      return socket.close("it has no metainfo for us");
    }
    this.#info = new Uint8Array(bytes);
    for (let part = 0; part * METADATA_PART_BYTES < bytes; part++) this.#missing.add(part);
    const window = ASKED_ONE_BY_ONE.test(client) ? 1 : WINDOW;
    for (let i = 0; i < window; i++) this.#askNext();
  }

  #askNext(): void {
    if (!this.#missing.has(this.#nextPart)) return;
    this.#options.socket.send({ type: "ut-metadata", message: { type: "request", part: this.#nextPart++ } });
  }

  #gotPart(message: MetadataMessage): void {
    const { socket, got } = this.#options;
    if (message.type === "reject") return socket.close("it does not give the metainfo");
    if (message.type !== "data" || !this.#info || !this.#missing.delete(message.part)) return;
    const begin = message.part * METADATA_PART_BYTES;
    if (message.data.length !== Math.min(METADATA_PART_BYTES, this.#info.length - begin)) {
      return socket.close("it sent a part of another length");
    }
    this.#info.set(message.data, begin);
    this.#timer.refresh();
    this.#askNext();
    if (this.#missing.size > 0) return;
    const info = this.#info;
    this.#end(() => got(info, this.#listensOn));
    socket.close("the metainfo is here");
  }

  #end(tell: () => void): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    tell();
  }
}
