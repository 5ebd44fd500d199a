// SHELL: our end of one tracker's swarm channel. It says what we have, says it again after every reconnect, and hears what there is.
import { performance } from "node:perf_hooks";
import { fromBase64, toBase64 } from "../protocol/channel/bitfield.ts";
import type {
  Broadcast,
  CatalogueEntry,
  ChannelPeer,
  ClientMessage,
  TrackerMessage,
} from "../protocol/channel/messages.ts";
import { ProtocolError, TrackerError } from "../protocol/errors.ts";
import { type InfoHashHex, type PeerId, parseInfoHashHex, toHex } from "../protocol/ids.ts";
import { trackerErrorOf } from "./channel-errors.ts";
import { type ChannelEvent, type ChannelState, eventOf } from "./channel-events.ts";
import { ChannelSocket, type Loss } from "./channel-socket.ts";
import { CHANNEL_TIMING, type ChannelTiming, retryDelayMs } from "./channel-timing.ts";
import { KnownCatalogue } from "./known-catalogue.ts";
import { OurHoldings } from "./our-holdings.ts";
import { PacedOutbox } from "./paced-outbox.ts";
import { PendingRequests, type Reply } from "./pending-requests.ts";
import { publishableInfoHash } from "./publishable.ts";

/** A peer that has at least one piece. */
export interface Holder extends ChannelPeer {
  /** Its bitfield as the tracker knows it: a hint, whose length is not checked. */
  readonly pieces: Uint8Array;
}

export type { ChannelEvent, ChannelState };

export interface SwarmChannelOptions {
  readonly host: string;
  readonly port: number;
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

export class SwarmChannel {
  readonly #options: SwarmChannelOptions;
  readonly #timing: ChannelTiming;
  readonly #catalogue: KnownCatalogue;
  readonly #holdings = new OurHoldings();
  readonly #requests: PendingRequests;
  readonly #outbox: PacedOutbox;
  #socket: ChannelSocket | undefined;
  #state: ChannelState = { state: "connecting", problem: null, retryAt: null };
  #closed = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: SwarmChannelOptions) {
    this.#options = options;
    this.#timing = { ...CHANNEL_TIMING, ...options.timing };
    this.#catalogue = new KnownCatalogue(this.#timing.gatherMs, () => this.#emit({ type: "catalogue-changed" }));
    this.#requests = new PendingRequests(this.address, this.#timing.requestMs);
    this.#outbox = new PacedOutbox({
      gatherMs: this.#timing.gatherMs,
      send: (frame) => this.#socket?.send(frame),
      owed: (updates) => this.#holdings.owed(updates),
    });
  }

  get state(): ChannelState {
    return this.#state;
  }

  /** `host:port`, an IPv6 host in brackets. */
  get address(): string {
    const { host, port } = this.#options;
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** What the tracker offers; the same array until it changes. After a lost connection it is what was known last. */
  catalogue(): readonly CatalogueEntry[] {
    return this.#catalogue.list();
  }

  entry(infoHash: InfoHashHex): CatalogueEntry | undefined {
    return this.#catalogue.get(infoHash);
  }

  start(): void {
    if (!this.#socket && !this.#closed) this.#connect();
  }

  /** Leaves the tracker. Requests under way are rejected. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#outbox.close();
    this.#catalogue.close();
    this.#requests.failAll(new TrackerError("unreachable", "the channel is closed."));
    await this.#socket?.close();
  }

  /**
   * Gives the tracker a metainfo file, now and whenever it does not know it after a reconnect.
   * Rejects with TrackerError: `unreachable` when it is not connected (it is then published later), `refused` when it is no torrent
   * to the tracker, `malformed` when it is none at all, `too-big` when it has more than 10 MB.
   */
  async publish(torrent: Uint8Array): Promise<InfoHashHex> {
    const infoHash = publishableInfoHash(torrent);
    this.#holdings.keepTorrent(infoHash, torrent);
    if (this.#isConnected && this.#catalogue.has(infoHash)) return infoHash;
    return this.#publish(infoHash, torrent);
  }

  /** Metainfo file of an info hash in hex, or of a name that one torrent has. Rejects with TrackerError, `not-found` among others. */
  async torrent(infoHashOrName: string): Promise<Uint8Array> {
    const infoHash = parseInfoHashHex(infoHashOrName);
    const wanted = infoHash ? { infoHash } : { name: infoHashOrName };
    const reply = await this.#request("torrent", (id) => ({ type: "torrent", id, ...wanted }));
    return decoded(reply.torrent);
  }

  /** Peers but us that hold a torrent, or one piece of it. Rejects with TrackerError, `no-holder` among others. */
  async holders(infoHash: InfoHashHex, piece?: number): Promise<readonly Holder[]> {
    const of = piece === undefined ? {} : { piece };
    const reply = await this.#request("holders", (id) => ({ type: "holders", id, infoHash, ...of }));
    return reply.peers.map((peer) => ({ ...peer, pieces: decoded(peer.pieces) }));
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

  get #isConnected(): boolean {
    return this.#state.state === "connected";
  }

  #connect(): void {
    this.#setState({ state: "connecting", problem: this.#state.problem, retryAt: null });
    const { connectMs, silentMs } = this.#timing;
    try {
      this.#socket = new ChannelSocket({
        host: this.#options.host,
        address: this.address,
        connectMs,
        silentMs,
        hello: () => this.#hello(),
        onMessage: (message) => this.#handle(message),
        onLost: (loss) => this.#lost(loss),
      });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#lost({ problem: `${this.address} is no address of a tracker`, refused: true, malformed: false });
    }
  }

  #hello(): ClientMessage {
    const { peerId, listenPort, agent, token } = this.#options;
    const secret = token === undefined ? {} : { token };
    return { type: "hello", peerId: toHex(peerId), port: listenPort(), agent, ...secret, ...this.#catalogue.place };
  }

  #lost({ problem, refused, malformed }: Loss): void {
    this.#socket = undefined;
    this.#outbox.close();
    if (malformed) this.#catalogue.losePlace();
    const delay = retryDelayMs(this.#timing, this.#failures, refused, this.#options.random());
    if (!refused) this.#failures++;
    this.#setState({ state: refused ? "refused" : "waiting", problem, retryAt: performance.now() + delay });
    this.#requests.failAll(new TrackerError("unreachable", `${problem}.`));
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  #handle(message: TrackerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        return;
      case "catalogue":
        this.#learn(message.entries);
        if (!message.more) this.#catalogueKnown();
        return;
      case "published":
      case "torrent":
      case "holders":
      case "peers":
        this.#requests.reply(message);
        return;
      case "error":
        this.#failed(message);
        return;
      case "available":
      case "changed":
      case "unavailable":
      case "notice":
        this.#broadcast(message);
        return;
      default:
        message satisfies never;
    }
  }

  #welcomed(welcome: Extract<TrackerMessage, { type: "welcome" }>): void {
    if (this.#isConnected) return;
    this.#failures = 0;
    this.#catalogue.welcomed(welcome);
    this.#holdings.startOver();
    this.#outbox.open();
    this.#setState({ state: "connected", problem: null, retryAt: null });
    this.#emit({ type: "peers-known", count: welcome.peers });
    if (!welcome.more) this.#catalogueKnown();
  }

  /** Now it is known what the tracker lacks: that is published first, and then said what we have. */
  #catalogueKnown(): void {
    for (const [infoHash, torrent] of this.#holdings.torrents()) {
      if (this.#catalogue.has(infoHash)) continue;
      this.#publish(infoHash, torrent).catch((error: unknown) => {
        if (!(error instanceof TrackerError)) throw error;
        if (this.#isConnected) this.#emit({ type: "problem", text: error.message, infoHash });
      });
    }
    this.#outbox.pump();
  }

  #broadcast(message: Broadcast): void {
    if (!this.#catalogue.follows(message.seq)) {
      this.#socket?.terminate();
      return;
    }
    switch (message.type) {
      case "available":
        this.#learn([message.entry]);
        break;
      case "changed":
        this.#learn(message.entries);
        break;
      case "unavailable":
        if (message.forgotten) this.#catalogue.forget(message.infoHash);
        break;
      case "notice":
        break;
      default:
        message satisfies never;
    }
    this.#emit(eventOf(message));
  }

  #learn(entries: readonly CatalogueEntry[]): void {
    for (const { infoHash } of entries) if (this.#holdings.listed(infoHash)) this.#outbox.pump();
    this.#catalogue.learn(entries);
  }

  #failed(error: Extract<TrackerMessage, { type: "error" }>): void {
    const { re, infoHash, code, text } = error;
    if (re !== undefined) {
      this.#requests.fail(re, trackerErrorOf(error));
      return;
    }
    if (code !== "not-published" || !infoHash) {
      this.#emit({ type: "problem", text, infoHash });
      return;
    }
    this.#holdings.unlisted(infoHash);
    this.#catalogue.forget(infoHash);
    // The tracker made room and forgot what we still share.
    if (this.#holdings.torrents().has(infoHash)) this.#catalogueKnown();
  }

  async #publish(infoHash: InfoHashHex, torrent: Uint8Array): Promise<InfoHashHex> {
    if (this.#isConnected) this.#holdings.publishing(infoHash);
    try {
      const reply = await this.#request("published", (id) => ({ type: "publish", id, torrent: toBase64(torrent) }));
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

  #request<Type extends Reply["type"]>(
    expects: Type,
    message: (id: number) => ClientMessage,
  ): Promise<Extract<Reply, { type: Type }>> {
    if (!this.#isConnected) {
      const text = this.#state.problem ?? `${this.address} is not connected yet`;
      return Promise.reject(new TrackerError("unreachable", `The tracker cannot be asked now: ${text}.`));
    }
    return this.#requests.ask(expects, (id) => this.#outbox.post(message(id)));
  }

  #setState(state: ChannelState): void {
    this.#state = state;
    this.#emit({ type: "state-changed", state });
  }

  #emit(event: ChannelEvent): void {
    if (!this.#closed) this.#options.onEvent(event);
  }
}

/** Throws TrackerError `malformed`. */
function decoded(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new TrackerError("malformed", "The tracker's answer is unreadable.", { cause });
  }
}
