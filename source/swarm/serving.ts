// Serving: the requests of peers that wait for their blocks. Who is choked, or asks for what we lack, waits for nothing.
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { MAX_QUEUED_REQUESTS } from "../protocol/peer/limits.ts";
import type { BlockRange, PeerMessage } from "../protocol/peer/messages.ts";
import { allowedFastSet } from "../metainfo/allowed-fast-set.ts";
import type { InfoHash } from "../protocol/ids.ts";
import type { SwarmCommand, Upload } from "./events.ts";
import { ALLOWED_FAST_BYTES, ALLOWED_FAST_PIECES, MAX_CHOKED_REQUESTS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";

type Asker = Pick<
  SwarmPeer,
  "key" | "connected" | "pieces" | "amChoking" | "uploads" | "fastBlocks" | "chokedRequests"
>;

interface ServingOptions {
  readonly layout: PieceLayout;
  readonly infoHash: InfoHash;
  readonly held: Bitfield;
  readonly emit: (command: SwarmCommand) => void;
}

export class Serving {
  readonly #options: ServingOptions;
  /** Pieces that some peer may have while it is choked. */
  readonly #fastPieces = new Set<number>();

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** Throws ProtocolError at a request outside the torrent, and at one too many, waiting or of a choked peer. */
  request(peer: Asker, { index, begin, length }: BlockRange): void {
    if (!this.#options.layout.isValidRequest(index, begin, length)) {
      throw new ProtocolError("bad-request", `request for ${length} bytes from ${begin} of piece ${index}`);
    }
    if (peer.amChoking && ++peer.chokedRequests > MAX_CHOKED_REQUESTS) {
      throw new ProtocolError("choked-requests", `more than ${MAX_CHOKED_REQUESTS} requests while it is choked`);
    }
    const mayAsk = !peer.amChoking || this.#usesFastBlock(peer, index);
    if (!mayAsk || !this.#options.held.get(index)) return this.#reject(peer, { index, begin, length });
    if (peer.uploads.length >= MAX_QUEUED_REQUESTS) {
      throw new ProtocolError("request-flood", `more than ${MAX_QUEUED_REQUESTS} requests waiting`);
    }
    peer.uploads.push({ index, begin, length });
    if (peer.uploads.length === 1) this.#options.emit({ type: "uploads-waiting", peer: peer.key });
  }

  /** Nothing happens when the block is on its way already. */
  cancel(peer: Asker, { index, begin, length }: BlockRange): void {
    const at = peer.uploads.findIndex((upload) => upload.index === index && upload.begin === begin);
    if (at < 0) return;
    peer.uploads.splice(at, 1);
    this.#reject(peer, { index, begin, length });
  }

  /** Tells `peer` whether it is choked now; who is choked loses the requests that wait, but for what it was allowed. */
  chokingChanged(peer: Asker): void {
    this.#send(peer, { type: peer.amChoking ? "choke" : "unchoke" });
    if (!peer.amChoking) return;
    peer.chokedRequests = 0;
    for (const upload of peer.uploads.splice(0)) {
      if (this.#usesFastBlock(peer, upload.index)) peer.uploads.push(upload);
      else this.#reject(peer, upload);
    }
  }

  /**
   * Tells a peer that has next to nothing and waits for a slot which pieces it may have meanwhile (BEP 6), once: with them it
   * has something to give. Neighbours have the same set: each piece of it is for one of them, or all would fetch the same ones.
   */
  allowFast(peer: Asker): void {
    if (!peer.connected.fast || !peer.amChoking || peer.fastBlocks || peer.pieces.count >= ALLOWED_FAST_PIECES) return;
    const { layout, infoHash, held } = this.#options;
    const { pieceCount, pieceLength } = layout;
    const count = Math.min(ALLOWED_FAST_PIECES, Math.floor(ALLOWED_FAST_BYTES / pieceLength));
    peer.fastBlocks = new Map();
    for (const index of allowedFastSet({ host: peer.connected.address.host, infoHash, pieceCount, count })) {
      if (!held.get(index) || peer.pieces.get(index) || this.#fastPieces.has(index)) continue;
      this.#fastPieces.add(index);
      peer.fastBlocks.set(index, layout.blockCount(index));
      this.#send(peer, { type: "allowed-fast", index });
    }
  }

  /** Takes requests that are to be served now, oldest first, `maxBytes` at most but at least one. */
  take({ uploads }: Asker, maxBytes: number): readonly Upload[] {
    if (uploads.length === 0) return [];
    let count = 1;
    let bytes = uploads[0]!.length;
    while (count < uploads.length && bytes + uploads[count]!.length <= maxBytes) bytes += uploads[count++]!.length;
    return uploads.splice(0, count);
  }

  /** What it took to be served cannot be. */
  failed(peer: Asker, uploads: readonly Upload[]): void {
    for (const upload of uploads) this.#reject(peer, upload);
  }

  /** It is gone: what it was allowed may be another's. */
  peerLeft({ fastBlocks }: Asker): void {
    for (const index of fastBlocks?.keys() ?? []) this.#fastPieces.delete(index);
  }

  /** Each block of what it was allowed is sent once. */
  #usesFastBlock({ fastBlocks }: Asker, index: number): boolean {
    const left = fastBlocks?.get(index) ?? 0;
    if (left > 0) fastBlocks!.set(index, left - 1);
    return left > 0;
  }

  /** BEP 6: each request is answered, if only by `reject`. Others are told nothing. */
  #reject(peer: Asker, block: BlockRange): void {
    if (peer.connected.fast) this.#send(peer, { type: "reject", ...block });
  }

  #send(peer: Asker, message: PeerMessage): void {
    this.#options.emit({ type: "send", peer: peer.key, message });
  }
}
