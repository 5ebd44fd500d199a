// Gifts: both sides of sta_push, brought to whom it concerns. Nothing of a private torrent is given or taken (BEP 27).
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { PushMessage } from "../protocol/peer/extensions/sta-push.ts";
import type { SwarmCommand } from "./events.ts";
import { type Campaign, Giving } from "./giving.ts";
import type { SwarmPeer } from "./peer.ts";
import type { PieceStates } from "./piece-states.ts";
import type { RarestFirst } from "./rarest-first.ts";
import { type GiftRefusal, Taking } from "./taking.ts";
import type { Wanted } from "./wanted.ts";

interface GiftsOptions {
  readonly layout: PieceLayout;
  readonly states: PieceStates;
  readonly rarest: RarestFirst;
  readonly wanted: Pick<Wanted, "isOn">;
  readonly random: () => number;
  readonly private: boolean;
  readonly giftRefusal: GiftRefusal;
  readonly campaign?: Campaign | undefined;
  readonly emit: (command: SwarmCommand) => void;
}

export class Gifts {
  readonly giving: Giving;
  readonly #taking: Taking;
  readonly #options: GiftsOptions;

  constructor(options: GiftsOptions) {
    this.#options = options;
    this.giving = new Giving(options);
    this.#taking = new Taking({
      ...options,
      giftRefusal: (bytes) => (options.private ? "unwanted" : options.giftRefusal(bytes)),
    });
  }

  /** See `Giving.start`. */
  start(peers: Iterable<SwarmPeer>, count: number, keep: boolean, now: number): void {
    if (!this.#options.private) this.giving.start(peers, count, keep, now);
  }

  /** Throws ProtocolError when the peer does what nobody allowed. */
  handle(peer: SwarmPeer, message: PushMessage, now: number): void {
    if (message.piece >= this.#options.layout.pieceCount) {
      throw new ProtocolError("bad-index", `sta_push: piece ${message.piece} of ${this.#options.layout.pieceCount}`);
    }
    switch (message.type) {
      case "offer":
        return this.#taking.gotOffer(peer, message.piece, now);
      case "ready":
        return this.giving.gotReady(peer, message.piece, now);
      case "refuse":
        return this.giving.gotRefuse(peer, message.piece, message.why, now);
      case "block":
        return this.#taking.gotBlock(peer, message, now);
      case "finish":
        return this.giving.gotFinish(peer, message.piece, message.ok, now);
      default:
        message satisfies never;
    }
  }

  /** A piece was verified, or not stored; if it was a gift, its giver is told. */
  pieceSettled(index: number, ok: boolean): void {
    this.#taking.pieceSettled(index, ok);
  }

  /** A peer is gone, or does not speak sta_push any more. */
  peerLeft(peer: SwarmPeer): void {
    this.giving.peerLeft(peer);
    this.#taking.peerLeft(peer);
  }

  tick(now: number): void {
    this.#taking.tick(now);
    this.giving.tick(now);
  }
}
