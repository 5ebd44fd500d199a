// Serving: the requests of peers that wait for their blocks. Who is choked, or asks for what we lack, waits for nothing.
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { MAX_QUEUED_REQUESTS } from "../protocol/peer/limits.ts";
import type { BlockRange, PeerMessage } from "../protocol/peer/messages.ts";
import type { SwarmCommand, Upload } from "./events.ts";
import type { SwarmPeer } from "./peer.ts";

type Asker = Pick<SwarmPeer, "key" | "connected" | "amChoking" | "uploads">;

interface ServingOptions {
  readonly layout: PieceLayout;
  readonly held: Bitfield;
  readonly emit: (command: SwarmCommand) => void;
}

export class Serving {
  readonly #options: ServingOptions;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** Throws ProtocolError at a request outside the torrent, and at one too many. */
  request(peer: Asker, { index, begin, length }: BlockRange): void {
    if (!this.#options.layout.isValidRequest(index, begin, length)) {
      throw new ProtocolError("bad-request", `request for ${length} bytes from ${begin} of piece ${index}`);
    }
    if (peer.amChoking || !this.#options.held.get(index)) return this.#reject(peer, { index, begin, length });
    if (peer.uploads.length >= MAX_QUEUED_REQUESTS) {
      throw new ProtocolError("request-flood", `more than ${MAX_QUEUED_REQUESTS} requests waiting`);
    }
    peer.uploads.push({ index, begin, length });
    this.#options.emit({ type: "uploads-waiting", peer: peer.key });
  }

  /** Nothing happens when the block is on its way already. */
  cancel(peer: Asker, { index, begin, length }: BlockRange): void {
    const at = peer.uploads.findIndex((upload) => upload.index === index && upload.begin === begin);
    if (at < 0) return;
    peer.uploads.splice(at, 1);
    this.#reject(peer, { index, begin, length });
  }

  /** Tells `peer` whether it is choked now; who is choked loses the requests that wait. */
  chokingChanged(peer: Asker): void {
    this.#send(peer, { type: peer.amChoking ? "choke" : "unchoke" });
    if (peer.amChoking) for (const upload of peer.uploads.splice(0)) this.#reject(peer, upload);
  }

  /** Takes requests that are to be served now, oldest first, `maxBytes` at most but at least one. */
  take({ uploads }: Asker, maxBytes: number): readonly Upload[] {
    if (uploads.length === 0) return [];
    let count = 1;
    let bytes = uploads[0]!.length;
    while (count < uploads.length && bytes + uploads[count]!.length <= maxBytes) bytes += uploads[count++]!.length;
    return uploads.splice(0, count);
  }

  /** BEP 6: each request is answered, if only by `reject`. Others are told nothing. */
  #reject(peer: Asker, block: BlockRange): void {
    if (peer.connected.fast) this.#send(peer, { type: "reject", ...block });
  }

  #send(peer: Asker, message: PeerMessage): void {
    this.#options.emit({ type: "send", peer: peer.key, message });
  }
}
