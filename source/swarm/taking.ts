// Taking: the taker's side of sta_push: which offers are welcome, and that nothing comes that was not.
import { BLOCK_BYTES, type PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { PushMessage, RefuseReason } from "../protocol/peer/extensions/sta-push.ts";
import type { PeerKey, SwarmCommand } from "./events.ts";
import { GIFT_TIMEOUT_MS, MAX_OPEN_GIFTS, MAX_PARTIAL_BYTES, MAX_REFUSED_OFFERS, REFUSED_OFFERS_MS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";
import type { PieceStates } from "./piece-states.ts";
import type { RarestFirst } from "./rarest-first.ts";
import type { Wanted } from "./wanted.ts";

/** Why no gift of so many bytes of this torrent is taken now; undefined: it is. */
export type GiftRefusal = (bytes: number) => Extract<RefuseReason, "unwanted" | "full"> | undefined;

interface TakingOptions {
  readonly layout: PieceLayout;
  readonly states: PieceStates;
  readonly rarest: RarestFirst;
  readonly wanted: Pick<Wanted, "isOn">;
  readonly giftRefusal: GiftRefusal;
  readonly emit: (command: SwarmCommand) => void;
}

type Giver = Pick<SwarmPeer, "key">;

/** A piece that somebody gives us. */
interface Gift {
  readonly giver: PeerKey;
  nextBegin: number;
  readonly beganAt: number;
  movedAt: number;
}

export class Taking {
  readonly #options: TakingOptions;
  readonly #gifts = new Map<number, Gift>();
  /** Pieces each giver took too long for: their last blocks may still be on the way. */
  readonly #givenUp = new Map<PeerKey, Set<number>>();
  /** Offers of each giver that were refused, since when. */
  readonly #refused = new Map<PeerKey, { count: number; readonly since: number }>();

  constructor(options: TakingOptions) {
    this.#options = options;
  }

  /** Throws ProtocolError when the peer offers without end. */
  gotOffer({ key }: Giver, piece: number, now: number): void {
    const why = this.#refusal(key, piece);
    if (why) {
      this.#countRefused(key, now);
      this.#send(key, { type: "refuse", piece, why });
      return;
    }
    this.#options.rarest.remove(piece);
    this.#options.states.begin(piece, "gift");
    this.#givenUp.get(key)?.delete(piece);
    this.#gifts.set(piece, { giver: key, nextBegin: 0, beganAt: now, movedAt: now });
    this.#send(key, { type: "ready", piece });
  }

  /** Throws ProtocolError `unwanted-gift` at a block that nobody was ready for. */
  gotBlock({ key }: Giver, { piece, begin, data }: Extract<PushMessage, { type: "block" }>, now: number): void {
    const gift = this.#gifts.get(piece);
    if (gift?.giver !== key && this.#givenUp.get(key)?.has(piece)) return;
    const partial = this.#options.states.downloading.get(piece);
    const inOrder = gift?.giver === key && begin === gift.nextBegin;
    if (!inOrder || !partial || !this.#options.layout.isBlock(piece, begin, data.length)) {
      throw new ProtocolError("unwanted-gift", `sta_push: block ${begin} of piece ${piece} that nobody was ready for`);
    }
    gift.nextBegin += data.length;
    gift.movedAt = now;
    partial.receive(begin / BLOCK_BYTES, key);
    this.#options.emit({ type: "store-block", index: piece, begin, data });
    if (!partial.isComplete) return;
    this.#options.states.verify(piece);
    this.#options.emit({ type: "verify-piece", index: piece });
  }

  /** A piece was verified, or not stored; if it was a gift, its giver is told. */
  pieceSettled(index: number, ok: boolean): void {
    const gift = this.#gifts.get(index);
    if (!gift) return;
    this.#gifts.delete(index);
    this.#send(gift.giver, { type: "finish", piece: index, ok });
    if (ok) this.#options.emit({ type: "gift", direction: "received", peer: gift.giver, index });
  }

  /** A giver is gone, or does not speak sta_push any more. */
  peerLeft({ key }: Giver): void {
    this.#givenUp.delete(key);
    this.#refused.delete(key);
    for (const [index, { giver }] of this.#gifts) if (giver === key) this.#abandon(index);
  }

  /** Gives up what is too slow. */
  tick(now: number): void {
    for (const [index, gift] of this.#gifts) {
      if (!this.#isTooSlow(index, gift, now) || this.#options.states.stateOf(index) !== "downloading") continue;
      this.#abandon(index);
      const givenUp = this.#givenUp.get(gift.giver) ?? new Set();
      this.#givenUp.set(gift.giver, givenUp.add(index));
      this.#send(gift.giver, { type: "finish", piece: index, ok: false });
    }
  }

  /** Nothing for 30 s; or it is one of the last pieces, trickles in, and others have it too. */
  #isTooSlow(index: number, { beganAt, movedAt }: Gift, now: number): boolean {
    if (now - movedAt > GIFT_TIMEOUT_MS) return true;
    const { rarest } = this.#options;
    return now - beganAt > GIFT_TIMEOUT_MS && rarest.obtainable === 0 && rarest.availability(index) > 1;
  }

  #refusal(key: PeerKey, piece: number): RefuseReason | undefined {
    const { layout, states, wanted, giftRefusal } = this.#options;
    if (!wanted.isOn(piece)) return "unwanted";
    const state = states.stateOf(piece);
    if (state === "held") return "have";
    const why = giftRefusal(layout.pieceLengthAt(piece));
    if (why) return why;
    let open = 0;
    for (const { giver } of this.#gifts.values()) if (giver === key) open++;
    const isFull = open >= MAX_OPEN_GIFTS || states.partialBytes >= MAX_PARTIAL_BYTES;
    return state !== "missing" || isFull ? "busy" : undefined;
  }

  #countRefused(key: PeerKey, now: number): void {
    let refused = this.#refused.get(key);
    if (!refused || now - refused.since > REFUSED_OFFERS_MS) refused = { count: 0, since: now };
    this.#refused.set(key, refused);
    if (++refused.count > MAX_REFUSED_OFFERS) {
      throw new ProtocolError(
        "push-flood",
        `sta_push: more than ${MAX_REFUSED_OFFERS} offers a minute that are refused`,
      );
    }
  }

  #abandon(index: number): void {
    this.#gifts.delete(index);
    if (this.#options.states.stateOf(index) !== "downloading") return;
    this.#options.states.abandon(index);
    if (this.#options.wanted.isOn(index)) this.#options.rarest.insert(index);
    this.#options.emit({ type: "discard-piece", index });
  }

  #send(peer: PeerKey, message: PushMessage): void {
    this.#options.emit({ type: "send", peer, message: { type: "sta-push", message } });
  }
}
