// Transfer: one torrent at work: its swarm's commands carried out on its storage and its peers' sockets.
import { access } from "node:fs/promises";
import type { Dht } from "../discovery/dht/dht.ts";
import { Bitfield } from "../metainfo/bitfield.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { FileSelection } from "../metainfo/file-selection.ts";
import { PieceLayout } from "../metainfo/piece-layout.ts";
import { type InfoHashHex, type PeerId, toHex } from "../protocol/ids.ts";
import type { Handshake, PeerMessage } from "../protocol/peer/messages.ts";
import { StorageError, type StorageErrorCode } from "../storage/errors.ts";
import type { TorrentStorage } from "../storage/torrent-storage.ts";
import type { Address, BlockDigest, PeerKey, PeerSource, SwarmCommand, SwarmEvent, Upload } from "../swarm/events.ts";
import { Candidates } from "../swarm/candidates.ts";
import { RateMeter } from "../swarm/rate-meter.ts";
import { Swarm } from "../swarm/swarm.ts";
import type { GiftRefusal } from "../swarm/taking.ts";
import { Alarm } from "./alarm.ts";
import { BegunBlocks } from "./begun-blocks.ts";
import { Checks } from "./checks.ts";
import type { PeerSocket } from "./peer-socket.ts";
import type { WebSeed } from "./web-seed.ts";
import { RateHistory } from "./rate-history.ts";
import { TokenBucket } from "./token-bucket.ts";
import { addressText } from "./address-text.ts";
import { obfuscated } from "./encryption.ts";
import { DownloadSpell } from "./download-spell.ts";
import { TransferPeers } from "./transfer-peers.ts";
import { TransferDisk } from "./transfer-disk.ts";
import { Trouble } from "./trouble.ts";
import type { WireBuffers } from "./wire-buffers.ts";

/** What the user wants of a transfer. `hold`: gives what it has, takes gifts, asks for nothing. */
export type TransferMode = "download" | "hold" | "paused";

/** What happens in a transfer that others must know of. */
export type TransferEvent =
  | { readonly type: "piece-held"; readonly index: number }
  /** A check has ended; `lost` pieces were held before and are no more. */
  | { readonly type: "pieces-lost"; readonly lost: number }
  | { readonly type: "completed"; readonly seconds: number; readonly peers: number; readonly bytes: number }
  | { readonly type: "gift"; readonly direction: "given" | "received"; readonly index: number; readonly peer: string }
  | { readonly type: "problem"; readonly error: StorageError }
  /** Of interest to who looks into this transfer. */
  | { readonly type: "note"; readonly text: string }
  /** It began, went on or was paused. */
  | { readonly type: "mode-changed" }
  | { readonly type: "changed" };

export interface FileChoice {
  readonly selection: FileSelection;
  /** Pieces are fetched in their order. */
  readonly sequential: boolean;
}

export interface TransferOptions {
  readonly metainfo: Metainfo;
  readonly storage: TorrentStorage;
  readonly peerId: PeerId;
  /** `v` of our extended handshake. */
  readonly client: string;
  readonly listenPort: number;
  /** Limits of the whole engine. */
  readonly downLimit: TokenBucket;
  readonly upLimit: TokenBucket;
  readonly wireBuffers: WireBuffers;
  readonly giftRefusal: GiftRefusal;
  /** Our node of the DHT, as peers hear of it and tell of theirs; undefined: there is none for this torrent. */
  readonly dht: Pick<Dht, "port" | "heardOf"> | undefined;
  readonly dial: (transfer: Transfer, address: Address, source: PeerSource) => void;
  readonly ban: (address: Address) => void;
  readonly onEvent: (transfer: Transfer, event: TransferEvent) => void;
}

/** Faults that mean that the files are not what they were. */
const DATA_CHANGED: ReadonlySet<StorageErrorCode> = new Set(["truncated", "missing", "changed"]);

export class Transfer {
  readonly metainfo: Metainfo;
  readonly layout: PieceLayout;
  readonly storage: TorrentStorage;
  readonly infoHash: InfoHashHex;
  /** By what it is asked for in encrypted handshakes. */
  readonly obfuscated: Uint8Array;
  readonly down = new RateMeter();
  readonly up = new RateMeter();
  readonly history = new RateHistory();
  readonly downLimit: TokenBucket;
  readonly upLimit: TokenBucket;
  /** Pieces we gave to others since the engine began. */
  readonly given: Bitfield;
  /** Which files are wanted: `setFiles`, `choose`. */
  selection: FileSelection;
  /** Pieces are fetched in their order. */
  isSequential = false;
  swarm: Swarm;
  mode: TransferMode = "paused";
  /** Others download first: it asks for nothing, and gives what it has. */
  isQueued = false;
  /** It is not known yet whether what lies there is its own: it begins nothing, whatever it is told. */
  isHeldBack = false;
  /** Of what lies on the disk. */
  readonly checks: Checks;
  readonly #options: TransferOptions;
  readonly #peers: TransferPeers;
  readonly #candidates = new Candidates();
  readonly #disk: TransferDisk;
  readonly #begun: BegunBlocks;
  readonly #alarm = new Alarm(() => this.dispatch({ type: "tick" }));
  readonly #trouble = new Trouble({
    tell: (error) => this.#options.onEvent(this, { type: "problem", error }),
    retry: () => void this.setMode(this.mode),
  });
  #earlierWastedBytes = 0;
  readonly #spell = new DownloadSpell();
  #doing = "";
  /** The swarm was told what is wanted. */
  #isChoosy = false;
  #closed = false;
  /** Payload counts at the end of the last second. */
  #earlierDown = 0;
  #earlierUp = 0;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.metainfo = options.metainfo;
    this.storage = options.storage;
    this.infoHash = toHex(options.metainfo.infoHash);
    this.obfuscated = obfuscated(options.metainfo.infoHash);
    this.layout = new PieceLayout(options.metainfo);
    this.selection = new FileSelection(this.layout);
    this.#disk = new TransferDisk({
      storage: this.storage,
      layout: this.layout,
      isOnParole: (index) => this.swarm.isOnParole(index),
      settled: (index, ok, digestOf) => this.#pieceSettled(index, ok, digestOf),
      failed: (index, error) => void this.#pieceNotStored(index, error),
      fullChanged: (full) => this.#peers.setPaused(full),
    });
    this.#begun = new BegunBlocks({
      storage: this.storage,
      disk: this.#disk,
      isIdle: () => this.mode === "paused" || this.#closed,
      swarm: () => this.swarm,
      goOnWith: (begun) => this.#replaceSwarm(begun),
      note: (text) => this.note(text),
    });
    this.checks = new Checks({
      storage: this.storage,
      begun: () => {
        this.dispatch({ type: "set-active", download: false, upload: false });
        return this.#disk.atRest();
      },
      ended: (problem) => this.#goOnFromDisk(problem),
      progressed: () => this.#options.onEvent(this, { type: "changed" }),
    });
    this.given = Bitfield.empty(this.layout.pieceCount);
    this.downLimit = new TokenBucket(0, options.downLimit);
    this.upLimit = new TokenBucket(0, options.upLimit);
    this.#peers = new TransferPeers({
      upLimit: this.upLimit,
      wireBuffers: options.wireBuffers,
      take: (peer, maxBytes) => this.swarm.takeUploads(peer, maxBytes),
      read: (index, begin, into) => this.#disk.read(index, begin, into),
      sent: (peer, bytes) => this.#blockSent(peer, bytes),
      failed: (peer, uploads, error) => void this.#uploadFailed(peer, uploads, error),
      gotMessage: (peer, message) => this.#gotMessage(peer, message),
      left: (peer) => this.#peerLeft(peer),
    });
    this.swarm = this.#newSwarm();
  }

  /** What stopped it; it goes on by itself when the cause is gone. */
  get problem(): StorageError | undefined {
    return this.#trouble.error;
  }

  /** Is all held that is wanted? */
  get isDone(): boolean {
    return this.selection.isHeld(this.swarm.states.held);
  }

  get isComplete(): boolean {
    return this.swarm.states.held.isFull;
  }

  /** Does it ask for pieces, or would if anybody had them? */
  get isFetching(): boolean {
    if (this.problem || this.isQueued || this.checks.checkedPieces !== undefined) return false;
    return this.mode === "download" && !this.isDone;
  }

  get connectedPeers(): number {
    return this.#peers.size;
  }

  /** Of pieces that are not whole, in the state folder while nothing arrives. */
  get keptBytes(): number {
    return this.#begun.keptBytes;
  }

  /** Bytes that are held. */
  get heldBytes(): number {
    return this.layout.bytesIn(this.swarm.states.held);
  }

  /** Bytes of pieces that are arriving, or wait for their hash and the disk. */
  get pieceBytes(): number {
    const { downloading, verifying } = this.swarm.states;
    return (downloading.size + verifying.size) * this.layout.pieceLength;
  }

  /** Bytes that wait for peers to read them. */
  get socketBytes(): number {
    return this.#peers.waitingBytes;
  }

  /** Payload bytes that were received and of no use. */
  get wastedBytes(): number {
    return this.#earlierWastedBytes + this.swarm.wastedBytes;
  }

  /** Address of a connected peer. */
  addressOf(key: PeerKey): Address | undefined {
    return this.#peers.addressOf(key);
  }

  /** Begins, goes on or pauses. What the journal could not vouch for is hashed first. */
  async setMode(mode: TransferMode): Promise<void> {
    this.mode = mode;
    if (this.#closed) return;
    if (mode !== "paused" && !this.storage.suspect.isEmpty) await this.checks.ofSuspects();
    else await this.#begin();
  }

  /**
   * Which files are wanted, and whether in their order: `choice` is asked when it is its turn, for others may come before it. `remember`
   * keeps it, and which of the other files lie in the part file. Rejects with StorageError, and as these two do: all is then as before.
   */
  async setFiles(
    choice: () => FileChoice,
    remember: (choice: FileChoice, setAside: readonly number[]) => Promise<void>,
  ): Promise<void> {
    await this.checks.over();
    if (this.#closed) return;
    await this.#disk.alone(async () => {
      const chosen = choice();
      await this.storage.leaveOut(chosen.selection.leftOut, (setAside) => remember(chosen, setAside));
      this.choose(chosen);
    });
    await this.setMode(this.mode);
  }

  /** What is asked for from now on; the storage knows of it. */
  choose({ selection, sequential }: FileChoice): void {
    this.selection = selection;
    this.isSequential = sequential;
    this.#tellWanted();
  }

  /** Lets it wait for its turn, or go on. */
  setQueued(queued: boolean): void {
    if (queued === this.isQueued) return;
    this.isQueued = queued;
    this.#activate();
  }

  /** A second is over: notes what moved in it. */
  endSecond(): { down: number; up: number } {
    const down = this.down.totalBytes - this.#earlierDown;
    const up = this.up.totalBytes - this.#earlierUp;
    this.#earlierDown += down;
    this.#earlierUp += up;
    this.history.endSecond(down, up, this.isFetching);
    return { down, up };
  }

  /** Takes over a socket whose handshake named this torrent. */
  attach(socket: PeerSocket, handshake: Handshake, source: PeerSource, address: Address = socket.address): void {
    if (this.#closed) return socket.close("the transfer has ended");
    socket.connection.bind(this.layout.pieceCount);
    socket.brake.limit = this.downLimit;
    if (source === "incoming") socket.send(this.handshake());
    const key = this.#peers.add(socket);
    const { peerId, fast, extended } = handshake;
    const ip = socket.address.host;
    this.dispatch({ type: "peer-connected", peer: key, peerId, address, ip, source, fast, extended });
    if (!this.swarm.peers.has(key)) return;
    this.note(`${addressText(address)} has come (${source})`);
    const port = this.#options.dht?.port ?? 0;
    if (handshake.dht && port > 0) this.#peers.send(key, { type: "port", port });
  }

  /** Takes in a web server as a peer that has pieces and wants none. */
  attachWebSeed(seed: WebSeed): void {
    if (this.#closed) return seed.close("the transfer has ended");
    const { address, peerId } = seed;
    seed.brake.limit = this.downLimit;
    const peer = this.#peers.addGiver(seed);
    this.dispatch({ type: "peer-connected", peer, peerId, address, source: "web", fast: true, extended: true });
    if (this.swarm.peers.has(peer)) seed.greet();
  }

  /** Our handshake for this torrent. */
  handshake(): Handshake {
    return {
      type: "handshake",
      infoHash: this.metainfo.infoHash,
      peerId: this.#options.peerId,
      fast: true,
      extended: true,
      dht: (this.#options.dht?.port ?? 0) > 0,
    };
  }

  /** Tells the swarm what happened and does what it says. */
  dispatch(event: SwarmEvent): void {
    this.#dispatch(event, performance.now());
    this.#setAlarm();
  }

  #setAlarm(): void {
    if (!this.#closed) this.#alarm.set(this.swarm.nextTick());
  }

  #dispatch(event: SwarmEvent, now: number): void {
    if (this.#closed) return;
    for (const command of this.swarm.handle(event, now)) this.#execute(command);
  }

  /** Ends all connections, waits for pieces that are being written, and saves. Throws StorageError. */
  async close(): Promise<void> {
    await this.#end();
    await this.storage.close();
  }

  /** Ends it and removes its files. Throws StorageError. */
  async removeData(): Promise<void> {
    await this.#end();
    await this.storage.removeData();
  }

  async #end(): Promise<void> {
    this.dispatch({ type: "set-active", download: false, upload: false });
    this.#closed = true;
    const checked = this.checks.close();
    this.#alarm.clear();
    this.#trouble.close();
    this.#peers.closeAll("the transfer ends");
    await checked;
    await this.#disk.atRest();
    await this.#begun.move();
  }

  /** A download needs room for what it lacks; then it begins. */
  async #begin(): Promise<void> {
    if (this.mode === "paused") {
      this.#activate();
      return void this.#begun.move();
    }
    await this.#begun.move();
    if (this.mode === "download" && !this.problem && !this.isDone) {
      try {
        await this.storage.requireSpace();
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        return this.stopFor(error);
      }
    }
    this.#activate();
  }

  #tellWanted(): void {
    if (this.selection.leftOut.size === 0 && this.selection.filesThatAre("high").length === 0 && !this.isSequential) {
      if (!this.#isChoosy) return;
    }
    this.#isChoosy = true;
    this.dispatch({ type: "set-wanted", priorities: this.selection.piecePriorities(), sequential: this.isSequential });
  }

  /** What is held was found out anew. */
  async #goOnFromDisk(problem: StorageError | undefined): Promise<void> {
    if (problem) this.#trouble.begin(problem);
    else this.#trouble.forget();
    const lost = Math.max(0, this.swarm.states.held.count - this.storage.held.count);
    this.#replaceSwarm(this.swarm.begun);
    // Who had nothing for us has something now.
    if (lost > 0) this.#candidates.hungry();
    await this.#begin();
    this.#options.onEvent(this, { type: "pieces-lost", lost });
  }

  /** Another swarm, of what is held now, goes on with those of these pieces that are not. */
  #replaceSwarm(begun: Swarm["begun"]): void {
    const missing = begun.filter(({ index }) => !this.storage.held.get(index));
    const kept = new Set(missing.map(({ index }) => index));
    for (const index of [...this.swarm.states.downloading.keys(), ...begun.map((piece) => piece.index)]) {
      if (!kept.has(index)) this.#disk.discard(index);
    }
    this.#earlierWastedBytes += this.swarm.wastedBytes;
    this.swarm = this.#newSwarm(missing);
    this.#tellWanted();
  }

  #newSwarm(begun: Swarm["begun"] = []): Swarm {
    return new Swarm({
      begun,
      layout: this.layout,
      infoHash: this.metainfo.infoHash,
      info: this.metainfo.private ? undefined : this.metainfo.infoBytes,
      held: this.storage.held.clone(),
      peerId: this.#options.peerId,
      client: this.#options.client,
      listenPort: this.#options.listenPort,
      private: this.metainfo.private,
      // What the disk does not take now is no gift.
      giftRefusal: (bytes) => (this.problem ? "unwanted" : this.#options.giftRefusal(bytes)),
      isRead: (peer) => this.#peers.isRead(peer),
      random: Math.random,
      candidates: this.#candidates,
      campaign: this.swarm?.campaign,
    });
  }

  #activate(): void {
    if (this.#closed || this.isHeldBack || this.checks.checkedPieces !== undefined) return;
    if (this.mode !== "paused" && !this.#begun.areHere) return;
    const download = this.mode === "download" && !this.problem && !this.isQueued;
    const upload = this.mode !== "paused" && !(this.isQueued && this.storage.held.isEmpty);
    if (download && !this.isDone) this.#spell.begin(this.heldBytes, performance.now());
    this.dispatch({ type: "set-active", download, upload });
    this.#tellDoing(download, upload);
    this.#options.onEvent(this, { type: "mode-changed" });
  }

  /** What it does now, for its log, when that is something else than before. */
  #tellDoing(download: boolean, upload: boolean): void {
    const asks = download && !this.isDone ? "asks for pieces" : "shares what it has";
    const doing = this.isQueued ? "waits for its turn" : upload ? asks : "is paused";
    if (doing === this.#doing) return;
    this.#doing = doing;
    this.note(doing);
  }

  /** Says in its log what happened. */
  note(text: string): void {
    this.#options.onEvent(this, { type: "note", text });
  }

  #gotMessage(key: PeerKey, message: PeerMessage): void {
    const now = performance.now();
    if (message.type === "piece") this.down.add(message.data.length, now);
    else if (message.type === "sta-push" && message.message.type === "block") {
      this.down.add(message.message.data.length, now);
    } else if (message.type === "port")
      this.#options.dht?.heardOf({ ...this.#peers.addressOf(key)!, port: message.port });
    this.#dispatch({ type: "message", peer: key, message }, now);
    // Blocks and requests for them, by far the most, make nothing due that was not before.
    if (message.type !== "piece" && message.type !== "request") this.#setAlarm();
  }

  #execute(command: SwarmCommand): void {
    switch (command.type) {
      case "send":
        this.#peers.send(command.peer, command.message);
        return;
      case "store-block":
        this.#disk.store(command.index, command.begin, command.data);
        return;
      case "verify-piece":
        this.#disk.settle(command.index);
        return;
      case "discard-piece":
        this.#disk.discard(command.index);
        return;
      case "uploads-waiting":
        this.#peers.serve(command.peer);
        return;
      case "give-piece":
        this.#peers.give(command.peer, command.index, this.layout.pieceLengthAt(command.index));
        return;
      case "take-back-piece":
        this.#peers.takeBack(command.peer, command.index);
        return;
      case "disconnect":
        this.#disconnect(command.peer, command.reason);
        return;
      case "ban":
        this.#ban(command.address, command.reason);
        return;
      case "dial":
        this.#options.dial(this, command.address, command.source);
        return;
      case "completed":
        this.#completed();
        return;
      case "gift":
        this.#gift(command.direction, command.peer, command.index);
        return;
      default:
        command satisfies never;
    }
  }

  #pieceSettled(index: number, ok: boolean, digestOf: BlockDigest | undefined): void {
    if (ok) {
      this.#noteSources(index);
      this.#trouble.worked();
    }
    this.dispatch({ type: "piece-verified", index, ok, ...(digestOf && { digestOf }) });
    if (ok) this.#options.onEvent(this, { type: "piece-held", index });
  }

  async #pieceNotStored(index: number, error: StorageError): Promise<void> {
    this.dispatch({ type: "piece-not-stored", index });
    if (DATA_CHANGED.has(error.code) && (await this.#isThere())) await this.checks.ofSuspects();
    else this.stopFor(error);
  }

  #noteSources(index: number): void {
    for (const key of this.swarm.states.verifying.get(index)?.contributors ?? []) {
      const peer = this.swarm.peers.get(key);
      if (peer) this.#spell.gotFrom(toHex(peer.connected.peerId));
    }
  }

  /** The disk does not take or give data: asks for nothing more, serves what it can, and tries again after a while. */
  stopFor(error: StorageError): void {
    this.#trouble.begin(error);
    this.#activate();
    if (this.#closed) this.#trouble.close();
  }

  /** A person says that it should try again: `setMode` does, and what is still wrong is told again. */
  forgetProblem(): void {
    this.#trouble.forget();
  }

  /** What was asked for could not be read: those pieces are hashed again, and nothing unverified goes out. */
  async #uploadFailed(peer: PeerKey, uploads: readonly Upload[], error: unknown): Promise<void> {
    if (!(error instanceof StorageError)) throw error;
    if (this.#closed || this.checks.checkedPieces !== undefined) return;
    if (uploads.length > 0) this.dispatch({ type: "uploads-failed", peer, uploads });
    if (DATA_CHANGED.has(error.code) && (await this.#isThere())) await this.checks.ofSuspects();
    else if (uploads.length > 0) this.stopFor(error);
  }

  /** Data that is gone altogether is an unmounted disk: nothing is taken for lost, and nothing made in its place. */
  async #isThere(): Promise<boolean> {
    return access(this.storage.path).then(
      () => true,
      () => false,
    );
  }

  #completed(): void {
    this.#disk.dropSpare();
    this.down.rest();
    const spell = this.#spell.end(this.heldBytes, performance.now());
    if (spell) this.#options.onEvent(this, { type: "completed", ...spell });
  }

  #gift(direction: "given" | "received", key: PeerKey, index: number): void {
    const address = this.addressOf(key);
    if (direction === "given") this.given.set(index);
    const peer = address ? addressText(address) : "a peer that left";
    this.#options.onEvent(this, { type: "gift", direction, index, peer });
  }

  #blockSent(key: PeerKey, bytes: number): void {
    this.up.add(bytes, performance.now());
    this.dispatch({ type: "block-sent", peer: key, bytes });
  }

  #disconnect(key: PeerKey, reason: string): void {
    const address = this.addressOf(key);
    if (!address) return;
    this.note(`${addressText(address)} was let go: ${reason}`);
    this.#peers.close(key, reason);
  }

  #ban(address: Address, reason: string): void {
    this.#options.ban(address);
    this.note(`${addressText(address)} was banned: ${reason}`);
  }

  #peerLeft(key: PeerKey): void {
    this.dispatch({ type: "peer-left", peer: key });
    if (this.#peers.size === 0) {
      this.#disk.dropSpare();
      for (const meter of [this.down, this.up]) meter.rest();
    }
    this.#options.onEvent(this, { type: "changed" });
  }
}
