// Conversation: what a peer says, brought to whom it concerns. One line a message.
import { Bitfield } from "../metainfo/bitfield.ts";
import type { ExtendedHandshake } from "../protocol/peer/extensions/extended-handshake.ts";
import type { PushMessage } from "../protocol/peer/extensions/sta-push.ts";
import type { MetadataMessage } from "../protocol/peer/extensions/ut-metadata.ts";
import type { PexMessage } from "../protocol/peer/extensions/ut-pex.ts";
import type { PeerMessage } from "../protocol/peer/messages.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { Choking } from "./choking.ts";
import type { Gifts } from "./gifts.ts";
import type { Holdings } from "./holdings.ts";
import { MAX_RETRACTIONS } from "./limits.ts";
import { NEVER_BARREN, type SwarmPeer } from "./peer.ts";
import type { PeerExchange } from "./peer-exchange.ts";
import type { Receiving } from "./receiving.ts";
import type { Requester } from "./requester.ts";
import type { Roster } from "./roster.ts";
import type { Serving } from "./serving.ts";

interface ConversationOptions {
  readonly pieceCount: number;
  /** Do we serve and give now? */
  readonly isUploading: () => boolean;
  readonly roster: Pick<Roster, "listensAt">;
  readonly holdings: Pick<Holdings, "gained" | "holds">;
  readonly requester: Pick<Requester, "fill">;
  readonly receiving: Pick<Receiving, "block" | "reject" | "choked" | "unchoked" | "allowedFast" | "suggested">;
  readonly serving: Pick<Serving, "request" | "cancel" | "allowFast">;
  readonly choking: Pick<Choking, "fillSlots">;
  readonly gotMetadata: (peer: SwarmPeer, message: MetadataMessage) => void;
  readonly gotPeers: (peer: SwarmPeer, message: PexMessage, now: number) => void;
  readonly exchange: Pick<PeerExchange, "begin" | "stop"> | undefined;
  readonly gifts: Pick<Gifts, "handle" | "peerLeft" | "giving">;
}

export class Conversation {
  readonly #options: ConversationOptions;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Throws ProtocolError when the peer says what it may not: the connection has to end. */
  handle(peer: SwarmPeer, message: PeerMessage, now: number): void {
    const { pieceCount, receiving, serving } = this.#options;
    switch (message.type) {
      case "piece":
        return receiving.block(peer, message, now);
      case "request":
        return serving.request(peer, message);
      case "have":
        return this.#gotHave(peer, message.index, now);
      case "bitfield":
        return this.#gotPieces(peer, Bitfield.fromBytes(message.bytes, pieceCount)!, now);
      case "have-all":
        return this.#gotPieces(peer, Bitfield.full(pieceCount), now);
      case "choke":
        return receiving.choked(peer, now);
      case "unchoke":
        return receiving.unchoked(peer, now);
      case "interested":
      case "not-interested":
        return this.#gotInterested(peer, message.type === "interested");
      case "cancel":
        return serving.cancel(peer, message);
      case "reject":
        return receiving.reject(peer, message);
      case "extended-handshake":
        return this.#gotExtendedHandshake(peer, message.handshake, now);
      case "sta-push":
        return this.#gotPush(peer, message.message, now);
      case "ut-metadata":
        return this.#options.gotMetadata(peer, message.message);
      case "ut-pex":
        return this.#options.gotPeers(peer, message.message, now);
      case "suggest":
        return receiving.suggested(peer, message.index);
      case "allowed-fast":
        return receiving.allowedFast(peer, message.index, now);
      case "have-none":
      case "keep-alive":
      case "port":
        return;
      case "handshake":
        throw new RangeError("a handshake is no message of the swarm");
      default:
        message satisfies never;
    }
  }

  #gotHave(peer: SwarmPeer, index: number, now: number): void {
    if (this.#options.holdings.gained(peer, index)) this.#options.requester.fill(peer, now);
  }

  #gotPieces(peer: SwarmPeer, pieces: Bitfield, now: number): void {
    if (pieces.countWith(peer.pieces) < peer.pieces.count && ++peer.retractions > MAX_RETRACTIONS) {
      throw new ProtocolError("retractions", "it takes back pieces that it said it has, again and again");
    }
    this.#options.holdings.holds(peer, pieces);
    peer.requests.barren = NEVER_BARREN;
    // A late bitfield, of a peer that has unchoked us already.
    this.#options.requester.fill(peer, now);
  }

  #gotInterested(peer: SwarmPeer, interested: boolean): void {
    peer.peerInterested = interested;
    if (!this.#options.isUploading()) return;
    this.#options.choking.fillSlots();
    if (interested) this.#options.serving.allowFast(peer);
  }

  #gotExtendedHandshake(peer: SwarmPeer, handshake: ExtendedHandshake, now: number): void {
    const { roster, gifts } = this.#options;
    peer.speaksMetadata = (handshake.extensions.get("ut_metadata") ?? 0) > 0;
    if ((handshake.extensions.get("ut_pex") ?? 0) > 0) this.#options.exchange?.begin(peer, now);
    else this.#options.exchange?.stop(peer);
    peer.client = handshake.client ?? peer.client;
    peer.uploadOnly = handshake.uploadOnly ?? peer.uploadOnly;
    const spokePush = peer.speaksPush;
    peer.speaksPush = (handshake.extensions.get("sta_push") ?? 0) > 0;
    // Nothing more can be said to it about gifts.
    if (spokePush && !peer.speaksPush) gifts.peerLeft(peer);
    if (handshake.requestQueue !== undefined) peer.requests.peerLimit = handshake.requestQueue;
    if (handshake.port !== undefined && peer.connected.source === "incoming" && !peer.listensAt) {
      roster.listensAt(peer, { host: peer.connected.address.host, port: handshake.port });
    }
    if (peer.speaksPush && this.#options.isUploading()) gifts.giving.peerReady(peer, now);
  }

  #gotPush(peer: SwarmPeer, message: PushMessage, now: number): void {
    if (!peer.speaksPush) return;
    if (message.type === "block") peer.down.add(message.data.length, now);
    this.#options.gifts.handle(peer, message, now);
    // Who gives is not stalling, whatever else it was asked for.
    if (message.type === "block") peer.requests.progressAt = now;
  }
}
