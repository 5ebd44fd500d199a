// SHELL: one connection to a tracker: opened, watched for silence, and at its end a sentence of why.
import { WebSocket } from "ws";
import { MAX_TORRENT_FRAME } from "../protocol/channel/limits.ts";
import {
  CHANNEL_PATH,
  CHANNEL_SUBPROTOCOL,
  type ClientMessage,
  type TrackerMessage,
  encodeMessage,
  parseTrackerMessage,
} from "../protocol/channel/messages.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { leavingFrom } from "./local-address.ts";
import { connectionProblem } from "./channel-errors.ts";

const CLOSE_GRACE_MS = 500;
/** RFC 6455: a message broke the other end's policy. */
const POLICY_VIOLATION = 1008;

/**
 * What is read of a tracker in a second: 64 frames of the longest kind, or 4 000 short ones. More than a catalogue of 10 000 entries has
 * in two seconds, and a small part of a core; the rest waits in its socket.
 */
export const READ_BUDGET_BYTES = 4 * 1024 * 1024;

/** A short frame costs as much as so many bytes of a long one. */
const FRAME_COST_BYTES = 1_024;

const BUDGET_MS = 1_000;

/** How a connection ended that we did not close. */
export interface Loss {
  /** Why, without a full stop; may hold the tracker's own words. */
  readonly problem: string;
  /** The tracker closed it because it does not want us. */
  readonly refused: boolean;
  /** It sent what is no message. */
  readonly malformed: boolean;
}

export interface ChannelSocketOptions {
  readonly host: string;
  /** As people write it: host:port, an IPv6 host in brackets, with `https://` before it for TLS. */
  readonly address: string;
  /** ws://host:port or wss://host:port. */
  readonly origin: string;
  /** Where it leaves from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  /** Connection and welcome together. */
  readonly connectMs: number;
  /** Without a byte or ping for this long the tracker is gone. */
  readonly silentMs: number;
  /** Asked when the connection stands. */
  readonly hello: () => ClientMessage;
  readonly onMessage: (message: TrackerMessage) => void;
  /** Once, unless we closed it. */
  readonly onLost: (loss: Loss) => void;
}

export class ChannelSocket {
  readonly #options: ChannelSocketOptions;
  readonly #socket: WebSocket;
  readonly #welcome: NodeJS.Timeout;
  #silence: NodeJS.Timeout | undefined;
  #opened = false;
  #welcomed = false;
  #malformed = false;
  #closed = false;
  #problem: string | undefined;
  /** Read since the second began. */
  #readBytes = 0;
  #secondTimer: NodeJS.Timeout | undefined;

  /** Connects. Throws SyntaxError when `address` is none. */
  constructor(options: ChannelSocketOptions) {
    this.#options = options;
    const { host, address, origin, connectMs, hello, localAddress } = options;
    const socket = new WebSocket(`${origin}${CHANNEL_PATH}`, [CHANNEL_SUBPROTOCOL], {
      perMessageDeflate: false,
      maxPayload: MAX_TORRENT_FRAME,
      handshakeTimeout: connectMs,
      ...leavingFrom(localAddress),
    });
    this.#socket = socket;
    this.#welcome = setTimeout(() => this.#unwelcome(), connectMs);
    socket.on("open", () => {
      this.#opened = true;
      socket.send(encodeMessage(hello()));
      this.#heard();
    });
    socket.on("ping", () => this.#heard());
    socket.on("message", (data) => {
      const frame = String(data);
      this.#spend(frame.length);
      this.#received(frame);
    });
    socket.on("error", (error) => (this.#problem ??= connectionProblem(error, host, address, this.#opened)));
    socket.on("close", (code, reason) => this.#ended(code, String(reason)));
  }

  /** One frame of text. */
  send(frame: string): void {
    this.#socket.send(frame);
  }

  /** A dead connection answers it with a reset. */
  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  /** Ends the connection at once; `onLost` follows. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Leaves politely, within half a second. Nothing is heard any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const grace = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
      socket.once("close", () => {
        clearTimeout(grace);
        resolve();
      });
      if (socket.readyState === socket.OPEN) socket.close(1000);
      else socket.terminate();
    });
  }

  /** Restarts the clock that tells a dead tracker from a quiet one. */
  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.terminate(), this.#options.silentMs);
  }

  /** A tracker that floods us is read no faster than our budget: its words wait on its side. */
  #spend(bytes: number): void {
    this.#readBytes += bytes + FRAME_COST_BYTES;
    this.#secondTimer ??= setTimeout(() => {
      this.#secondTimer = undefined;
      this.#readBytes = 0;
      if (this.#socket.isPaused) this.#socket.resume();
    }, BUDGET_MS).unref();
    if (this.#readBytes > READ_BUDGET_BYTES && !this.#socket.isPaused) this.#socket.pause();
  }

  #unwelcome(): void {
    if (this.#welcomed) return;
    this.#problem = `${this.#options.address} takes connections but does not answer`;
    this.#socket.terminate();
  }

  #received(frame: string): void {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#heard();
    try {
      const message = parseTrackerMessage(frame);
      if (message?.type === "welcome") this.#welcomed = true;
      // Before the welcome it is the reason of the close that follows.
      if (message?.type === "error" && message.re === undefined && !this.#welcomed) this.#problem = message.text;
      else if (message) this.#options.onMessage(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#problem = `${this.#options.address} sent a malformed message: ${error.message}`;
      this.#malformed = true;
      this.#socket.terminate();
    }
  }

  #ended(code: number, reason: string): void {
    clearTimeout(this.#welcome);
    clearTimeout(this.#silence);
    clearTimeout(this.#secondTimer);
    if (this.#closed) return;
    const { address } = this.#options;
    const refused = code === POLICY_VIOLATION;
    const problem = refused ? `${address} refused us: ${this.#problem ?? reason}` : this.#problem;
    const lost = `the connection to ${address} was lost`;
    this.#options.onLost({ problem: problem ?? lost, refused, malformed: this.#malformed });
  }
}
