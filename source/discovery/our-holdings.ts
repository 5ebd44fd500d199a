// What we hold of each torrent, and what of it the tracker has still to hear.
import { bitfieldBytes, setPiece, toBase64 } from "../protocol/channel/bitfield.ts";
import { MAX_UPDATE_PIECES } from "../protocol/channel/limits.ts";
import type { ClientMessage } from "../protocol/channel/messages.ts";
import type { InfoHashHex } from "../protocol/ids.ts";

/** What the tracker has not yet heard of a torrent: all of it, or pieces gained (true) and lost (false). */
type Unsaid = "have" | ReadonlyMap<number, boolean>;

export class OurHoldings {
  /** Bitfields we stand for. */
  readonly #held = new Map<InfoHashHex, Uint8Array>();
  /** Metainfo to be published wherever it is missing. */
  readonly #torrents = new Map<InfoHashHex, Uint8Array>();
  readonly #unsaid = new Map<InfoHashHex, Unsaid>();
  readonly #withdrawn = new Set<InfoHashHex>();
  /** What the tracker does not list: nothing is said of it until it does. */
  readonly #unlisted = new Set<InfoHashHex>();
  /** To be published, or not yet acknowledged: `have` must wait for that. */
  readonly #publishing = new Set<InfoHashHex>();

  /** `torrent` is to be published wherever it is missing; it is not copied. */
  keepTorrent(infoHash: InfoHashHex, torrent: Uint8Array): void {
    this.#torrents.set(infoHash, torrent);
    this.#withdrawn.delete(infoHash);
  }

  dropTorrent(infoHash: InfoHashHex): void {
    this.#torrents.delete(infoHash);
  }

  torrents(): ReadonlyMap<InfoHashHex, Uint8Array> {
    return this.#torrents;
  }

  /** We have exactly the pieces of `bitfield`, which is copied. */
  have(infoHash: InfoHashHex, bitfield: Uint8Array): void {
    this.#held.set(infoHash, bitfield.slice());
    this.#withdrawn.delete(infoHash);
    this.#unsaid.set(infoHash, "have");
  }

  /** Pieces gained and lost since `have`. Throws RangeError when that did not come before, or for a piece beyond its bitfield. */
  update(infoHash: InfoHashHex, gained: readonly number[], lost: readonly number[]): void {
    const bits = this.#held.get(infoHash);
    if (!bits) throw new RangeError(`update before have: ${infoHash}`);
    const before = this.#unsaid.get(infoHash);
    const unsaid = before instanceof Map ? before : new Map<number, boolean>();
    for (const [pieces, held] of [[gained, true] as const, [lost, false] as const]) {
      for (const piece of pieces) {
        if (bitfieldBytes(piece + 1) > bits.length) throw new RangeError(`no piece ${piece} in ${infoHash}`);
        setPiece(bits, piece, held);
        unsaid.set(piece, held);
      }
    }
    if (before !== "have") this.#unsaid.set(infoHash, unsaid.size > MAX_UPDATE_PIECES ? "have" : unsaid);
  }

  /** We have nothing to do with a torrent any longer. */
  forget(infoHash: InfoHashHex): void {
    this.#torrents.delete(infoHash);
    this.#unsaid.delete(infoHash);
    const isListed = !this.#unlisted.delete(infoHash);
    if (this.#held.delete(infoHash) && isListed) this.#withdrawn.add(infoHash);
  }

  /** For a tracker that knows nothing of us: all we hold is to be said, and nothing need be taken back. */
  startOver(): void {
    this.#withdrawn.clear();
    this.#unlisted.clear();
    this.#publishing.clear();
    for (const infoHash of this.#held.keys()) this.#unsaid.set(infoHash, "have");
  }

  /** It is being published, or will be. False when that was known. */
  publishing(infoHash: InfoHashHex): boolean {
    const isNew = !this.#publishing.has(infoHash);
    this.#publishing.add(infoHash);
    return isNew;
  }

  /** The tracker took the torrent, or will not. */
  publishingEnded(infoHash: InfoHashHex): void {
    this.#publishing.delete(infoHash);
  }

  unlisted(infoHash: InfoHashHex): void {
    this.#unlisted.add(infoHash);
  }

  /** True when there is now something to say that had to wait for this. */
  listed(infoHash: InfoHashHex): boolean {
    if (!this.#unlisted.delete(infoHash) || !this.#held.has(infoHash)) return false;
    this.#unsaid.set(infoHash, "have");
    return true;
  }

  /** What may be said now; pieces gained and lost only with `updates`. A message counts as said when the next one is asked for. */
  *owed(updates: boolean): Generator<ClientMessage, void, void> {
    for (const infoHash of this.#withdrawn) {
      yield { type: "have", infoHash, pieces: null };
      this.#withdrawn.delete(infoHash);
    }
    for (const [infoHash, unsaid] of this.#unsaid) {
      if (this.#publishing.has(infoHash) || this.#unlisted.has(infoHash)) continue;
      if (unsaid !== "have" && !updates) continue;
      yield this.#sayingOf(infoHash, unsaid);
      this.#unsaid.delete(infoHash);
    }
  }

  #sayingOf(infoHash: InfoHashHex, unsaid: Unsaid): ClientMessage {
    if (unsaid === "have") return { type: "have", infoHash, pieces: toBase64(this.#held.get(infoHash)!) };
    const pieces = [...unsaid];
    return {
      type: "update",
      infoHash,
      gained: pieces.filter(([, held]) => held).map(([piece]) => piece),
      lost: pieces.filter(([, held]) => !held).map(([piece]) => piece),
    };
  }
}
