// Giving: the giver's side of sta_push. Offers pieces that a taker lacks, those first of which fewest peers have or are offered a copy.
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import type { RefuseReason } from "../protocol/peer/extensions/sta-push.ts";
import { type PeerIdHex, toHex } from "../protocol/ids.ts";
import type { PeerKey, SwarmCommand } from "./events.ts";
import { GIFT_TIMEOUT_MS, MAX_OFFER_CHOICE, MAX_OPEN_GIFTS, MAX_REMEMBERED_LEFT, OFFER_AGAIN_MS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";
import type { PieceStates } from "./piece-states.ts";
import type { RarestFirst } from "./rarest-first.ts";

/** Pieces a taker may refuse for what they are before we stop offering it any. */
const MAX_REFUSALS = 8;

/** `count` random pieces for each peer that speaks sta_push; `keep`: for as long as somebody lacks something. */
export interface Campaign {
  readonly count: number;
  readonly keep: boolean;
  /** Who connects later than this is given nothing, unless it was given something before or `keep`. */
  readonly until: number;
  /** Pieces still to be given to takers that left; they may come back. */
  readonly left: Map<PeerIdHex, number>;
}

interface GivingOptions {
  readonly layout: PieceLayout;
  readonly states: PieceStates;
  readonly rarest: Pick<RarestFirst, "availability">;
  readonly random: () => number;
  readonly emit: (command: SwarmCommand) => void;
  /** What an earlier swarm of this torrent was giving. */
  readonly campaign?: Campaign | undefined;
}

type Receiver = Pick<SwarmPeer, "key" | "connected" | "pieces" | "isSeed" | "speaksPush" | "peerInterested">;

/** A piece on offer or, once the taker was `ready`, under way, and when it last moved. */
interface Offer {
  isSending: boolean;
  movedAt: number;
}

interface Taker {
  readonly peer: Receiver;
  /** Pieces still to be given. */
  left: number;
  refusals: number;
  refusedAt: number;
  readonly refused: Set<number>;
  readonly open: Map<number, Offer>;
}

export class Giving {
  readonly #options: GivingOptions;
  readonly #takers = new Map<PeerKey, Taker>();
  /** Copies of each piece that are on offer or under way. */
  readonly #offered = new Map<number, number>();
  #campaign: Campaign | undefined;

  constructor(options: GivingOptions) {
    this.#options = options;
    this.#campaign = options.campaign;
  }

  /** What is being given; undefined: nothing. */
  get campaign(): Campaign | undefined {
    return this.#campaign;
  }

  /** Gives `count` pieces to each of `peers`; with `keep`, goes on for as long as somebody lacks something. */
  start(peers: Iterable<Receiver>, count: number, keep: boolean, now: number): void {
    this.#campaign = { count, keep, until: now + GIFT_TIMEOUT_MS, left: new Map() };
    for (const taker of this.#takers.values()) {
      taker.left = keep ? Number.POSITIVE_INFINITY : count;
      taker.refusals = 0;
      taker.refused.clear();
      this.#offerNext(taker, now);
    }
    for (const peer of peers) this.peerReady(peer, now);
  }

  /** Offers nothing more; what is under way arrives. */
  stop(): void {
    this.#campaign = undefined;
    for (const taker of this.#takers.values()) {
      taker.left = 0;
      for (const [piece, { isSending }] of taker.open) if (!isSending) this.#close(taker, piece);
    }
  }

  /** A peer said that it speaks sta_push, or came back. */
  peerReady(peer: Receiver, now: number): void {
    const left = this.#dueTo(peer, now);
    if (!peer.speaksPush || left === 0 || this.#takers.has(peer.key)) return;
    const taker: Taker = { peer, left, refusals: 0, refusedAt: now, refused: new Set(), open: new Map() };
    this.#takers.set(peer.key, taker);
    this.#offerNext(taker, now);
  }

  /** A peer is gone, or does not speak sta_push any more. */
  peerLeft({ key, connected }: Receiver): void {
    const taker = this.#takers.get(key);
    if (!taker) return;
    for (const piece of taker.open.keys()) this.#close(taker, piece);
    this.#takers.delete(key);
    if (!this.#campaign || this.#campaign.keep || this.#campaign.left.size >= MAX_REMEMBERED_LEFT) return;
    this.#campaign.left.set(toHex(connected.peerId), taker.left);
  }

  /** Bytes left for this peer: what is under way to it moves. */
  blockSent({ key }: Pick<Receiver, "key">, now: number): void {
    for (const offer of this.#takers.get(key)?.open.values() ?? []) if (offer.isSending) offer.movedAt = now;
  }

  /** Is it being given pieces for as long as it lacks some? */
  gives(key: PeerKey): boolean {
    return this.#campaign?.keep === true && (this.#takers.get(key)?.open.size ?? 0) > 0;
  }

  gotReady({ key }: Pick<Receiver, "key">, piece: number, now: number): void {
    const offer = this.#takers.get(key)?.open.get(piece);
    // Said once more, it would be sent once more.
    if (!offer || offer.isSending || !this.#options.states.held.get(piece)) return;
    offer.isSending = true;
    offer.movedAt = now;
    this.#options.emit({ type: "give-piece", peer: key, index: piece });
  }

  gotRefuse({ key }: Pick<Receiver, "key">, piece: number, why: RefuseReason, now: number): void {
    const taker = this.#takers.get(key);
    if (!taker?.open.has(piece)) return;
    this.#close(taker, piece);
    taker.refused.add(piece);
    taker.refusedAt = now;
    taker.refusals = why === "unwanted" || why === "full" ? MAX_REFUSALS : taker.refusals + 1;
    this.#offerNext(taker, now);
  }

  gotFinish({ key }: Pick<Receiver, "key">, piece: number, ok: boolean, now: number): void {
    const taker = this.#takers.get(key);
    if (!taker?.open.get(piece)?.isSending) return;
    this.#close(taker, piece);
    taker.refusals = 0;
    // Its `have` comes a moment later.
    taker.refused.add(piece);
    if (ok) {
      taker.left--;
      this.#options.emit({ type: "gift", direction: "given", peer: key, index: piece });
    }
    this.#offerNext(taker, now);
  }

  /** Forgets what has not moved for 30 s and offers what is left to be given; with `keep`, to those that refused too, after a while. */
  tick(now: number): void {
    for (const taker of this.#takers.values()) {
      if (this.#campaign?.keep && now - taker.refusedAt > OFFER_AGAIN_MS) {
        taker.refusals = 0;
        taker.refused.clear();
        taker.refusedAt = now;
      }
      for (const [piece, { movedAt }] of taker.open) if (now - movedAt > GIFT_TIMEOUT_MS) this.#close(taker, piece);
      this.#offerNext(taker, now);
    }
  }

  /** Pieces to be given to a peer that was not given any on this connection. */
  #dueTo({ connected }: Receiver, now: number): number {
    if (!this.#campaign) return 0;
    const { count, keep, until, left } = this.#campaign;
    if (keep) return Number.POSITIVE_INFINITY;
    return left.get(toHex(connected.peerId)) ?? (now > until ? 0 : count);
  }

  #offerNext(taker: Taker, now: number): void {
    const { peer, open } = taker;
    while (open.size < Math.min(MAX_OPEN_GIFTS, taker.left) && taker.refusals < MAX_REFUSALS && !peer.isSeed) {
      const piece = this.#choose(taker);
      if (piece === undefined) return;
      this.#offered.set(piece, (this.#offered.get(piece) ?? 0) + 1);
      open.set(piece, { isSending: false, movedAt: now });
      this.#options.emit({
        type: "send",
        peer: peer.key,
        message: { type: "sta-push", message: { type: "offer", piece } },
      });
    }
  }

  /** What is left of it would come amid the blocks of a later offer. */
  #close(taker: Taker, piece: number): void {
    const { isSending } = taker.open.get(piece)!;
    if (isSending) this.#options.emit({ type: "take-back-piece", peer: taker.peer.key, index: piece });
    taker.open.delete(piece);
    const copies = this.#offered.get(piece)! - 1;
    if (copies > 0) this.#offered.set(piece, copies);
    else this.#offered.delete(piece);
  }

  /**
   * A random one of the pieces we hold and the peer lacks, among those of which fewest copies are there or on their way. Of a
   * large torrent, 1 024 pieces from a random one on are looked at.
   */
  #choose({ peer, refused, open }: Taker): number | undefined {
    const { states, random, rarest } = this.#options;
    const { held } = states;
    let chosen: number | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    let ties = 0;
    let looks = 0;
    const from = held.count > MAX_OFFER_CHOICE ? Math.floor(random() * held.size) : 0;
    for (const start of from === 0 ? [0] : [from, 0]) {
      for (const index of held.without(peer.pieces, start)) {
        if (refused.has(index) || open.has(index)) continue;
        const copies = rarest.availability(index) + (this.#offered.get(index) ?? 0);
        if (copies < fewest) ties = 0;
        if (copies <= fewest) {
          fewest = copies;
          ties++;
          if (random() * ties < 1) chosen = index;
        }
        if (++looks >= MAX_OFFER_CHOICE) break;
      }
    }
    // Who asks by itself gets further copies faster from those that have one.
    return fewest > 0 && peer.peerInterested ? undefined : chosen;
  }
}
