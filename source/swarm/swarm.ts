// Swarm: one torrent's brain, sans I/O. What happens goes in, what to do comes out; time and randomness are arguments.
import { Bitfield } from "../metainfo/bitfield.ts";
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { type PeerId, toHex } from "../protocol/ids.ts";
import { localExtensions } from "../protocol/peer/extensions/registry.ts";
import { ADVERTISED_REQUEST_QUEUE, MAX_QUEUED_REQUESTS } from "../protocol/peer/limits.ts";
import type { BlockRange, PeerMessage } from "../protocol/peer/messages.ts";
import { Candidates } from "./candidates.ts";
import { Choking } from "./choking.ts";
import type { Address, ConnectedPeer, PeerKey, SwarmCommand, SwarmEvent, Upload } from "./events.ts";
import { Gifts } from "./gifts.ts";
import {
  IDLE_MS,
  KEEP_ALIVE_MS,
  MAX_CHOKE_FLAPS,
  MAX_DIALING,
  MAX_PEERS,
  MAX_UNEXPLAINED_BLOCKS,
  SNUB_MS,
  STALL_MS,
  TICK_MS,
} from "./limits.ts";
import { SwarmPeer } from "./peer.ts";
import { type PartialPiece, PieceStates } from "./piece-states.ts";
import { RarestFirst } from "./rarest-first.ts";
import { Requester } from "./requester.ts";

export interface SwarmOptions {
  readonly layout: PieceLayout;
  /** Pieces that are on disk and hashed; the swarm keeps it from now on. */
  readonly held: Bitfield;
  readonly peerId: PeerId;
  /** `v` of our extended handshake. */
  readonly client: string;
  /** The TCP port that takes peers, for `p` of our extended handshake; undefined: not said. */
  readonly listenPort: number | undefined;
  readonly private: boolean;
  /** Does the user take gifts of this torrent now? */
  readonly acceptsGifts: () => boolean;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Addresses that an earlier swarm of this torrent knew. */
  readonly candidates?: Candidates;
}

/** A clock that jumped further than this was stopped (suspend): the time is not held against the peers. */
const SUSPENDED_MS = 10_000;

export class Swarm {
  readonly states: PieceStates;
  readonly #options: SwarmOptions;
  readonly #peers = new Map<PeerKey, SwarmPeer>();
  readonly #rarest: RarestFirst;
  readonly #requester: Requester;
  readonly #gifts: Gifts;
  readonly #choking: Choking;
  readonly #candidates: Candidates;
  #out: SwarmCommand[] = [];
  #download = false;
  #upload = false;
  #tickedAt: number | undefined;
  #wastedBytes = 0;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#candidates = options.candidates ?? new Candidates();
    this.states = new PieceStates(options.layout, options.held);
    this.#rarest = new RarestFirst(options.layout.pieceCount, options.random);
    for (const index of options.held.missing()) this.#rarest.insert(index);
    const shared = {
      layout: options.layout,
      states: this.states,
      rarest: this.#rarest,
      peers: this.#peers,
      emit: (command: SwarmCommand) => this.#out.push(command),
    };
    this.#requester = new Requester(shared);
    this.#gifts = new Gifts({
      ...shared,
      random: options.random,
      private: options.private,
      acceptsGifts: options.acceptsGifts,
    });
    this.#choking = new Choking({
      peers: this.#peers,
      random: options.random,
      changed: (peer) => this.#chokingChanged(peer),
    });
  }

  get peers(): ReadonlyMap<PeerKey, SwarmPeer> {
    return this.#peers;
  }

  /** Payload bytes that were received and of no use: twice, unasked, or failed their hash. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  /** Connected peers that hold `index`. */
  availability(index: number): number {
    return this.#rarest.availability(index);
  }

  /** Takes what happened at `now` (monotonic ms, never falling) and returns what is to be done, in order. */
  handle(event: SwarmEvent, now: number): readonly SwarmCommand[] {
    this.#out = [];
    switch (event.type) {
      case "peer-connected":
        this.#peerConnected(event, now);
        break;
      case "peer-left":
        this.#peerLeft(event.peer, now, "");
        break;
      case "message":
        this.#gotMessage(event.peer, event.message, now);
        break;
      case "piece-verified":
        this.#pieceVerified(event.index, event.ok, now);
        break;
      case "piece-not-stored":
        this.#pieceNotStored(event.index);
        break;
      case "piece-lost":
        this.#pieceLost(event.index);
        break;
      case "candidates":
        this.#candidates.add(event.addresses, event.source, now);
        this.#dial(now);
        break;
      case "dial-failed":
        this.#candidates.ended(event.address, now, false);
        this.#dial(now);
        break;
      case "block-sent":
        this.#blockSent(event.peer, event.bytes, now);
        break;
      case "set-active":
        this.#setActive(event.download, event.upload, now);
        break;
      case "give":
        this.#gifts.start(this.#peers.values(), event.count, event.keep, now);
        break;
      case "tick":
        this.#tick(now);
        break;
      default:
        event satisfies never;
    }
    return this.#out;
  }

  /** When a `tick` is due; undefined when nothing waits for time to pass. */
  nextTick(): number | undefined {
    if (this.#peers.size > 0 || this.#candidates.dialing > 0) return (this.#tickedAt ?? 0) + TICK_MS;
    return this.#isActive ? this.#candidates.nextDueAt() : undefined;
  }

  /** Takes requests of `peer` that are to be served now, oldest first, `maxBytes` at most but at least one. */
  takeUploads(peer: PeerKey, maxBytes: number): readonly Upload[] {
    const waiting = this.#peers.get(peer)?.uploads;
    if (!waiting || waiting.length === 0) return [];
    let count = 1;
    let bytes = waiting[0]!.length;
    while (count < waiting.length && bytes + waiting[count]!.length <= maxBytes) bytes += waiting[count++]!.length;
    return waiting.splice(0, count);
  }

  get #isActive(): boolean {
    return this.#download || this.#upload;
  }

  // Peers coming and going

  #peerConnected(connected: ConnectedPeer, now: number): void {
    const refusal = this.#refusalOf(connected, now);
    if (refusal) {
      if (connected.source !== "incoming" && !this.#isConnectedTo(connected.address)) {
        this.#candidates.ended(connected.address, now, false);
      }
      this.#out.push({ type: "disconnect", peer: connected.peer, reason: refusal, ban: false });
      return;
    }
    const peer = new SwarmPeer(connected, this.#options.layout.pieceCount, now);
    this.#peers.set(connected.peer, peer);
    if (connected.source !== "incoming") this.#listensAt(peer, connected.address);
    this.#greet(peer);
  }

  /** It need not be dialled while it is connected, whoever dialled. */
  #listensAt(peer: SwarmPeer, address: Address): void {
    peer.listensAt = address;
    this.#candidates.connected(address);
  }

  #refusalOf(connected: ConnectedPeer, now: number): string | undefined {
    const own = toHex(this.#options.peerId);
    const theirs = toHex(connected.peerId);
    if (own === theirs) {
      this.#candidates.isOurs(connected.address);
      return "it is ourselves";
    }
    if (!this.#isActive) return "the transfer is paused";
    if (this.#candidates.isBanned(connected.address, now)) return "it is banned";
    const twin = [...this.#peers.values()].find((peer) => toHex(peer.connected.peerId) === theirs);
    if (twin && this.#staysOfTwins(twin.connected, connected, theirs > own)) return "connected twice";
    if (twin) this.#drop(twin, "connected twice", now);
    return this.#peers.size >= MAX_PEERS ? `${MAX_PEERS} peers are enough` : undefined;
  }

  /** Both dialled at once: both sides keep the connection that the larger peer id began, else the older one. */
  #staysOfTwins(older: ConnectedPeer, newer: ConnectedPeer, theirsIsLarger: boolean): boolean {
    const begunByLarger = ({ source }: ConnectedPeer) => (source === "incoming") === theirsIsLarger;
    return begunByLarger(older) || !begunByLarger(newer);
  }

  #greet(peer: SwarmPeer): void {
    const { held } = this.states;
    const { extended, fast } = peer.connected;
    if (extended) {
      const { client, listenPort } = this.#options;
      const handshake = {
        extensions: localExtensions(),
        client,
        requestQueue: ADVERTISED_REQUEST_QUEUE,
        ...(listenPort !== undefined && { port: listenPort }),
      };
      this.#send(peer, { type: "extended-handshake", handshake });
    }
    if (fast && held.isFull) this.#send(peer, { type: "have-all" });
    else if (fast && held.isEmpty) this.#send(peer, { type: "have-none" });
    else if (!held.isEmpty) this.#send(peer, { type: "bitfield", bytes: held.toBytes() });
  }

  #drop(peer: SwarmPeer, reason: string, now: number, ban = false): void {
    this.#out.push({ type: "disconnect", peer: peer.key, reason, ban });
    this.#peerLeft(peer.key, now, reason);
    if (ban) this.#candidates.ban(peer.listensAt ?? peer.connected.address, now);
  }

  #peerLeft(key: PeerKey, now: number, reason: string): void {
    const peer = this.#peers.get(key);
    if (!peer) return;
    this.#peers.delete(key);
    this.#requester.release(peer, true);
    this.#gifts.peerLeft(peer);
    this.#uncount(peer);
    if (peer.listensAt && !this.#isConnectedTo(peer.listensAt)) {
      const useful = !this.#isActive || (reason === "" && peer.down.totalBytes + peer.up.totalBytes > 0);
      this.#candidates.ended(peer.listensAt, now, useful);
    }
    // While all are being dropped, nothing more is said to those that are still here.
    if (!this.#isActive) return;
    this.#choking.fillSlots();
    this.#fillAll(now);
    this.#dial(now);
  }

  #isConnectedTo({ host, port }: Address): boolean {
    return [...this.#peers.values()].some(({ listensAt }) => listensAt?.host === host && listensAt.port === port);
  }

  #dial(now: number): void {
    if (!this.#isActive) return;
    while (this.#candidates.dialing < MAX_DIALING && this.#peers.size + this.#candidates.dialing < MAX_PEERS) {
      const candidate = this.#candidates.next(now);
      if (!candidate) return;
      this.#out.push({ type: "dial", address: candidate.address, source: candidate.source });
    }
  }

  // What peers say

  #gotMessage(key: PeerKey, message: PeerMessage, now: number): void {
    const peer = this.#peers.get(key);
    if (!peer) return;
    peer.heardAt = now;
    try {
      this.#dispatch(peer, message, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#drop(peer, error.message, now, error.code === "unwanted-gift");
    }
  }

  #dispatch(peer: SwarmPeer, message: PeerMessage, now: number): void {
    switch (message.type) {
      case "piece":
        return this.#gotBlock(peer, message.index, message.begin, message.data, now);
      case "request":
        return this.#gotRequest(peer, message);
      case "have":
        return this.#gotHave(peer, message.index, now);
      case "bitfield":
        return this.#gotPieces(peer, Bitfield.fromBytes(message.bytes, this.#options.layout.pieceCount)!, now);
      case "have-all":
        return this.#gotPieces(peer, Bitfield.full(this.#options.layout.pieceCount), now);
      case "have-none":
        return;
      case "choke":
        return this.#gotChoke(peer, now);
      case "unchoke":
        return this.#gotUnchoke(peer, now);
      case "interested":
        return this.#gotInterested(peer, true);
      case "not-interested":
        return this.#gotInterested(peer, false);
      case "cancel":
        return this.#gotCancel(peer, message);
      case "reject":
        return this.#gotReject(peer, message);
      case "extended-handshake":
        return this.#gotExtendedHandshake(peer, message.handshake, now);
      case "sta-push":
        return this.#gotPush(peer, message.message, now);
      case "keep-alive":
      case "port":
      case "suggest":
      case "allowed-fast":
        return;
      case "handshake":
        throw new RangeError("a handshake is no message of the swarm");
      default:
        message satisfies never;
    }
  }

  #gotBlock(peer: SwarmPeer, index: number, begin: number, data: Uint8Array, now: number): void {
    peer.down.add(data.length, now);
    const outcome = this.#options.layout.isBlock(index, begin, data.length)
      ? this.#requester.receive(peer, index, begin, data)
      : "unexplained";
    if (outcome === "stored") {
      peer.requests.progressAt = now;
      peer.requests.snubbed = false;
    } else {
      peer.wastedBytes += data.length;
      this.#wastedBytes += data.length;
    }
    if (outcome === "unexplained" && ++peer.unexplainedBlocks > MAX_UNEXPLAINED_BLOCKS) {
      this.#drop(peer, "it sent blocks that nobody asked for", now);
      return;
    }
    this.#requester.fill(peer, now);
  }

  #gotRequest(peer: SwarmPeer, request: BlockRange): void {
    const { index, begin, length } = request;
    if (!this.#options.layout.isValidRequest(index, begin, length)) {
      throw new ProtocolError("bad-request", `request for ${length} bytes from ${begin} of piece ${index}`);
    }
    if (peer.amChoking || !this.states.held.get(index)) {
      if (peer.connected.fast) this.#send(peer, { type: "reject", index, begin, length });
      return;
    }
    if (peer.uploads.length >= MAX_QUEUED_REQUESTS) {
      throw new ProtocolError("request-flood", `more than ${MAX_QUEUED_REQUESTS} requests waiting`);
    }
    peer.uploads.push({ index, begin, length });
    this.#out.push({ type: "uploads-waiting", peer: peer.key });
  }

  #gotCancel(peer: SwarmPeer, { index, begin, length }: BlockRange): void {
    const at = peer.uploads.findIndex((upload) => upload.index === index && upload.begin === begin);
    if (at < 0) return;
    peer.uploads.splice(at, 1);
    if (peer.connected.fast) this.#send(peer, { type: "reject", index, begin, length });
  }

  #gotReject(peer: SwarmPeer, { index, begin, length }: BlockRange): void {
    if (this.#options.layout.isBlock(index, begin, length)) this.#requester.reject(peer, index, begin);
  }

  #gotHave(peer: SwarmPeer, index: number, now: number): void {
    if (peer.pieces.get(index)) return;
    this.#rarest.increase(index);
    peer.pieces.set(index);
    if (peer.isSeed) this.#countAsSeed(peer);
    if (this.states.held.get(index)) return this.#closeIfBothSeed(peer, now);
    peer.wanted++;
    this.#updateInterest(peer);
    this.#requester.fill(peer, now);
  }

  #gotPieces(peer: SwarmPeer, pieces: Bitfield, now: number): void {
    this.#uncount(peer);
    peer.pieces = pieces;
    peer.wanted = 0;
    for (const index of pieces.held()) {
      if (!pieces.isFull) this.#rarest.increase(index);
      if (!this.states.held.get(index)) peer.wanted++;
    }
    if (pieces.isFull) this.#rarest.addSeed();
    this.#updateInterest(peer);
    // A late bitfield, of a peer that has unchoked us already.
    this.#requester.fill(peer, now);
    this.#closeIfBothSeed(peer, now);
  }

  #gotChoke(peer: SwarmPeer, now: number): void {
    if (peer.peerChoking) return;
    this.#countFlap(peer, now);
    peer.peerChoking = true;
    this.#requester.release(peer, false);
    this.#fillAll(now);
  }

  #gotUnchoke(peer: SwarmPeer, now: number): void {
    if (!peer.peerChoking) return;
    peer.peerChoking = false;
    peer.requests.unchokedAt = now;
    this.#requester.fill(peer, now);
  }

  #countFlap(peer: SwarmPeer, now: number): void {
    if (now - peer.flapsSince > 60_000) {
      peer.flapsSince = now;
      peer.flaps = 0;
    }
    if (++peer.flaps > MAX_CHOKE_FLAPS) throw new ProtocolError("choke-flapping", "it chokes and unchokes without end");
  }

  #gotInterested(peer: SwarmPeer, interested: boolean): void {
    peer.peerInterested = interested;
    if (this.#upload) this.#choking.fillSlots();
  }

  #gotExtendedHandshake(
    peer: SwarmPeer,
    handshake: Extract<PeerMessage, { type: "extended-handshake" }>["handshake"],
    now: number,
  ): void {
    peer.client = handshake.client ?? peer.client;
    const spokePush = peer.speaksPush;
    peer.speaksPush = (handshake.extensions.get("sta_push") ?? 0) > 0;
    // Nothing more can be said to it about gifts.
    if (spokePush && !peer.speaksPush) this.#gifts.peerLeft(peer);
    if (handshake.requestQueue !== undefined) peer.requests.peerLimit = handshake.requestQueue;
    if (handshake.port !== undefined && peer.connected.source === "incoming" && !peer.listensAt) {
      this.#listensAt(peer, { host: peer.connected.address.host, port: handshake.port });
    }
    if (peer.speaksPush && this.#upload) this.#gifts.peerReady(peer, now);
  }

  #gotPush(peer: SwarmPeer, message: Extract<PeerMessage, { type: "sta-push" }>["message"], now: number): void {
    if (!peer.speaksPush) return;
    if (message.type === "block") peer.down.add(message.data.length, now);
    this.#gifts.handle(peer, message, now);
  }

  // Pieces

  #pieceVerified(index: number, ok: boolean, now: number): void {
    if (ok) {
      this.states.hold(index);
      this.#gifts.pieceSettled(index, true);
      for (const peer of this.#peers.values()) this.#announceHave(peer, index);
      if (this.states.held.isFull) this.#completed(now);
    } else {
      const partial = this.states.fail(index);
      this.#gifts.pieceSettled(index, false);
      this.#requester.retry(index, true);
      this.#blame(partial, now);
    }
    this.#fillAll(now);
  }

  #announceHave(peer: SwarmPeer, index: number): void {
    this.#send(peer, { type: "have", index });
    if (!peer.pieces.get(index)) return;
    peer.wanted--;
    this.#updateInterest(peer);
  }

  #completed(now: number): void {
    this.#out.push({ type: "completed" });
    for (const peer of this.#peers.values()) this.#closeIfBothSeed(peer, now);
  }

  /** A piece failed its hash: its only source is banned; of several, each is asked alone from now on. */
  #blame(partial: PartialPiece, now: number): void {
    this.#wastedBytes += this.#options.layout.pieceLengthAt(partial.index);
    if (partial.contributors.size > 1) return;
    for (const key of partial.contributors) {
      const peer = this.#peers.get(key);
      if (peer) this.#drop(peer, `piece ${partial.index} from it failed its hash`, now, true);
    }
  }

  #pieceNotStored(index: number): void {
    this.states.fail(index);
    this.#gifts.pieceSettled(index, false);
    this.#requester.retry(index, false);
  }

  #pieceLost(index: number): void {
    this.states.lose(index);
    this.#requester.retry(index, false);
    for (const peer of this.#peers.values()) {
      if (!peer.pieces.get(index)) continue;
      peer.wanted++;
      this.#updateInterest(peer);
    }
  }

  /** Takes the pieces of `peer` out of the availability. */
  #uncount(peer: SwarmPeer): void {
    if (peer.isSeed) this.#rarest.removeSeed();
    else for (const index of peer.pieces.held()) this.#rarest.decrease(index);
  }

  /** Its last piece came by `have`: counted piece by piece until now, as a seed from now on. */
  #countAsSeed(peer: SwarmPeer): void {
    for (const index of peer.pieces.held()) this.#rarest.decrease(index);
    this.#rarest.addSeed();
  }

  #closeIfBothSeed(peer: SwarmPeer, now: number): void {
    if (this.states.held.isFull && peer.isSeed) this.#drop(peer, "both have everything", now);
  }

  #updateInterest(peer: SwarmPeer): void {
    const interested = this.#download && peer.wanted > 0;
    if (interested === peer.amInterested) return;
    peer.amInterested = interested;
    this.#send(peer, { type: interested ? "interested" : "not-interested" });
  }

  #fillAll(now: number): void {
    for (const peer of this.#peers.values()) this.#requester.fill(peer, now);
  }

  // Serving

  #chokingChanged(peer: SwarmPeer): void {
    this.#send(peer, { type: peer.amChoking ? "choke" : "unchoke" });
    if (!peer.amChoking) return;
    const refused = peer.uploads.splice(0);
    if (!peer.connected.fast) return;
    for (const upload of refused) this.#send(peer, { type: "reject", ...upload });
  }

  #blockSent(key: PeerKey, bytes: number, now: number): void {
    const peer = this.#peers.get(key);
    if (!peer) return;
    peer.up.add(bytes, now);
    peer.saidAt = now;
    this.#gifts.blockSent(peer, now);
  }

  // Time

  #setActive(download: boolean, upload: boolean, now: number): void {
    this.#download = download;
    this.#upload = upload;
    for (const peer of this.#peers.values()) {
      if (this.#isActive) this.#updateInterest(peer);
      else this.#drop(peer, "the transfer is paused", now);
    }
    this.#dial(now);
  }

  #tick(now: number): void {
    this.#forgiveSuspension(now);
    this.#tickedAt = now;
    for (const peer of this.#peers.values()) this.#watch(peer, now);
    if (this.#upload) {
      this.#choking.tick(this.states.held.isFull, now);
      this.#gifts.tick(this.#peers, now);
    }
    this.#fillAll(now);
    this.#dial(now);
  }

  /** After a suspend every deadline is past at once: the time that was lost does not count. */
  #forgiveSuspension(now: number): void {
    const lost = this.#tickedAt === undefined ? 0 : now - this.#tickedAt - TICK_MS;
    if (lost < SUSPENDED_MS) return;
    for (const peer of this.#peers.values()) {
      // It may have come only after the time that was lost.
      peer.heardAt = Math.min(now, peer.heardAt + lost);
      peer.requests.progressAt = Math.min(now, peer.requests.progressAt + lost);
    }
  }

  /** Silence and stalls of one peer. */
  #watch(peer: SwarmPeer, now: number): void {
    if (now - peer.heardAt > IDLE_MS) return this.#drop(peer, "it was silent for too long", now);
    if (now - peer.saidAt > KEEP_ALIVE_MS) {
      peer.saidAt = now;
      this.#send(peer, { type: "keep-alive" });
    }
    const { requests } = peer;
    if (requests.outstanding.size === 0 && requests.rejects === 0) return;
    const waiting = now - requests.progressAt;
    if (waiting > STALL_MS) return this.#drop(peer, "it was asked for blocks and sent none", now);
    if (waiting <= SNUB_MS || requests.snubbed) return;
    requests.snubbed = true;
    this.#requester.release(peer, false);
  }

  #send(peer: SwarmPeer, message: PeerMessage): void {
    this.#out.push({ type: "send", peer: peer.key, message });
  }
}
