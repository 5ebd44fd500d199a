// Gifts: both sides of sta_push. The giver offers random pieces the taker lacks; the taker says which it takes.
import { BLOCK_BYTES, type PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { PushMessage, RefuseReason } from "../protocol/peer/extensions/sta-push.ts";
import type { PeerKey, SwarmCommand } from "./events.ts";
import { GIFT_TIMEOUT_MS, MAX_OPEN_GIFTS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";
import type { PieceStates } from "./piece-states.ts";
import type { RarestFirst } from "./rarest-first.ts";

/** Pieces a taker may refuse for what they are before we stop offering it any. */
const MAX_REFUSALS = 8;

interface GiftsOptions {
  readonly layout: PieceLayout;
  readonly states: PieceStates;
  readonly rarest: RarestFirst;
  readonly random: () => number;
  /** BEP 27: nothing of a private torrent is given or taken. */
  readonly private: boolean;
  /** Does the user take gifts of this torrent now? */
  readonly acceptsGifts: () => boolean;
  readonly emit: (command: SwarmCommand) => void;
}

/** What we give to one peer. */
interface Giving {
  /** Pieces still to be offered. */
  left: number;
  refusals: number;
  readonly refused: Set<number>;
  /** The piece on offer or, once the taker was `ready`, under way, and when it last moved. */
  open: { readonly piece: number; isSending: boolean; movedAt: number } | undefined;
}

/** A piece that somebody gives us. */
interface Taking {
  readonly giver: PeerKey;
  nextBegin: number;
  readonly beganAt: number;
  movedAt: number;
}

export class Gifts {
  readonly #options: GiftsOptions;
  readonly #giving = new Map<PeerKey, Giving>();
  readonly #taking = new Map<number, Taking>();
  /** Pieces each giver took too long for: their last blocks may still be on the way. */
  readonly #givenUp = new Map<PeerKey, Set<number>>();
  /** How often each piece was offered: different takers get different pieces as long as there are enough. */
  readonly #offered = new Map<number, number>();
  /** Pieces each peer that speaks sta_push is given, also those that connect later while it lasts. */
  #campaign: { readonly count: number; readonly keep: boolean; readonly until: number } | undefined;

  constructor(options: GiftsOptions) {
    this.#options = options;
  }

  /** Gives `count` pieces to each of `peers`; with `keep`, goes on for as long as somebody lacks something. */
  start(peers: Iterable<SwarmPeer>, count: number, keep: boolean, now: number): void {
    if (this.#options.private) return;
    this.#campaign = { count, keep, until: now + GIFT_TIMEOUT_MS };
    for (const giving of this.#giving.values()) {
      giving.refusals = 0;
      giving.refused.clear();
    }
    for (const peer of peers) this.peerReady(peer, now);
  }

  /** A peer said that it speaks sta_push, or a new round begins. */
  peerReady(peer: SwarmPeer, now: number): void {
    if (!peer.speaksPush || !this.#campaign || (!this.#campaign.keep && now > this.#campaign.until)) return;
    const left = this.#campaign.keep ? Number.POSITIVE_INFINITY : this.#campaign.count;
    const known = this.#giving.get(peer.key);
    if (known) known.left = left;
    else this.#giving.set(peer.key, { left, refusals: 0, refused: new Set(), open: undefined });
    this.#offerNext(peer, now);
  }

  /** Throws ProtocolError when the peer does what nobody allowed. */
  handle(peer: SwarmPeer, message: PushMessage, now: number): void {
    if (message.piece >= this.#options.layout.pieceCount) {
      throw new ProtocolError("bad-index", `sta_push: piece ${message.piece} of ${this.#options.layout.pieceCount}`);
    }
    switch (message.type) {
      case "offer":
        return this.#gotOffer(peer, message.piece, now);
      case "ready":
        return this.#gotReady(peer, message.piece, now);
      case "refuse":
        return this.#gotRefuse(peer, message.piece, message.why, now);
      case "block":
        return this.#gotBlock(peer, message, now);
      case "finish":
        return this.#gotFinish(peer, message.piece, message.ok, now);
      default:
        message satisfies never;
    }
  }

  /** A piece was verified, or not stored; if it was a gift, its giver is told. */
  pieceSettled(index: number, ok: boolean): void {
    const taking = this.#taking.get(index);
    if (!taking) return;
    this.#taking.delete(index);
    this.#send(taking.giver, { type: "finish", piece: index, ok });
    if (ok) this.#options.emit({ type: "gift", direction: "received", peer: taking.giver, index });
  }

  /** Bytes left for this peer: what is under way to it moves. */
  blockSent(peer: SwarmPeer, now: number): void {
    const open = this.#giving.get(peer.key)?.open;
    if (open?.isSending) open.movedAt = now;
  }

  /** A peer is gone, or does not speak sta_push any more. */
  peerLeft(peer: SwarmPeer): void {
    this.#giving.delete(peer.key);
    this.#givenUp.delete(peer.key);
    for (const [index, taking] of this.#taking) if (taking.giver === peer.key) this.#abandon(index);
  }

  /** Forgets what has not moved for 30 s and offers what is left to be given. */
  tick(peers: ReadonlyMap<PeerKey, SwarmPeer>, now: number): void {
    for (const [index, taking] of this.#taking) {
      if (this.#isTooSlow(index, taking, now) && this.#options.states.stateOf(index) === "downloading") {
        this.#abandon(index);
        const givenUp = this.#givenUp.get(taking.giver) ?? new Set();
        this.#givenUp.set(taking.giver, givenUp.add(index));
        this.#send(taking.giver, { type: "finish", piece: index, ok: false });
      }
    }
    for (const [key, giving] of this.#giving) {
      if (giving.open && now - giving.open.movedAt > GIFT_TIMEOUT_MS) giving.open = undefined;
      const peer = peers.get(key);
      if (peer) this.#offerNext(peer, now);
    }
  }

  /** Nothing for 30 s; or it is one of the last pieces, trickles in, and others have it too. */
  #isTooSlow(index: number, { beganAt, movedAt }: Taking, now: number): boolean {
    if (now - movedAt > GIFT_TIMEOUT_MS) return true;
    const { rarest } = this.#options;
    return now - beganAt > GIFT_TIMEOUT_MS && rarest.size === 0 && rarest.availability(index) > 1;
  }

  #offerNext(peer: SwarmPeer, now: number): void {
    const giving = this.#giving.get(peer.key);
    if (!giving || giving.open || giving.left <= 0 || giving.refusals >= MAX_REFUSALS || peer.isSeed) return;
    const piece = this.#choose(peer, giving);
    if (piece === undefined) return;
    this.#offered.set(piece, (this.#offered.get(piece) ?? 0) + 1);
    giving.open = { piece, isSending: false, movedAt: now };
    this.#send(peer.key, { type: "offer", piece });
  }

  /** A random one of the pieces we hold and the peer lacks, among those offered least so far. */
  #choose(peer: SwarmPeer, giving: Giving): number | undefined {
    let chosen: number | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    let ties = 0;
    for (const index of this.#options.states.held.held()) {
      if (peer.pieces.get(index) || giving.refused.has(index)) continue;
      const offers = this.#offered.get(index) ?? 0;
      if (offers < fewest) ties = 0;
      if (offers > fewest) continue;
      fewest = offers;
      ties++;
      if (this.#options.random() * ties < 1) chosen = index;
    }
    return chosen;
  }

  #gotReady(peer: SwarmPeer, piece: number, now: number): void {
    const open = this.#giving.get(peer.key)?.open;
    // Said once more, it would be sent once more.
    if (open?.piece !== piece || open.isSending || !this.#options.states.held.get(piece)) return;
    open.isSending = true;
    open.movedAt = now;
    this.#options.emit({ type: "give-piece", peer: peer.key, index: piece });
  }

  #gotRefuse(peer: SwarmPeer, piece: number, why: RefuseReason, now: number): void {
    const giving = this.#giving.get(peer.key);
    if (giving?.open?.piece !== piece) return;
    giving.open = undefined;
    giving.refused.add(piece);
    giving.refusals = why === "unwanted" || why === "full" ? MAX_REFUSALS : giving.refusals + 1;
    this.#offerNext(peer, now);
  }

  #gotFinish(peer: SwarmPeer, piece: number, ok: boolean, now: number): void {
    const giving = this.#giving.get(peer.key);
    if (giving?.open?.piece !== piece || !giving.open.isSending) return;
    giving.open = undefined;
    giving.refusals = 0;
    // Its `have` comes a moment later.
    giving.refused.add(piece);
    if (ok) {
      giving.left--;
      this.#options.emit({ type: "gift", direction: "given", peer: peer.key, index: piece });
    }
    this.#offerNext(peer, now);
  }

  #gotOffer(peer: SwarmPeer, piece: number, now: number): void {
    const why = this.#refusal(peer, piece);
    if (why) {
      this.#send(peer.key, { type: "refuse", piece, why });
      return;
    }
    this.#options.rarest.remove(piece);
    this.#options.states.begin(piece, "gift");
    this.#givenUp.get(peer.key)?.delete(piece);
    this.#taking.set(piece, { giver: peer.key, nextBegin: 0, beganAt: now, movedAt: now });
    this.#send(peer.key, { type: "ready", piece });
  }

  #refusal(peer: SwarmPeer, piece: number): RefuseReason | undefined {
    if (this.#options.private || !this.#options.acceptsGifts()) return "unwanted";
    const state = this.#options.states.stateOf(piece);
    if (state === "held") return "have";
    let open = 0;
    for (const { giver } of this.#taking.values()) if (giver === peer.key) open++;
    return state !== "missing" || open >= MAX_OPEN_GIFTS ? "busy" : undefined;
  }

  #gotBlock(peer: SwarmPeer, block: Extract<PushMessage, { type: "block" }>, now: number): void {
    const { piece, begin, data } = block;
    const taking = this.#taking.get(piece);
    if (taking?.giver !== peer.key && this.#givenUp.get(peer.key)?.has(piece)) return;
    const partial = this.#options.states.downloading.get(piece);
    const inOrder = taking?.giver === peer.key && begin === taking.nextBegin;
    if (!inOrder || !partial || !this.#options.layout.isBlock(piece, begin, data.length)) {
      throw new ProtocolError("unwanted-gift", `sta_push: block ${begin} of piece ${piece} that nobody was ready for`);
    }
    taking.nextBegin += data.length;
    taking.movedAt = now;
    partial.receive(begin / BLOCK_BYTES, peer.key);
    this.#options.emit({ type: "store-block", index: piece, begin, data });
    if (!partial.isComplete) return;
    this.#options.states.verify(piece);
    this.#options.emit({ type: "verify-piece", index: piece });
  }

  #abandon(index: number): void {
    this.#taking.delete(index);
    if (this.#options.states.stateOf(index) !== "downloading") return;
    this.#options.states.abandon(index);
    this.#options.rarest.insert(index);
    this.#options.emit({ type: "discard-piece", index });
  }

  #send(peer: PeerKey, message: PushMessage): void {
    this.#options.emit({ type: "send", peer, message: { type: "sta-push", message } });
  }
}
