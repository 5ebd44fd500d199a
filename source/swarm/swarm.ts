// Swarm: one torrent's brain, sans I/O. What happens goes in, what to do comes out; time and randomness are arguments.
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { PeerId } from "../protocol/ids.ts";
import type { PeerMessage } from "../protocol/peer/messages.ts";
import type { Candidates } from "./candidates.ts";
import { Choking } from "./choking.ts";
import { Conversation } from "./conversation.ts";
import type { ConnectedPeer, PeerKey, SwarmCommand, SwarmEvent, Upload } from "./events.ts";
import { Gifts } from "./gifts.ts";
import { type Greeter, greeting } from "./greeting.ts";
import { Holdings } from "./holdings.ts";
import { TICK_MS } from "./limits.ts";
import { endOf, forgiveSuspension, needsKeepAlive, stalls } from "./patience.ts";
import type { SwarmPeer } from "./peer.ts";
import { type PartialPiece, PieceStates } from "./piece-states.ts";
import { RarestFirst } from "./rarest-first.ts";
import { Receiving } from "./receiving.ts";
import { Requester } from "./requester.ts";
import { Roster } from "./roster.ts";
import { Serving } from "./serving.ts";

export interface SwarmOptions extends Greeter {
  readonly layout: PieceLayout;
  /** Pieces that are on disk and hashed; the swarm keeps it from now on. */
  readonly held: Bitfield;
  readonly peerId: PeerId;
  readonly private: boolean;
  /** Does the user take gifts of this torrent now? */
  readonly acceptsGifts: () => boolean;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Addresses that an earlier swarm of this torrent knew. */
  readonly candidates?: Candidates;
}

export class Swarm {
  readonly states: PieceStates;
  readonly #options: SwarmOptions;
  readonly #roster: Roster;
  readonly #holdings: Holdings;
  readonly #requester: Requester;
  readonly #receiving: Receiving;
  readonly #serving: Serving;
  readonly #choking: Choking;
  readonly #gifts: Gifts;
  readonly #conversation: Conversation;
  #out: SwarmCommand[] = [];
  #upload = false;
  #tickedAt: number | undefined;

  constructor(options: SwarmOptions) {
    const { layout, held, random } = options;
    this.#options = options;
    this.states = new PieceStates(layout, held);
    this.#roster = new Roster({ ...options, pieceCount: layout.pieceCount });
    const rarest = new RarestFirst(layout.pieceCount, random);
    for (const index of held.missing()) rarest.insert(index);
    const { peers } = this.#roster;
    const emit = (command: SwarmCommand) => void this.#out.push(command);
    const shared = { layout, states: this.states, rarest, emit };
    this.#holdings = new Holdings({ held, rarest, peers, emit });
    this.#requester = new Requester({ ...shared, peers });
    this.#receiving = new Receiving({ layout, requester: this.#requester, peers });
    this.#serving = new Serving({ layout, held, emit });
    this.#choking = new Choking({ peers, random, changed: (peer) => this.#serving.chokingChanged(peer) });
    this.#gifts = new Gifts({ ...shared, random, private: options.private, acceptsGifts: options.acceptsGifts });
    this.#conversation = new Conversation({
      pieceCount: layout.pieceCount,
      isUploading: () => this.#upload,
      roster: this.#roster,
      holdings: this.#holdings,
      requester: this.#requester,
      receiving: this.#receiving,
      serving: this.#serving,
      choking: this.#choking,
      gifts: this.#gifts,
    });
  }

  get peers(): ReadonlyMap<PeerKey, SwarmPeer> {
    return this.#roster.peers;
  }

  /** Payload bytes that were received and of no use: twice, unasked, or failed their hash. */
  get wastedBytes(): number {
    return this.#receiving.wastedBytes;
  }

  /** Connected peers that hold `index`. */
  availability(index: number): number {
    return this.#holdings.availability(index);
  }

  /** Takes what happened at `now` (monotonic ms, never falling) and returns what is to be done, in order. */
  handle(event: SwarmEvent, now: number): readonly SwarmCommand[] {
    this.#out = [];
    this.#dispatch(event, now);
    return this.#out;
  }

  /** When a `tick` is due; undefined when nothing waits for time to pass. */
  nextTick(): number | undefined {
    if (this.#roster.isBusy) return (this.#tickedAt ?? 0) + TICK_MS;
    return this.#isActive ? this.#roster.nextDialAt() : undefined;
  }

  /** Takes requests of `peer` that are to be served now, oldest first, `maxBytes` at most but at least one. */
  takeUploads(peer: PeerKey, maxBytes: number): readonly Upload[] {
    const asker = this.peers.get(peer);
    return asker ? this.#serving.take(asker, maxBytes) : [];
  }

  get #isActive(): boolean {
    return this.#holdings.isDownloading || this.#upload;
  }

  #dispatch(event: SwarmEvent, now: number): void {
    switch (event.type) {
      case "peer-connected":
        return this.#peerConnected(event, now);
      case "peer-left":
        return this.#peerLeft(event.peer, now, "");
      case "message":
        return this.#gotMessage(event.peer, event.message, now);
      case "piece-verified":
        return this.#pieceVerified(event.index, event.ok, now);
      case "piece-not-stored":
        this.#pieceFailed(event.index, false);
        return;
      case "piece-lost":
        return this.#pieceLost(event.index);
      case "candidates":
        this.#roster.heardOf(event.addresses, event.source, now);
        return this.#dial(now);
      case "dial-failed":
        this.#roster.dialFailed(event.address, now);
        return this.#dial(now);
      case "block-sent":
        return this.#blockSent(event.peer, event.bytes, now);
      case "set-active":
        return this.#setActive(event.download, event.upload, now);
      case "give":
        return this.#gifts.start(this.peers.values(), event.count, event.keep, now);
      case "tick":
        return this.#tick(now);
      default:
        event satisfies never;
    }
  }

  // Peers coming and going

  #peerConnected(connected: ConnectedPeer, now: number): void {
    const refusal = this.#roster.refusalOf(connected, this.#isActive, now);
    if (refusal) {
      this.#roster.refused(connected, now);
      this.#out.push({ type: "disconnect", peer: connected.peer, reason: refusal, ban: false });
      return;
    }
    const twin = this.#roster.twinOf(connected);
    if (twin) this.#drop(twin, "connected twice", now);
    const peer = this.#roster.add(connected, now);
    for (const message of greeting(this.#options, connected, this.states.held)) this.#send(peer, message);
  }

  #drop(peer: SwarmPeer, reason: string, now: number, ban = false): void {
    this.#out.push({ type: "disconnect", peer: peer.key, reason, ban });
    this.#peerLeft(peer.key, now, reason);
    if (ban) this.#roster.ban(peer, now);
  }

  #peerLeft(key: PeerKey, now: number, reason: string): void {
    const peer = this.peers.get(key);
    if (!peer) return;
    const useful = !this.#isActive || (reason === "" && peer.down.totalBytes + peer.up.totalBytes > 0);
    this.#roster.remove(peer, useful, now);
    this.#requester.release(peer, true);
    this.#gifts.peerLeft(peer);
    this.#holdings.forget(peer);
    // While all are being dropped, nothing more is said to those that are still here.
    if (!this.#isActive) return;
    this.#choking.fillSlots();
    this.#receiving.fillAll(now);
    this.#dial(now);
  }

  #dial(now: number): void {
    if (!this.#isActive) return;
    for (const { address, source } of this.#roster.dials(now)) this.#out.push({ type: "dial", address, source });
  }

  // What peers say

  #gotMessage(key: PeerKey, message: PeerMessage, now: number): void {
    const peer = this.peers.get(key);
    if (!peer) return;
    peer.heardAt = now;
    try {
      this.#conversation.handle(peer, message, now);
      this.#closeIfBothSeed(peer, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#drop(peer, error.message, now, error.code === "unwanted-gift");
    }
  }

  // Pieces

  #pieceVerified(index: number, ok: boolean, now: number): void {
    if (ok) this.#pieceHeld(index, now);
    else {
      const culprit = this.#receiving.culpritOf(this.#pieceFailed(index, true));
      if (culprit) this.#drop(culprit, `piece ${index} from it failed its hash`, now, true);
    }
    this.#receiving.fillAll(now);
  }

  #pieceHeld(index: number, now: number): void {
    this.states.hold(index);
    this.#gifts.pieceSettled(index, true);
    this.#holdings.weGained(index);
    if (!this.states.held.isFull) return;
    this.#out.push({ type: "completed" });
    for (const peer of this.peers.values()) this.#closeIfBothSeed(peer, now);
  }

  /** It is missing again. `hash`: because its hash was wrong, and not because it could not be stored. */
  #pieceFailed(index: number, hash: boolean): PartialPiece {
    const partial = this.states.fail(index);
    this.#gifts.pieceSettled(index, false);
    this.#requester.retry(index, hash);
    return partial;
  }

  #pieceLost(index: number): void {
    this.states.lose(index);
    this.#requester.retry(index, false);
    this.#holdings.weLost(index);
  }

  #closeIfBothSeed(peer: SwarmPeer, now: number): void {
    if (this.states.held.isFull && peer.isSeed) this.#drop(peer, "both have everything", now);
  }

  #blockSent(key: PeerKey, bytes: number, now: number): void {
    const peer = this.peers.get(key);
    if (!peer) return;
    peer.up.add(bytes, now);
    peer.saidAt = now;
    this.#gifts.blockSent(peer, now);
  }

  // Time

  #setActive(download: boolean, upload: boolean, now: number): void {
    this.#holdings.isDownloading = download;
    this.#upload = upload;
    for (const peer of this.peers.values()) {
      if (this.#isActive) this.#holdings.updateInterest(peer);
      else this.#drop(peer, "the transfer is paused", now);
    }
    this.#dial(now);
  }

  #tick(now: number): void {
    forgiveSuspension(this.peers.values(), now - (this.#tickedAt ?? now), now);
    this.#tickedAt = now;
    for (const peer of this.peers.values()) this.#watch(peer, now);
    if (this.#upload) {
      this.#choking.tick(this.states.held.isFull, now);
      this.#gifts.tick(this.peers, now);
    }
    this.#receiving.fillAll(now);
    this.#dial(now);
  }

  /** Silence and stalls of one peer. */
  #watch(peer: SwarmPeer, now: number): void {
    const reason = endOf(peer, now);
    if (reason) return this.#drop(peer, reason, now);
    if (needsKeepAlive(peer, now)) {
      peer.saidAt = now;
      this.#send(peer, { type: "keep-alive" });
    }
    if (!stalls(peer, now)) return;
    peer.requests.snubbed = true;
    this.#requester.release(peer, false);
  }

  #send(peer: SwarmPeer, message: PeerMessage): void {
    this.#out.push({ type: "send", peer: peer.key, message });
  }
}
