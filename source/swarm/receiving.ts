// Receiving: blocks as they come from peers, and what came in vain. Who sends what nothing explains is found out here.
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { BlockRange } from "../protocol/peer/messages.ts";
import type { PeerKey } from "./events.ts";
import { MAX_ALLOWED_FAST, MAX_SUGGESTED, MAX_UNEXPLAINED_BLOCKS, REASK_MS } from "./limits.ts";
import { countFlap } from "./patience.ts";
import type { SwarmPeer } from "./peer.ts";
import type { Block, Requester } from "./requester.ts";

interface ReceivingOptions {
  readonly layout: PieceLayout;
  readonly requester: Requester;
  readonly peers: ReadonlyMap<PeerKey, SwarmPeer>;
}

export class Receiving {
  readonly #options: ReceivingOptions;
  #wastedBytes = 0;

  constructor(options: ReceivingOptions) {
    this.#options = options;
  }

  /** Payload bytes that were received and of no use: twice, unasked, or failed their hash. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  /** Throws ProtocolError at the block that is one too many of those that nobody asked for. */
  block(peer: SwarmPeer, block: Block, now: number): void {
    const { layout, requester } = this.#options;
    const { index, begin, data } = block;
    peer.down.add(data.length, now);
    const outcome = layout.isBlock(index, begin, data.length) ? requester.receive(peer, block, now) : "unexplained";
    if (outcome === "stored") {
      peer.requests.progressAt = now;
      peer.requests.snubbed = false;
    } else {
      peer.wastedBytes += data.length;
      this.#wastedBytes += data.length;
    }
    if (outcome === "unexplained" && ++peer.unexplainedBlocks > MAX_UNEXPLAINED_BLOCKS) {
      throw new ProtocolError("unexplained-blocks", "it sent blocks that nobody asked for");
    }
    requester.fill(peer, now);
  }

  reject(peer: SwarmPeer, { index, begin, length }: BlockRange): void {
    if (this.#options.layout.isBlock(index, begin, length)) this.#options.requester.reject(peer, index, begin);
  }

  /** What it was asked for goes to others. Throws ProtocolError when it chokes too often. */
  choked(peer: SwarmPeer, now: number): void {
    if (peer.peerChoking) return;
    countFlap(peer, now);
    peer.peerChoking = true;
    peer.requests.notBefore = peer.requests.unchokedAt + REASK_MS;
    peer.requests.rejects = 0;
    this.#options.requester.release(peer, false);
    this.fillAll(now);
  }

  unchoked(peer: SwarmPeer, now: number): void {
    if (!peer.peerChoking) return;
    peer.peerChoking = false;
    peer.requests.unchokedAt = now;
    this.#options.requester.fill(peer, now);
  }

  /** Asks everybody for what is free. */
  fillAll(now: number): void {
    for (const peer of this.#options.peers.values()) this.#options.requester.fill(peer, now);
  }

  /** Piece `index` may be asked for while it chokes us (BEP 6). */
  allowedFast(peer: SwarmPeer, index: number, now: number): void {
    remember(peer.requests.allowedFast, index, MAX_ALLOWED_FAST);
    this.#options.requester.fill(peer, now);
  }

  /** It would rather serve piece `index` than others (BEP 6). */
  suggested(peer: SwarmPeer, index: number): void {
    remember(peer.requests.suggested, index, MAX_SUGGESTED);
  }

  /** A piece of so many bytes failed its hash. */
  receivedInVain(bytes: number): void {
    this.#wastedBytes += bytes;
  }
}

/** Keeps the newest `most`. */
function remember(set: Set<number>, index: number, most: number): void {
  set.delete(index);
  set.add(index);
  if (set.size > most) set.delete(set.values().next().value!);
}
