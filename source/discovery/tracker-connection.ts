// SHELL: our lasting connection to one tracker: when it is lost it is made again, each time after a longer wait.
import { performance } from "node:perf_hooks";
import type { ClientMessage, TrackerMessage } from "../protocol/channel/messages.ts";
import type { ChannelState } from "./channel-events.ts";
import type { ChannelSocket, Loss } from "./channel-socket.ts";
import { type ChannelTiming, retryDelayMs } from "./channel-timing.ts";

export interface TrackerConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secure?: boolean;
  /** Where it leaves from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  readonly timing: ChannelTiming;
  /** 0 <= x < 1, for the jitter. */
  readonly random: () => number;
  /** Asked at every connection. */
  readonly hello: () => ClientMessage;
  readonly onMessage: (message: TrackerMessage) => void;
  /** Before the state changes. */
  readonly onLost: (loss: Loss) => void;
  readonly onState: (state: ChannelState) => void;
}

export class TrackerConnection {
  readonly #options: TrackerConnectionOptions;
  #socket: ChannelSocket | undefined;
  #state: ChannelState = { state: "connecting", problem: null, retryAt: null };
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: TrackerConnectionOptions) {
    this.#options = options;
  }

  get state(): ChannelState {
    return this.#state;
  }

  /** `host:port`, an IPv6 host in brackets; with `https://` before it for TLS. */
  get address(): string {
    return `${this.#options.secure ? "https://" : ""}${this.#hostAndPort}`;
  }

  get #hostAndPort(): string {
    const { host, port } = this.#options;
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  }

  get isConnected(): boolean {
    return this.#state.state === "connected";
  }

  start(): void {
    if (!this.#socket && !this.#closed) void this.#connect();
  }

  /** The tracker has welcomed us: what came before counts no longer. */
  welcomed(): void {
    this.#failures = 0;
    this.#setState({ state: "connected", problem: null, retryAt: null });
  }

  /** One frame of text; dropped while there is no connection. */
  send(frame: string): void {
    this.#socket?.send(frame);
  }

  /** Makes a connection that is dead show it. */
  ping(): void {
    this.#socket?.ping();
  }

  /** Ends this connection at once; the next one follows. */
  terminate(): void {
    this.#socket?.terminate();
  }

  /** Leaves, for good. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#socket?.close();
  }

  async #connect(): Promise<void> {
    const { host, secure, timing, hello, onMessage, localAddress } = this.#options;
    const { address } = this;
    const origin = `${secure ? "wss" : "ws"}://${this.#hostAndPort}`;
    clearTimeout(this.#retry);
    this.#setState({ state: "connecting", problem: this.#state.problem, retryAt: null });
    // What only a tracker needs is loaded with the first one: 24 MB resident, of 95 that an idle engine had.
    const { ChannelSocket } = await import("./channel-socket.ts");
    // Whoever was told, or came meanwhile, may have closed it.
    if (this.#closed) return;
    const { connectMs, silentMs } = timing;
    const onLost = (loss: Loss) => this.#lost(loss);
    try {
      const what = { host, address, origin, localAddress, connectMs, silentMs, hello, onMessage, onLost };
      this.#socket = new ChannelSocket(what);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#lost({ problem: `${address} is no address of a tracker`, refused: true, malformed: false });
    }
  }

  #lost(loss: Loss): void {
    const { timing, random, onLost } = this.#options;
    const { problem, refused } = loss;
    this.#socket = undefined;
    onLost(loss);
    const delay = retryDelayMs(timing, this.#failures, refused, random());
    if (!refused) this.#failures++;
    this.#setState({ state: refused ? "refused" : "waiting", problem, retryAt: performance.now() + delay });
    if (!this.#closed) this.#retry = setTimeout(() => void this.#connect(), delay);
  }

  #setState(state: ChannelState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
