// Swarm: one torrent's brain, sans I/O. What happens goes in, what to do comes out; time and randomness are arguments.
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { BegunPiece, PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { InfoHash, PeerId } from "../protocol/ids.ts";
import type { PeerMessage } from "../protocol/peer/messages.ts";
import { Announcements } from "./announcements.ts";
import type { Candidates } from "./candidates.ts";
import { Choking } from "./choking.ts";
import { Conversation } from "./conversation.ts";
import type { ConnectedPeer, PeerKey, SwarmCommand, SwarmEvent, Upload } from "./events.ts";
import { Gifts } from "./gifts.ts";
import type { Campaign } from "./giving.ts";
import { extendedHandshake, type Greeter, greeting } from "./greeting.ts";
import { Holdings } from "./holdings.ts";
import { TICK_MS } from "./limits.ts";
import { endOf, forgiveSuspension, forgiveUnread, needsKeepAlive, stalls } from "./patience.ts";
import { Metadata } from "./metadata.ts";
import { PeerExchange } from "./peer-exchange.ts";
import type { SwarmPeer } from "./peer.ts";
import { PieceStates } from "./piece-states.ts";
import { Progress } from "./progress.ts";
import { RarestFirst } from "./rarest-first.ts";
import { Receiving } from "./receiving.ts";
import { Requester } from "./requester.ts";
import { Roster } from "./roster.ts";
import { Serving } from "./serving.ts";
import { Suspicion } from "./suspicion.ts";
import type { GiftRefusal } from "./taking.ts";
import { Wanted } from "./wanted.ts";

export interface SwarmOptions extends Greeter {
  readonly layout: PieceLayout;
  readonly infoHash: InfoHash;
  /** Pieces that are on disk and hashed; the swarm keeps it from now on. */
  readonly held: Bitfield;
  readonly peerId: PeerId;
  /** Why the user takes no gift of this torrent now; undefined: it is taken. */
  readonly giftRefusal: GiftRefusal;
  /** Is the peer read from now? While it is not, its silence is ours. */
  readonly isRead?: (peer: PeerKey) => boolean;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Addresses that an earlier swarm of this torrent knew. */
  readonly candidates?: Candidates;
  /** Blocks of missing pieces that an earlier swarm received, and that are where `store-block` puts them. */
  readonly begun?: readonly BegunPiece[];
  /** What an earlier swarm of this torrent was giving. */
  readonly campaign?: Campaign | undefined;
}

export class Swarm {
  readonly states: PieceStates;
  readonly #options: SwarmOptions;
  readonly #wanted: Wanted;
  readonly #progress: Progress;
  readonly #roster: Roster;
  readonly #holdings: Holdings;
  readonly #announcements: Announcements;
  readonly #requester: Requester;
  readonly #receiving: Receiving;
  readonly #suspicion = new Suspicion();
  readonly #serving: Serving;
  readonly #choking: Choking;
  readonly #gifts: Gifts;
  readonly #metadata: Metadata;
  /** Undefined: the torrent is private. */
  readonly #exchange: PeerExchange | undefined;
  readonly #conversation: Conversation;
  #out: SwarmCommand[] = [];
  #upload = false;
  #tickedAt: number | undefined;

  constructor(options: SwarmOptions) {
    const { layout, infoHash, held, random } = options;
    this.#options = options;
    this.states = new PieceStates(layout, held);
    this.#wanted = new Wanted(held);
    this.#roster = new Roster({
      ...options,
      pieceCount: layout.pieceCount,
      isFetching: () => this.#holdings.isDownloading && !this.#wanted.isDone,
    });
    const rarest = new RarestFirst(layout.pieceCount, random);
    for (const index of held.missing()) rarest.insert(index);
    const { peers } = this.#roster;
    const emit = (command: SwarmCommand) => void this.#out.push(command);
    const shared = { layout, states: this.states, rarest, wanted: this.#wanted, emit };
    this.#holdings = new Holdings({ ...shared, peers });
    this.#announcements = new Announcements({ peers, emit });
    this.#requester = new Requester({ ...shared, suspicion: this.#suspicion, peers });
    this.#requester.resume(options.begun ?? []);
    this.#receiving = new Receiving({ layout, requester: this.#requester, peers });
    this.#serving = new Serving({ layout, infoHash, held, emit });
    this.#gifts = new Gifts({ ...options, ...shared });
    this.#choking = new Choking({
      peers,
      random,
      isGivenTo: (peer) => this.#gifts.giving.gives(peer),
      changed: (peer) => this.#serving.chokingChanged(peer),
    });
    this.#metadata = new Metadata(options.info ?? new Uint8Array());
    if (!options.private) this.#exchange = new PeerExchange({ peers, emit });
    this.#progress = new Progress({
      ...shared,
      peers,
      suspicion: this.#suspicion,
      requester: this.#requester,
      receiving: this.#receiving,
      holdings: this.#holdings,
      announcements: this.#announcements,
      gifts: this.#gifts,
      ban: (peer, reason, now) => this.#ban(peer, reason, now),
      doneChanged: (now) => this.#wantedChanged(now),
    });
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
      gotMetadata: (peer, message) => {
        const answer = peer.speaksMetadata ? this.#metadata.answer(peer.key, message) : undefined;
        if (answer) this.#send(peer, { type: "ut-metadata", message: answer });
      },
      exchange: this.#exchange,
      gotPeers: (peer, message, now) => {
        const { host } = peer.connected.address;
        this.#roster.heardOf(this.#exchange?.heard(peer, message, now) ?? [], "pex", now, host);
        this.#dial(now);
      },
    });
  }

  get peers(): ReadonlyMap<PeerKey, SwarmPeer> {
    return this.#roster.peers;
  }

  /** Payload bytes that were received and of no use: twice, unasked, or failed their hash. */
  get wastedBytes(): number {
    return this.#receiving.wastedBytes;
  }

  /** Is everything held that is wanted? */
  get isDone(): boolean {
    return this.#wanted.isDone;
  }

  /** What is being given; undefined: nothing. */
  get campaign(): Campaign | undefined {
    return this.#gifts.giving.campaign;
  }

  /** Did piece `index` fail its hash, and was not right since? */
  isOnParole(index: number): boolean {
    return this.#suspicion.isOnParole(index);
  }

  /** Pieces of which blocks are there that may be kept: not those that one peer alone brings, nor gifts. */
  get begun(): readonly BegunPiece[] {
    const partials = [...this.states.downloading.values()];
    const kept = partials.filter(({ only, receivedBlocks }) => only === undefined && receivedBlocks > 0);
    return kept.map(({ index, blocksThere: blocks }) => ({ index, blocks }));
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
    const { dueAt = Number.POSITIVE_INFINITY } = this.#announcements;
    if (this.#roster.isBusy) return Math.min(this.#nextFullTick, dueAt);
    return this.#isActive ? this.#roster.nextDialAt() : undefined;
  }

  /** Takes requests of `peer` that are to be served now, oldest first, `maxBytes` at most but at least one. */
  takeUploads(peer: PeerKey, maxBytes: number): readonly Upload[] {
    const asker = this.peers.get(peer);
    return asker ? this.#serving.take(asker, maxBytes) : [];
  }

  get #nextFullTick(): number {
    return (this.#tickedAt ?? 0) + TICK_MS;
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
        this.#progress.verified(event.index, event.ok, event.digestOf, now);
        return this.#receiving.fillAll(now);
      case "piece-not-stored":
        return this.#progress.notStored(event.index);
      case "set-wanted":
        this.#progress.want(event.priorities, event.sequential, now);
        this.#receiving.fillAll(now);
        return this.#dial(now);
      case "candidates":
        this.#roster.heardOf(event.addresses, event.source, now);
        return this.#dial(now);
      case "dial-failed":
        this.#roster.dialFailed(event.address, now);
        return this.#dial(now);
      case "not-dialled":
        return this.#roster.notDialled(event.address, now);
      case "block-sent":
        return this.#blockSent(event.peer, event.bytes, now);
      case "uploads-failed":
        return this.#uploadsFailed(event.peer, event.uploads);
      case "set-active":
        return this.#setActive(event.download, event.upload, now);
      case "give":
        this.#choking.hurry();
        return this.#gifts.start(this.peers.values(), event.count, event.keep, now);
      case "stop-giving":
        return this.#gifts.giving.stop();
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
      this.#out.push({ type: "disconnect", peer: connected.peer, reason: refusal });
      return;
    }
    const twin = this.#roster.twinOf(connected);
    if (twin) this.#drop(twin, "connected twice", now);
    else if (this.#roster.isFull) this.#drop(this.#roster.useless(now)!, "another may be of more use", now);
    const peer = this.#roster.add(connected, now);
    this.#choking.peerCame(peer);
    const { held } = this.states;
    const said = greeting(this.#options, connected, { held, uploadOnly: this.#wanted.isDone });
    for (const message of said) this.#send(peer, message);
  }

  #drop(peer: SwarmPeer, reason: string, now: number): void {
    this.#out.push({ type: "disconnect", peer: peer.key, reason });
    this.#peerLeft(peer.key, now, reason);
  }

  /** Who is to blame for bad data, connected or not. */
  #ban(key: PeerKey, reason: string, now: number): void {
    const culprit = this.#roster.whereIs(key);
    if (!culprit) return;
    const { address, ip } = culprit;
    const peer = this.peers.get(key);
    if (peer) this.#drop(peer, reason, now);
    this.#out.push({ type: "ban", address: { host: ip, port: address.port }, reason });
    this.#roster.ban(address, now);
  }

  #peerLeft(key: PeerKey, now: number, reason: string): void {
    const peer = this.peers.get(key);
    if (!peer) return;
    const useful = !this.#isActive || (reason === "" && peer.down.totalBytes + peer.up.totalBytes > 0);
    this.#roster.remove(peer, useful, now);
    this.#requester.release(peer, true);
    this.#gifts.peerLeft(peer);
    this.#metadata.forget(key);
    this.#exchange?.forget(peer);
    this.#serving.peerLeft(peer);
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
      this.#closeIfNeitherWants(peer, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.code === "unwanted-gift") this.#ban(key, error.message, now);
      else this.#drop(peer, error.message, now);
    }
  }

  // What is wanted, and what is held of it

  #wantedChanged(now: number): void {
    if (this.#wanted.isDone) {
      this.#announcements.tell(now);
      this.#out.push({ type: "completed" });
    } else this.#roster.hungry();
    for (const peer of this.peers.values()) {
      if (this.#wanted.isDone) peer.down.rest();
      if (peer.connected.extended) this.#send(peer, extendedHandshake(this.#options, this.#wanted.isDone));
      this.#closeIfNeitherWants(peer, now);
    }
  }

  /** Both have all that they want (BEP 21). */
  #closeIfNeitherWants(peer: SwarmPeer, now: number): void {
    if (!this.#wanted.isDone || !(peer.isSeed || peer.uploadOnly) || !this.peers.has(peer.key)) return;
    this.#drop(peer, "neither wants anything of the other", now);
    this.#roster.sated(peer);
  }

  #blockSent(key: PeerKey, bytes: number, now: number): void {
    const peer = this.peers.get(key);
    if (!peer) return;
    peer.up.add(bytes, now);
    peer.saidAt = now;
    this.#gifts.giving.blockSent(peer, now);
  }

  /** It asks others, and us again after a round: what the disk does not give now it would not give a moment later. */
  #uploadsFailed(key: PeerKey, uploads: readonly Upload[]): void {
    const peer = this.peers.get(key);
    if (!peer) return;
    this.#serving.failed(peer, uploads);
    this.#choking.choke(peer);
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
    this.#announcements.tellDue(now);
    const sinceTickMs = now - (this.#tickedAt ?? now);
    if (this.#roster.isBusy && now < this.#nextFullTick) return;
    forgiveSuspension(this.peers.values(), sinceTickMs, now);
    this.#tickedAt = now;
    for (const peer of this.peers.values()) {
      if (this.#options.isRead?.(peer.key) === false) forgiveUnread(peer, sinceTickMs, now);
      this.#watch(peer, now);
    }
    if (this.#upload) {
      this.#choking.tick(!this.#holdings.isDownloading || this.#wanted.isDone, now);
      this.#gifts.tick(now);
    }
    this.#exchange?.tick(now);
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
