// Metadata: serves the info dictionary (BEP 9) to peers that have only its hash.
import { METADATA_PART_BYTES, type MetadataMessage } from "../protocol/peer/extensions/ut-metadata.ts";
import type { PeerKey } from "./events.ts";
import { METADATA_TIMES } from "./limits.ts";

export class Metadata {
  readonly #info: Uint8Array;
  /** Parts that each peer was given. */
  readonly #given = new Map<PeerKey, number>();

  /** `info`: the raw bytes; none are given of a private torrent. */
  constructor(info: Uint8Array) {
    this.#info = info;
  }

  /** What is said to a peer that said `message`; undefined: nothing. */
  answer(peer: PeerKey, message: MetadataMessage): MetadataMessage | undefined {
    if (message.type !== "request") return undefined;
    const { part } = message;
    const parts = Math.ceil(this.#info.length / METADATA_PART_BYTES);
    const given = this.#given.get(peer) ?? 0;
    if (part >= parts || given >= METADATA_TIMES * parts) return { type: "reject", part };
    this.#given.set(peer, given + 1);
    const begin = part * METADATA_PART_BYTES;
    const data = this.#info.subarray(begin, begin + METADATA_PART_BYTES);
    return { type: "data", part, totalBytes: this.#info.length, data };
  }

  forget(peer: PeerKey): void {
    this.#given.delete(peer);
  }
}
