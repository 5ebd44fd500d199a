// SHELL: our end of one tracker's swarm channel. It says what we have, says it again after every reconnect, and hears what there is.
import { toBase64 } from "../protocol/channel/bitfield.ts";
import type {
  Broadcast,
  CatalogueEntry,
  ChannelPeer,
  ClientMessage,
  TrackerMessage,
} from "../protocol/channel/messages.ts";
import { TrackerError } from "../protocol/errors.ts";
import { type InfoHashHex, type PeerId, parseInfoHashHex, toHex } from "../protocol/ids.ts";
import { trackerErrorOf } from "./channel-errors.ts";
import { type ChannelEvent, type ChannelState, eventOf } from "./channel-events.ts";
import type { Loss } from "./channel-socket.ts";
import { CHANNEL_TIMING, type ChannelTiming } from "./channel-timing.ts";
import { FewAtOnce } from "./few-at-once.ts";
import { KnownCatalogue } from "./known-catalogue.ts";
import { OurHoldings } from "./our-holdings.ts";
import { PacedOutbox } from "./paced-outbox.ts";
import { PendingRequests, type Reply, type ReplyOf } from "./pending-requests.ts";
import { publishableInfoHash } from "./publishable.ts";
import { type Holder, holdersIn, torrentIn } from "./reply-bytes.ts";
import { TrackerConnection } from "./tracker-connection.ts";

export type { ChannelEvent, ChannelState };

export interface SwarmChannelOptions {
  readonly host: string;
  readonly port: number;
  /** It speaks TLS, with a certificate that this machine trusts. */
  readonly secure?: boolean;
  /** Where it leaves from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  readonly peerId: PeerId;
  /** TCP port that takes peers, asked at every hello. */
  readonly listenPort: () => number;
  /** Our name and version, for the tracker's log. */
  readonly agent: string;
  readonly token?: string | undefined;
  /** 0 <= x < 1, for the jitter. */
  readonly random: () => number;
  readonly onEvent: (event: ChannelEvent) => void;
  readonly timing?: Partial<ChannelTiming>;
}

/** Torrents are published so many at a time: the last of a thousand at once would wait longer than a reply may take. */
const PUBLISHES_AT_ONCE = 8;

export class SwarmChannel {
  readonly #options: SwarmChannelOptions;
  readonly #catalogue: KnownCatalogue;
  readonly #holdings = new OurHoldings();
  readonly #requests: PendingRequests;
  readonly #outbox: PacedOutbox;
  readonly #connection: TrackerConnection;
  readonly #publishes = new FewAtOnce(PUBLISHES_AT_ONCE);
  #closed = false;

  constructor(options: SwarmChannelOptions) {
    this.#options = options;
    const timing = { ...CHANNEL_TIMING, ...options.timing };
    this.#outbox = new PacedOutbox({
      gatherMs: timing.gatherMs,
      send: (frame) => this.#connection.send(frame),
      owed: (updates) => this.#holdings.owed(updates),
    });
    this.#connection = new TrackerConnection({
      ...options,
      timing,
      hello: () => this.#hello(),
      onMessage: (message) => this.#handle(message),
      onLost: (loss) => this.#lost(loss),
      onState: (state) => this.#emit({ type: "state-changed", state }),
    });
    this.#catalogue = new KnownCatalogue(timing.gatherMs, () => this.#emit({ type: "catalogue-changed" }));
    this.#requests = new PendingRequests(this.address, timing.requestMs);
  }

  get state(): ChannelState {
    return this.#connection.state;
  }

  /** `host:port`, an IPv6 host in brackets; with `https://` before it for TLS. */
  get address(): string {
    return this.#connection.address;
  }

  /** What the tracker offers; the same array until it changes. After a lost connection it is what was known last. */
  catalogue(): readonly CatalogueEntry[] {
    return this.#catalogue.list();
  }

  entry(infoHash: InfoHashHex): CatalogueEntry | undefined {
    return this.#catalogue.get(infoHash);
  }

  start(): void {
    this.#connection.start();
  }

  /** Makes a connection that is dead show it. */
  ping(): void {
    this.#connection.ping();
  }

  /** Leaves the tracker. Requests under way are rejected. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#outbox.close();
    this.#catalogue.close();
    this.#requests.failAll(new TrackerError("unreachable", "the channel is closed."));
    await this.#connection.close();
  }

  /**
   * Gives the tracker a metainfo file, now and whenever it does not know it after a reconnect.
   * Rejects with TrackerError: `unreachable` when it is not connected (it is then published later), `refused` when it is no torrent
   * to the tracker, `malformed` when it is none at all, `too-big` when it has more than 10 MB.
   */
  async publish(torrent: Uint8Array): Promise<InfoHashHex> {
    const infoHash = publishableInfoHash(torrent);
    this.#holdings.keepTorrent(infoHash, torrent);
    if (this.#connection.isConnected && this.#catalogue.has(infoHash)) return infoHash;
    return this.#publish(infoHash, torrent);
  }

  /** Metainfo file of an info hash in hex, or of a name that one torrent has. Rejects with TrackerError, `not-found` among others. */
  async torrent(infoHashOrName: string): Promise<Uint8Array> {
    const infoHash = parseInfoHashHex(infoHashOrName);
    const wanted = infoHash ? { infoHash } : { name: infoHashOrName };
    return torrentIn(await this.#request("torrent", (id) => ({ type: "torrent", id, ...wanted })));
  }

  /** Peers but us that hold a torrent, or one piece of it. Rejects with TrackerError, `no-holder` among others. */
  async holders(infoHash: InfoHashHex, piece?: number): Promise<readonly Holder[]> {
    const of = piece === undefined ? {} : { piece };
    return holdersIn(await this.#request("holders", (id) => ({ type: "holders", id, infoHash, ...of })));
  }

  /** All peers but us. Rejects with TrackerError. */
  async peers(): Promise<readonly ChannelPeer[]> {
    return (await this.#request("peers", (id) => ({ type: "peers", id }))).peers;
  }

  /** We have exactly the pieces of `bitfield`, which is copied. Said again after every reconnect. */
  have(infoHash: InfoHashHex, bitfield: Uint8Array): void {
    this.#holdings.have(infoHash, bitfield);
    this.#outbox.pump();
  }

  /** We gained and lost pieces since `have`, which must have come before. Gathered: said at most four times a second. */
  update(infoHash: InfoHashHex, gained: readonly number[], lost: readonly number[]): void {
    this.#holdings.update(infoHash, gained, lost);
    this.#outbox.flushLater();
  }

  /** We have nothing to do with a torrent any longer. */
  forget(infoHash: InfoHashHex): void {
    this.#holdings.forget(infoHash);
    this.#outbox.pump();
  }

  #hello(): ClientMessage {
    const { peerId, listenPort, agent, token } = this.#options;
    const secret = token === undefined ? {} : { token };
    return { type: "hello", peerId: toHex(peerId), port: listenPort(), agent, ...secret, ...this.#catalogue.place };
  }

  #lost({ problem, malformed }: Loss): void {
    this.#outbox.close();
    if (malformed) this.#catalogue.losePlace();
    this.#requests.failAll(new TrackerError("unreachable", `${problem}.`));
  }

  #handle(message: TrackerMessage): void {
    switch (message.type) {
      case "welcome":
        return this.#welcomed(message);
      case "catalogue":
        this.#catalogue.learn(message.entries);
        this.#listed(message.entries);
        if (!message.more) this.#catalogueKnown();
        return;
      case "published":
      case "torrent":
      case "holders":
      case "peers":
        return this.#requests.reply(message);
      case "error":
        return this.#failed(message);
      case "available":
      case "changed":
      case "unavailable":
      case "notice":
        return this.#broadcast(message);
      case "reachable":
        return this.#emit(message);
      default:
        message satisfies never;
    }
  }

  #welcomed(welcome: Extract<TrackerMessage, { type: "welcome" }>): void {
    if (this.#connection.isConnected) return;
    this.#catalogue.welcomed(welcome);
    this.#holdings.startOver();
    // Whoever was told of the catalogue may have closed us.
    if (!this.#closed) this.#outbox.open();
    this.#connection.welcomed();
    this.#emit({ type: "peers-known", count: welcome.peers });
    if (!welcome.more) this.#catalogueKnown();
  }

  /** Now it is known what the tracker lacks: that is published first, and then said what we have. */
  #catalogueKnown(): void {
    const isUnpublished = (infoHash: InfoHashHex) =>
      !this.#catalogue.has(infoHash) && this.#holdings.publishing(infoHash);
    const owed = [...this.#holdings.torrents()].filter(([infoHash]) => isUnpublished(infoHash));
    for (const [infoHash, torrent] of owed) void this.#publishOwed(infoHash, torrent);
    this.#outbox.pump();
  }

  async #publishOwed(infoHash: InfoHashHex, torrent: Uint8Array): Promise<void> {
    try {
      await this.#publish(infoHash, torrent);
    } catch (error) {
      if (!(error instanceof TrackerError)) throw error;
      if (this.#connection.isConnected) this.#emit({ type: "problem", text: error.message, infoHash });
    }
  }

  #broadcast(message: Broadcast): void {
    if (!this.#catalogue.hear(message)) return this.#connection.terminate();
    if (message.type === "available") this.#listed([message.entry]);
    if (message.type === "changed") this.#listed(message.entries);
    this.#emit(eventOf(message));
  }

  /** What had to wait until the tracker lists these. */
  #listed(entries: readonly CatalogueEntry[]): void {
    for (const { infoHash } of entries) if (this.#holdings.listed(infoHash)) this.#outbox.pump();
  }

  #failed(error: Extract<TrackerMessage, { type: "error" }>): void {
    const { re, infoHash, code, text } = error;
    if (re !== undefined) return this.#requests.fail(re, trackerErrorOf(error));
    if (code !== "not-published" || !infoHash) return this.#emit({ type: "problem", text, infoHash });
    this.#holdings.unlisted(infoHash);
    this.#catalogue.forget(infoHash);
    // The tracker made room and forgot what we still share.
    if (this.#holdings.torrents().has(infoHash)) this.#catalogueKnown();
  }

  async #publish(infoHash: InfoHashHex, torrent: Uint8Array): Promise<InfoHashHex> {
    if (this.#connection.isConnected) this.#holdings.publishing(infoHash);
    try {
      const ask = () => this.#request("published", (id) => ({ type: "publish", id, torrent: toBase64(torrent) }));
      const reply = await this.#publishes.run(ask);
      this.#holdings.listed(infoHash);
      return reply.infoHash;
    } catch (error) {
      // A tracker that refuses it once refuses it always.
      if (error instanceof TrackerError && error.code === "refused") this.#holdings.dropTorrent(infoHash);
      throw error;
    } finally {
      this.#holdings.publishingEnded(infoHash);
      this.#outbox.pump();
    }
  }

  #request<Type extends Reply["type"]>(expects: Type, message: (id: number) => ClientMessage): Promise<ReplyOf<Type>> {
    if (this.#closed || !this.#connection.isConnected) {
      const text = this.#closed
        ? "the channel is closed"
        : (this.state.problem ?? `${this.address} is not connected yet`);
      return Promise.reject(new TrackerError("unreachable", `The tracker cannot be asked now: ${text}.`));
    }
    return this.#requests.ask(expects, (id) => this.#outbox.post(message(id)));
  }

  #emit(event: ChannelEvent): void {
    if (!this.#closed) this.#options.onEvent(event);
  }
}
