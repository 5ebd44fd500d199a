// Engine: sockets, disk and state of one user, put together. It makes no decision about pieces or peers.
import { randomBytes } from "node:crypto";
import type {
  BroadcastRow,
  Command,
  Doctor as DoctorReport,
  EngineClient,
  EngineEvent,
  EngineEvents,
  EngineStatus,
  Reply,
  Snapshot,
} from "../control/contract.ts";
import { localAddressOf } from "../discovery/local-address.ts";
import { displayText } from "../protocol/display-text.ts";
import { type InfoHashHex, type PeerId, toHex, toPeerId } from "../protocol/ids.ts";
import { StorageError } from "../storage/errors.ts";
import { freeBytes } from "../storage/free-space.ts";
import { StateFolder } from "../storage/state-folder.ts";
import { TransferStore } from "../storage/transfer-store.ts";
import { speakSoon } from "../swarm/patience.ts";
import { Bans } from "./bans.ts";
import { alertsOf, troublesOf } from "./complaints.ts";
import { Connections } from "./connections.ts";
import { GiftTaker } from "./gift-taker.ts";
import type { EngineOptions } from "./engine-options.ts";
import { Housekeeping } from "./housekeeping.ts";
import { STOP_MS } from "./limits.ts";
import { MetainfoSearch } from "./metainfo-search.ts";
import { News } from "./news.ts";
import { PeerFinder } from "./peer-finder.ts";
import type { Found } from "./reply.ts";
import { applyQueue } from "./download-queue.ts";
import { descriptorBudget, descriptorLimit } from "./descriptors.ts";
import { Doctor } from "./doctor.ts";
import { entryRow } from "./entry-row.ts";
import { runCommand } from "./run-command.ts";
import { Snapshotter } from "./snapshotter.ts";
import { Surroundings } from "./surroundings.ts";
import { TokenBucket } from "./token-bucket.ts";
import { type TrackerAddress, trackerText } from "./tracker-address.ts";
import { TrackerLinks } from "./tracker-links.ts";
import { activeMode, type Entry, TransferBook } from "./transfer-book.ts";
import { Transfer } from "./transfer.ts";
import { WatchedFolder } from "./watched-folder.ts";
import { WireBuffers } from "./wire-buffers.ts";

export class Engine implements EngineClient, EngineEvents {
  readonly peerId: PeerId;
  readonly downLimit: TokenBucket;
  readonly upLimit: TokenBucket;
  /** Transfers that download at once; 0: no limit. */
  activeDownloads: number;
  /** When a new transfer stops seeding; null: it does not. */
  ratioLimit: number | null;
  seedSecondsLimit: number | null;
  /** A person said that there is no tracker. */
  trackerless: boolean;
  readonly #ending = new AbortController();
  readonly options: EngineOptions;
  readonly book: TransferBook;
  readonly links: TrackerLinks;
  readonly #state: StateFolder;
  readonly #bans: Bans;
  readonly #connections: Connections;
  readonly #finder: PeerFinder;
  readonly #wireBuffers = new WireBuffers();
  readonly metainfoSearch: MetainfoSearch;
  readonly surroundings: Surroundings;
  /** Undefined: none is watched. */
  readonly #watched: WatchedFolder | undefined;
  readonly inspected = new Map<InfoHashHex, Found>();
  readonly #snapshotter: Snapshotter;
  readonly #gifts: GiftTaker;
  readonly #news: News;
  readonly #housekeeping: Housekeeping;
  readonly #doctor = new Doctor();
  /** Peers for whom there are descriptors. */
  readonly maxPeers: number;
  /** Of the disk of the folder; undefined while that is not known. */
  freeBytes: number | undefined;
  /** Until what is to be remembered is written. */
  #remembering: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  private constructor(options: EngineOptions, state: StateFolder, store: TransferStore) {
    this.options = options;
    this.#state = state;
    this.#news = new News(() => ({
      book: this.book,
      links: this.links,
      finder: this.#finder,
      snapshotter: this.#snapshotter,
      queueChanged: () => this.queueChanged(),
      answered: (tracker) => this.#remember(tracker),
      port: this.port,
    }));
    if (options.onEvent) this.#news.onEvent(options.onEvent);
    this.#bans = new Bans({
      path: state.resolve("bans"),
      now: Date.now,
      onProblem: (text) => this.report("problem", text),
    });
    this.peerId = toPeerId(Buffer.concat([Buffer.from(clientPrefix(options.version)), randomBytes(12)]));
    this.downLimit = new TokenBucket(options.downLimit);
    this.upLimit = new TokenBucket(options.upLimit);
    this.activeDownloads = options.activeDownloads;
    this.ratioLimit = options.ratioLimit;
    this.seedSecondsLimit = options.seedSecondsLimit;
    const budget = descriptorBudget(descriptorLimit());
    this.maxPeers = budget.peers;
    this.trackerless = options.trackerless ?? false;
    this.#connections = new Connections({
      maxPeers: budget.peers,
      host: options.host,
      downLimit: this.downLimit,
      count: () => this.#connectedPeers(),
      bans: this.#bans,
      transferOf: (infoHash) => this.book.get(infoHash)?.transfer,
      infoHashOf: (hash) => this.book.infoHashOf(hash),
      takes: (socket, handshake) => this.metainfoSearch.take(socket, handshake),
      gotStranger: (infoHash) => void this.#gifts.offered(infoHash),
    });
    this.surroundings = new Surroundings({
      options,
      port: () => this.port,
      dhtFile: state.resolve("dht"),
      tell: (kind, text) => this.report(kind, text),
      forwardingChanged: (forwards) => {
        // What trackers found before the router forwarded it is not known any more.
        if (forwards) this.links.doubtReach();
        this.#snapshotter.changed();
      },
    });
    const { dht, lan } = this.surroundings;
    this.#watched =
      options.watchedFolder === undefined
        ? undefined
        : new WatchedFolder({
            folder: options.watchedFolder,
            isData: (path) => [...this.book.entries.values()].some(({ transfer }) => transfer.storage.path === path),
            download: (target) => this.send({ method: "download", target }),
            tell: (kind, text) => this.report(kind, text),
          });
    const localAddress = localAddressOf(options.host);
    this.metainfoSearch = new MetainfoSearch({
      localAddress,
      connections: this.#connections,
      dht,
      lan,
      peerId: this.peerId,
      client: `sta ${options.version}`,
    });
    this.links = new TrackerLinks({
      peerId: this.peerId,
      listenPort: () => this.port,
      agent: `sta ${options.version}`,
      token: options.token,
      localAddress,
      onEvent: (event, tracker) => this.#news.gotChannelEvent(event, tracker),
    });
    this.book = new TransferBook({
      openFiles: budget.files,
      store,
      keptFreeBytes: options.keptFreeBytes,
      allocation: options.allocation,
      newTransfer: (metainfo, storage) => this.#newTransfer(metainfo, storage),
      onProblem: (text) => this.report("problem", text),
      queueChanged: () => this.queueChanged(),
    });
    this.#gifts = new GiftTaker(this);
    const { peerId, links, book } = this;
    this.#finder = new PeerFinder({
      peerId,
      links,
      book,
      dht,
      lan,
      listenPort: () => this.port,
      localAddress,
      hasRoomFor: (transfer) => this.#connections.hasRoomFor(transfer),
      changed: () => this.#snapshotter.changed(),
    });
    this.#snapshotter = new Snapshotter({
      engine: (now) => this.#status(now),
      transfers: (now) => Array.from(book.entries.values(), (entry) => entryRow(entry, now)),
      links: this.links,
      book: this.book,
      log: this.#news.log,
    });
    this.#housekeeping = new Housekeeping({
      book,
      finder: this.#finder,
      news: this.#news,
      doctor: this.#doctor,
      health: () => this.doctor(),
      queueChanged: () => this.queueChanged(),
      secondEnded: (moved) => {
        this.surroundings.forwardPorts(
          Array.from(book.entries.values()).some(({ transfer }) => transfer.mode !== "paused"),
        );
        // A tracker that is away is counted down for.
        if (moved || links.isWaiting) this.#snapshotter.changed();
      },
      lookAtDisk: () => void this.#lookAtDisk(),
      bringBack: () => void this.book.openMissing().then((entries) => this.#beginAll(entries)),
      woke: () => {
        for (const { transfer, webSeeds } of book.entries.values()) {
          speakSoon(transfer.swarm.peers.values());
          webSeeds?.woke();
        }
        links.ping();
        this.surroundings.woke();
      },
    });
  }

  /**
   * Takes the state folder, listens, brings back the transfers and connects to the trackers.
   * Throws StateInUseError when another engine owns the folder, StorageError, or the system's error when no port can be had.
   */
  static async start(options: EngineOptions): Promise<Engine> {
    const state = await StateFolder.open(options.home);
    try {
      const engine = new Engine(options, state, await TransferStore.open(state));
      await engine.#start().catch(async (error: unknown) => {
        await engine.close();
        throw error;
      });
      return engine;
    } catch (error) {
      await state.close();
      throw error;
    }
  }

  /** Ends what takes long, such as hashing a file to be shared, when the engine stops. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** The TCP port that takes peers; 0 until it does. */
  get port(): number {
    return this.#connections.port;
  }

  getSnapshot(): Snapshot {
    return this.#snapshotter.get();
  }

  subscribe(listener: () => void): () => void {
    return this.#snapshotter.subscribe(listener);
  }

  /** Hears what happens; returns the way to stop. */
  onEvent(listener: (event: EngineEvent) => void): () => void {
    return this.#news.onEvent(listener);
  }

  async send(command: Command): Promise<Reply> {
    if (this.#stopping) return { ok: false, code: "engine-gone", text: displayText("The engine is stopping.") };
    const reply = await runCommand(this, command);
    this.#snapshotter.catalogueChanged();
    // Whoever asked looks at once: what was done is there to be seen.
    if (command.method !== "complete-path") this.#snapshotter.flush();
    return reply;
  }

  /** Saves everything, tells the trackers, and lets go of the state folder; at most about 5 s. */
  close(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** One more line for the Broadcasts pane and for whoever listens. */
  report(kind: BroadcastRow["kind"], text: string): void {
    this.#news.report(kind, text);
  }

  /**
   * Begins the work of a transfer: peers are looked for, and the trackers hear what we hold. Resolves with a sentence for
   * each tracker that did not take its metainfo.
   */
  async begin(entry: Entry): Promise<readonly string[]> {
    const { transfer } = entry;
    const { metainfo, infoHash } = transfer;
    if (!this.#isHere(entry)) return [];
    const publishes = entry.settings.published && !metainfo.private;
    // A tracker that takes its time keeps nobody from getting it by another way.
    const publishing = publishes ? this.links.publish(infoHash, metainfo.bytes) : [];
    this.#finder.announce(entry);
    this.queueChanged();
    await transfer.setMode(entry.settings.paused ? "paused" : activeMode(entry.settings));
    if (this.#isHere(entry)) this.#news.tellSeeding(transfer);
    const refusals = await publishing;
    for (const refusal of refusals) this.report("problem", `${metainfo.name}: ${refusal}`);
    if (this.#isHere(entry)) await this.findHolders(transfer);
    return refusals;
  }

  /** Neither removed nor ending, as it may be after anything was awaited. */
  #isHere(entry: Entry): boolean {
    return !this.#stopping && this.book.of(entry.transfer) === entry;
  }

  /** Asks the trackers who holds a torrent and hands the answers to its swarm. */
  findHolders(transfer: Transfer): Promise<void> {
    return this.#finder.findHolders(transfer);
  }

  /** Asks everybody for its peers, sooner than it is due. */
  reannounce(entry: Entry): void {
    this.#finder.askAgain(entry);
  }

  /** Downloads may have to wait, or need not any more. */
  queueChanged(): void {
    if (applyQueue(this.book.entries.values(), this.activeDownloads, performance.now())) this.#snapshotter.changed();
  }

  /** How the engine does, in figures. */
  doctor(): DoctorReport {
    const { transfers, pieceBytes, socketBytes } = this.book.figures();
    return this.#doctor.report(
      {
        version: this.options.version,
        port: this.port,
        peers: this.#connectedPeers(),
        dialing: this.#connections.dialing,
        transfers,
        pieceBytes,
        socketBytes,
        ...this.surroundings.figures(),
      },
      [...alertsOf(this), ...troublesOf(this)],
    );
  }

  /** Connects to one more tracker; false when it is known already. */
  addTracker(address: TrackerAddress): boolean {
    const added = this.links.add(address);
    this.#snapshotter.changed();
    return added;
  }

  async #start(): Promise<void> {
    await this.#bans.load();
    await this.#connections.open(this.options.port);
    for (const address of this.options.trackers) this.links.add(address);
    this.#beginAll(await this.book.load());
    await this.#lookAtDisk();
    this.#housekeeping.start();
    this.#watched?.start();
  }

  #beginAll(entries: readonly Entry[]): void {
    for (const entry of entries) void this.begin(entry);
  }

  async #stop(): Promise<void> {
    this.#ending.abort();
    this.#housekeeping.stop();
    this.#doctor.close();
    const { links } = this;
    const goodbye = Promise.all([
      links.close(),
      this.#connections.close(),
      this.surroundings.close(),
      // What it adds may be data that is hashed, which ends with the book; its folder may lie on a machine that does not answer.
      this.#watched?.close(),
    ]);
    await this.book.close();
    await Promise.race([goodbye, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    this.#snapshotter.close();
    await this.#remembering;
    await this.#bans.close();
    await this.#state.close();
  }

  #newTransfer(metainfo: Transfer["metainfo"], storage: Transfer["storage"]): Transfer {
    return new Transfer({
      metainfo,
      storage,
      peerId: this.peerId,
      client: `sta ${this.options.version}`,
      listenPort: this.port,
      downLimit: this.downLimit,
      upLimit: this.upLimit,
      wireBuffers: this.#wireBuffers,
      giftRefusal: (bytes) => this.#gifts.refusalOf(toHex(metainfo.infoHash), bytes),
      dht: metainfo.private ? undefined : this.surroundings.dht,
      dial: (transfer, address, source) => this.#connections.dial(transfer, address, source),
      ban: (address) => this.#bans.add(address),
      onEvent: (transfer, event) => this.#news.gotTransferEvent(transfer, event),
    });
  }

  /** A tracker that has answered is one: the next start knows it. */
  #remember(tracker: TrackerAddress): void {
    const writing = this.options.rememberTracker?.(tracker, true).catch((error: unknown) => {
      if (!(error instanceof StorageError)) throw error;
      this.report("problem", `The next start will not know the tracker ${trackerText(tracker)}: ${error.message}`);
    });
    this.#remembering = Promise.all([this.#remembering, writing]);
  }

  #connectedPeers(): number {
    let connected = 0;
    for (const { transfer } of this.book.entries.values()) connected += transfer.connectedPeers;
    return connected;
  }

  async #lookAtDisk(): Promise<void> {
    const free = await freeBytes(this.options.folder);
    if (free === this.freeBytes) return;
    this.freeBytes = free;
    this.#snapshotter.changed();
  }

  #status(now: number): EngineStatus {
    const { forwarding } = this.surroundings;
    let downBytesPerSecond = 0;
    let upBytesPerSecond = 0;
    for (const { transfer } of this.book.entries.values()) {
      downBytesPerSecond += transfer.down.bytesPerSecond(now);
      upBytesPerSecond += transfer.up.bytesPerSecond(now);
    }
    return {
      state: this.#stopping ? "stopping" : "running",
      version: this.options.version,
      pid: process.pid,
      peerId: toHex(this.peerId),
      port: this.port,
      forwarding: forwarding === undefined ? null : displayText(forwarding),
      folder: displayText(this.options.folder),
      freeBytes: this.freeBytes ?? null,
      connectedPeers: this.#connectedPeers(),
      downBytesPerSecond: Math.round(downBytesPerSecond),
      upBytesPerSecond: Math.round(upBytesPerSecond),
      downHistory: this.#housekeeping.history.down,
      upHistory: this.#housekeeping.history.up,
      downLimitBytesPerSecond: this.downLimit.bytesPerSecond,
      upLimitBytesPerSecond: this.upLimit.bytesPerSecond,
      activeDownloads: this.activeDownloads,
      ratioLimit: this.ratioLimit,
      seedSecondsLimit: this.seedSecondsLimit,
      trackerless: this.trackerless,
      alerts: alertsOf(this),
    };
  }
}

/** `-SA0100-` for 0.1.0: the first 8 bytes of our peer ids (BEP 20). `ST` is SymTorrent in the lists of other clients, `SA` is nobody. */
function clientPrefix(version: string): string {
  const [major = 0, minor = 0, patch = 0] = version
    .split(".")
    .map((part) => Math.min(9, Number.parseInt(part, 10) || 0));
  return `-SA${major}${minor}${patch}0-`;
}
