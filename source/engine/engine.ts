// Engine: sockets, disk and state of one user, put together. It makes no decision about pieces or peers.
import { randomBytes } from "node:crypto";
import type {
  Command,
  Doctor as DoctorReport,
  EngineClient,
  EngineEvent,
  EngineEvents,
  EngineStatus,
  Reply,
  Snapshot,
} from "../control/contract.ts";
import type { ChannelEvent } from "../discovery/swarm-channel.ts";
import { displayText, type DisplayText } from "../protocol/display-text.ts";
import { type PeerId, toHex, toPeerId } from "../protocol/ids.ts";
import type { Allocation } from "../storage/allocate.ts";
import { StorageError } from "../storage/errors.ts";
import { freeBytes } from "../storage/free-space.ts";
import { StateFolder } from "../storage/state-folder.ts";
import { TransferStore } from "../storage/transfer-store.ts";
import type { Address } from "../swarm/events.ts";
import { BroadcastLog } from "./broadcast-log.ts";
import { Bans } from "./bans.ts";
import { Connections } from "./connections.ts";
import { GiftTaker, type PushPolicy } from "./gift-taker.ts";
import { HEALTH_MINUTES, HOLDERS_MS, LATE_LOOP_MS, LOW_SPACE_BYTES, SAVE_MS, STOP_MS } from "./limits.ts";
import { MetainfoSearch } from "./metainfo-search.ts";
import { PeerFinder } from "./peer-finder.ts";
import { applyQueue } from "./download-queue.ts";
import { Doctor } from "./doctor.ts";
import { seedLimitReached } from "./seed-limit.ts";
import { logLine } from "./transfer-log.ts";
import { RateHistory } from "./rate-history.ts";
import { addressText } from "./address-text.ts";
import { runCommand } from "./run-command.ts";
import { Snapshotter } from "./snapshotter.ts";
import { TokenBucket } from "./token-bucket.ts";
import { TrackerLinks } from "./tracker-links.ts";
import { activeMode, type Entry, TransferBook } from "./transfer-book.ts";
import { Transfer, type TransferEvent } from "./transfer.ts";
import { bytesText, transferSummary } from "./transfer-summary.ts";
import { WireBuffers } from "./wire-buffers.ts";

export interface EngineOptions {
  readonly version: string;
  /** The state folder; one engine at a time owns it. */
  readonly home: string;
  /** Where downloads go. */
  readonly folder: string;
  /** TCP port for peers, or the next free one; 0: any. */
  readonly port: number;
  /** Address to listen on; undefined: all. */
  readonly host: string | undefined;
  readonly trackers: readonly Address[];
  /** Shared secret for the trackers. */
  readonly token: string | undefined;
  /** Bytes a second; 0: no limit. */
  readonly downLimit: number;
  readonly upLimit: number;
  /** Which gifts are taken (sta_push). */
  readonly acceptPushes: PushPolicy;
  /** Bytes of pieces taken as gifts of torrents the user never asked for; 1 GiB unless said. */
  readonly giftQuotaBytes?: number | undefined;
  /** Bytes of each disk that downloads leave free; 100 MB unless said. */
  readonly keptFreeBytes?: number | undefined;
  /** Whether files take all their room before their first piece; `sparse` unless said. */
  readonly allocation?: Allocation | undefined;
  /** Transfers that download at once; 0: no limit. */
  readonly activeDownloads: number;
  /** When a new transfer stops seeding; null: it does not. */
  readonly ratioLimit: number | null;
  readonly seedSecondsLimit: number | null;
  /** Keeps a tracker that a command named for the next start, or forgets it. Rejects with StorageError. */
  readonly rememberTracker?: (address: Address, wanted: boolean) => Promise<void>;
  /** Somebody asked the engine to stop. */
  readonly onStop: () => void;
  /** Hears also what happens while the engine starts. */
  readonly onEvent?: (event: EngineEvent) => void;
}

export class Engine implements EngineClient, EngineEvents {
  readonly peerId: PeerId;
  readonly downLimit: TokenBucket;
  readonly upLimit: TokenBucket;
  readonly log = new BroadcastLog();
  /** Transfers that download at once; 0: no limit. */
  activeDownloads: number;
  readonly #ending = new AbortController();
  readonly options: EngineOptions;
  readonly book: TransferBook;
  readonly links: TrackerLinks;
  readonly #state: StateFolder;
  readonly #bans: Bans;
  readonly #connections: Connections;
  readonly #finder: PeerFinder;
  readonly #history = new RateHistory();
  readonly #wireBuffers = new WireBuffers();
  readonly metainfoSearch: MetainfoSearch;
  readonly #snapshotter: Snapshotter;
  readonly #gifts: GiftTaker;
  readonly #eventListeners = new Set<(event: EngineEvent) => void>();
  readonly #doctor = new Doctor();
  /** Minutes since it began. */
  #minutes = 0;
  readonly #timers: NodeJS.Timeout[] = [];
  #freeBytes: number | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(options: EngineOptions, state: StateFolder, store: TransferStore) {
    this.options = options;
    this.#state = state;
    this.#bans = new Bans({
      path: state.resolve("bans"),
      now: Date.now,
      onProblem: (text) => this.report("problem", text),
    });
    this.peerId = toPeerId(Buffer.concat([Buffer.from(clientPrefix(options.version)), randomBytes(12)]));
    this.downLimit = new TokenBucket(options.downLimit);
    this.upLimit = new TokenBucket(options.upLimit);
    this.activeDownloads = options.activeDownloads;
    this.#connections = new Connections({
      host: options.host,
      downLimit: this.downLimit,
      count: () => this.#connectedPeers(),
      bans: this.#bans,
      transferOf: (infoHash) => this.book.get(infoHash)?.transfer,
      gotStranger: (infoHash) => void this.#gifts.offered(infoHash),
    });
    this.metainfoSearch = new MetainfoSearch({
      connections: this.#connections,
      peerId: this.peerId,
      client: `sta ${options.version}`,
    });
    this.links = new TrackerLinks({
      peerId: this.peerId,
      listenPort: () => this.port,
      agent: `sta ${options.version}`,
      token: options.token,
      onEvent: (event, tracker) => this.#gotChannelEvent(event, tracker),
    });
    this.book = new TransferBook({
      store,
      keptFreeBytes: options.keptFreeBytes,
      allocation: options.allocation,
      newTransfer: (metainfo, storage) => this.#newTransfer(metainfo, storage),
      onProblem: (text) => this.report("problem", text),
    });
    if (options.onEvent) this.#eventListeners.add(options.onEvent);
    this.#gifts = new GiftTaker(this);
    const { peerId, links, book } = this;
    this.#finder = new PeerFinder({ peerId, links, book, listenPort: () => this.port });
    this.#snapshotter = new Snapshotter({
      engine: (now) => this.#status(now),
      links: this.links,
      book: this.book,
      log: this.log,
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
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
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
  report(
    kind: "notice" | "problem" | "available" | "unavailable" | "given" | "received" | "finished",
    text: string,
  ): void {
    const row = this.log.add(kind, text, Date.now());
    this.#snapshotter.changed();
    this.emit(kind === "problem" ? { event: "problem", text: row.text } : { event: "broadcast", kind, text: row.text });
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#eventListeners) listener(event);
  }

  /**
   * Begins the work of a transfer: peers are looked for, and the trackers hear what we hold. Resolves with a sentence for
   * each tracker that did not take its metainfo.
   */
  async begin(entry: Entry): Promise<readonly string[]> {
    const { transfer } = entry;
    const { metainfo, infoHash } = transfer;
    const publishes = entry.settings.published && !metainfo.private;
    const refusals = publishes ? await this.links.publish(infoHash, metainfo.bytes) : [];
    for (const refusal of refusals) this.report("problem", `${metainfo.name}: ${refusal}`);
    if (!this.#isHere(entry)) return refusals;
    this.#finder.announce(entry);
    this.queueChanged();
    await transfer.setMode(entry.settings.paused ? "paused" : activeMode(entry.settings));
    this.#tellSeeding(transfer);
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

  /** Downloads may have to wait, or need not any more. */
  queueChanged(): void {
    if (applyQueue(this.book.entries.values(), this.activeDownloads)) this.#snapshotter.changed();
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
      },
      this.#alerts(),
    );
  }

  /** Connects to one more tracker; false when it is known already. */
  addTracker(address: Address): boolean {
    const added = this.links.add(address);
    this.#snapshotter.changed();
    return added;
  }

  async #start(): Promise<void> {
    await this.#bans.load();
    await this.#connections.open(this.options.port);
    for (const address of this.options.trackers) this.links.add(address);
    for (const entry of await this.book.load()) void this.begin(entry);
    await this.#lookAtDisk();
    this.#every(1_000, () => {
      // A tracker that is away is counted down for.
      if (this.#endSecond() || this.links.isWaiting) this.#snapshotter.changed();
    });
    this.#every(5_000, () => void this.#lookAtDisk());
    this.#every(60_000, () => this.#endMinute());
    this.#every(HOLDERS_MS, () => this.#finder.findMissing());
    this.#every(SAVE_MS, () => void this.book.saveChanged());
  }

  async #stop(): Promise<void> {
    this.#ending.abort();
    this.#timers.forEach(clearInterval);
    this.#doctor.close();
    const goodbye = Promise.all([this.links.close(), this.#connections.close()]);
    await this.book.close();
    await Promise.race([goodbye, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    this.#snapshotter.close();
    await this.#bans.close();
    await this.#state.close();
  }

  #every(intervalMs: number, action: () => void): void {
    this.#timers.push(setInterval(action, intervalMs).unref());
  }

  #endMinute(): void {
    const { p99 } = this.#doctor.endMinute();
    this.#minutes++;
    if (p99 <= LATE_LOOP_MS && this.#minutes % HEALTH_MINUTES !== 0) return;
    this.emit({ event: "health", ...this.doctor() });
  }

  /** Says whether anything that is shown changed. */
  #endSecond(): boolean {
    let down = 0;
    let up = 0;
    for (const entry of this.book.entries.values()) {
      const moved = entry.transfer.endSecond();
      down += moved.down;
      up += moved.up;
      this.#countSeeding(entry);
    }
    this.queueChanged();
    return this.#history.endSecond(down, up);
  }

  /** One more second of seeding; it ends at the limit that a person set. */
  #countSeeding(entry: Entry): void {
    const { transfer, settings } = entry;
    if (!transfer.isDone || transfer.mode === "paused") return;
    const seededSeconds = settings.seededSeconds + 1;
    entry.settings = { ...settings, seededSeconds };
    const uploaded = settings.uploadedBytes + transfer.up.totalBytes;
    const ratio = transfer.metainfo.length === 0 ? 0 : uploaded / transfer.metainfo.length;
    const why = seedLimitReached({ ...settings, ratio, seededSeconds });
    if (why === undefined) return;
    this.report("notice", `${transfer.metainfo.name} is paused: ${why}`);
    entry.log.add(`paused: ${why}`, Date.now());
    void this.book.setMode(entry, "paused").catch((error: unknown) => this.#tellStorage(error));
  }

  #tellStorage(error: unknown): void {
    if (!(error instanceof StorageError)) throw error;
    this.report("problem", error.message);
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
      dial: (transfer, address, source) => this.#connections.dial(transfer, address, source),
      ban: (address) => this.#bans.add(address),
      onEvent: (transfer, event) => this.#gotTransferEvent(transfer, event),
    });
  }

  #gotTransferEvent(transfer: Transfer, event: TransferEvent): void {
    const entry = this.book.of(transfer);
    if (entry) {
      entry.row = undefined;
      const line = logLine(event);
      if (line !== undefined) entry.log.add(line, Date.now());
    }
    this.#snapshotter.changed();
    const { name } = transfer.metainfo;
    switch (event.type) {
      case "changed":
      case "note":
        return;
      case "mode-changed":
        return this.#finder.tellHeld(transfer);
      case "piece-held":
        if (!transfer.metainfo.private) this.links.gained(transfer.infoHash, event.index);
        return;
      case "pieces-lost":
        if (event.lost > 0) this.report("problem", lostText(name, event.lost));
        return this.#finder.tellHeld(transfer);
      case "completed":
        return this.#completed(transfer, event);
      case "gift": {
        const verb = event.direction === "given" ? "took" : "gave us";
        return this.report(event.direction, `${event.peer} ${verb} piece ${event.index} of ${name}`);
      }
      case "problem":
        return this.report("problem", `${name}: ${event.error.message}`);
      default:
        event satisfies never;
    }
  }

  #completed(transfer: Transfer, event: Extract<TransferEvent, { type: "completed" }>): void {
    const summary = transferSummary(transfer.metainfo.name, event);
    const entry = this.book.of(transfer);
    if (entry) {
      entry.summary = summary;
      entry.announcer?.completed();
    }
    this.#snapshotter.catalogueChanged();
    this.report("finished", summary);
    const { infoHash, metainfo } = transfer;
    this.emit({
      event: "done",
      infoHash,
      name: displayText(metainfo.name),
      bytes: metainfo.length,
      seconds: event.seconds,
    });
    this.#tellSeeding(transfer);
    this.#snapshotter.flush();
  }

  #tellSeeding(transfer: Transfer): void {
    if (!transfer.isComplete || transfer.mode === "paused") return;
    const { infoHash, metainfo } = transfer;
    this.emit({ event: "seeding", infoHash, name: displayText(metainfo.name), port: this.port });
  }

  #gotChannelEvent(event: ChannelEvent, tracker: Address): void {
    switch (event.type) {
      case "state-changed":
      case "catalogue-changed":
        this.#snapshotter.catalogueChanged();
        return;
      case "available": {
        const { name, holders, infoHash } = event.entry;
        this.#snapshotter.catalogueChanged();
        this.report("available", `${name} can be downloaded (${holders} ${holders === 1 ? "holder" : "holders"})`);
        return this.#finder.foundAgain(infoHash);
      }
      case "unavailable": {
        this.#snapshotter.catalogueChanged();
        const why = [event.peer, event.why].filter(Boolean).join(" ");
        return this.report("unavailable", `${event.name} can not be downloaded${why ? `: ${why}` : ""}`);
      }
      case "notice":
        return this.report("notice", `${addressText(tracker)} says: ${event.text}`);
      case "peers-known":
        return this.#snapshotter.changed();
      case "problem":
        return this.report("problem", `${addressText(tracker)}: ${event.text}`);
      default:
        event satisfies never;
    }
  }

  #connectedPeers(): number {
    let connected = 0;
    for (const { transfer } of this.book.entries.values()) connected += transfer.connectedPeers;
    return connected;
  }

  async #lookAtDisk(): Promise<void> {
    const free = await freeBytes(this.options.folder);
    if (free === this.#freeBytes) return;
    this.#freeBytes = free;
    this.#snapshotter.changed();
  }

  /** Conditions a user should know of. */
  #alerts(): DisplayText[] {
    const alerts: string[] = [];
    const { port, folder } = this.options;
    if (port !== 0 && this.port !== port) {
      alerts.push(`Port ${port} is in use by another program: peers are taken on port ${this.port}.`);
    }
    if (this.#freeBytes !== undefined && this.#freeBytes < LOW_SPACE_BYTES) {
      alerts.push(`The disk of ${folder} is nearly full: ${bytesText(this.#freeBytes)} are free.`);
    }
    return alerts.map(displayText);
  }

  #status(now: number): EngineStatus {
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
      folder: displayText(this.options.folder),
      freeBytes: this.#freeBytes ?? null,
      connectedPeers: this.#connectedPeers(),
      downBytesPerSecond: Math.round(downBytesPerSecond),
      upBytesPerSecond: Math.round(upBytesPerSecond),
      downHistory: this.#history.down,
      upHistory: this.#history.up,
      downLimitBytesPerSecond: this.downLimit.bytesPerSecond,
      upLimitBytesPerSecond: this.upLimit.bytesPerSecond,
      activeDownloads: this.activeDownloads,
      alerts: this.#alerts(),
    };
  }
}

function lostText(name: string, lost: number): string {
  const pieces = lost === 1 ? "1 piece of it is" : `${lost} pieces of it are`;
  return `${name} has changed: ${pieces} not what it was and no longer given to others.`;
}

/** `-ST0100-` for 0.1.0: the first 8 bytes of our peer ids (BEP 20). */
function clientPrefix(version: string): string {
  const [major = 0, minor = 0, patch = 0] = version
    .split(".")
    .map((part) => Math.min(9, Number.parseInt(part, 10) || 0));
  return `-ST${major}${minor}${patch}0-`;
}
