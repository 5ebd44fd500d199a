// One channel connection at the tracker's end, whatever is said over it: what it may cost, what waits for it, and how it ends.
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { WebSocket } from "ws";
import { MESSAGES_PER_SECOND, MESSAGE_BURST } from "../source/protocol/channel/limits.ts";
import { type TrackerMessage, encodeMessage } from "../source/protocol/channel/messages.ts";
import { TokenBucket } from "../source/protocol/channel/token-bucket.ts";
import {
  CHANNEL_BYTES_PER_SECOND,
  CHANNEL_BYTE_BURST,
  MAX_QUEUED_BYTES,
  MESSAGE_TOLERANCE,
  REJECTED_MS,
} from "./limits.ts";

/** Close codes of RFC 6455. */
const GOING_AWAY = 1001;
const POLICY = 1008;

export class ChannelLine {
  /** When anything last came over it, or it was made; monotonic milliseconds. */
  heardAt: number;
  readonly #socket: WebSocket;
  /** What `#socket` writes to: frames that were made for all go to it as they are. */
  readonly #stream: Duplex;
  readonly #now: () => number;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  /** Not read until its bytes are paid for. */
  #owes = false;
  /** Not read until its requests are answered. */
  #isHeld = false;
  /** Bytes of torrents and catalogue pages on their way: they do not count as a queue. */
  #bulkBytes = 0;
  #why: string | undefined;

  /** `now`: monotonic milliseconds. */
  constructor(socket: WebSocket, stream: Duplex, now: () => number) {
    this.#socket = socket;
    this.#stream = stream;
    this.#now = now;
    this.heardAt = now();
    this.#messages = new TokenBucket(MESSAGES_PER_SECOND, MESSAGE_BURST + MESSAGE_TOLERANCE, this.heardAt);
    this.#bytes = new TokenBucket(CHANNEL_BYTES_PER_SECOND, CHANNEL_BYTE_BURST, this.heardAt);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Why we ended it, or what went wrong with it. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Counts a message of whatever kind that has come; false when its sender floods. */
  takes(bytes: number): boolean {
    this.heardAt = this.#now();
    this.#spend(bytes);
    return this.#messages.take(this.heardAt);
  }

  /** Whether to read no more for now. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#readOrNot();
  }

  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  pong(data: Buffer): void {
    this.#socket.pong(data);
  }

  send(message: TrackerMessage): void {
    if (this.isOpen) this.#socket.send(encodeMessage(message));
  }

  /** Sends what may be long. Resolves when it is handed to the system, or the connection is gone. */
  sendBulk(message: TrackerMessage): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    const frame = Buffer.from(encodeMessage(message));
    this.#bulkBytes += frame.length;
    this.#spend(frame.length);
    return new Promise((resolve) => {
      this.#socket.send(frame, { binary: false }, () => {
        this.#bulkBytes -= frame.length;
        resolve();
      });
    });
  }

  /** Sends frames that were made for all. Who does not read is cut; the others never notice. */
  broadcast(frames: Buffer): void {
    if (!this.isOpen) return;
    if (this.#stream.writableLength - this.#bulkBytes > MAX_QUEUED_BYTES) this.cut("did not read");
    else this.#stream.write(frames);
  }

  /** To be waited for between two answers: others have their turn, and what was answered is paid for. */
  async turn(): Promise<void> {
    await nextTurn();
    for (let owedMs; this.isOpen && (owedMs = this.#bytes.spend(0, this.#now())) > 0;)
      await delay(owedMs, undefined, { ref: false });
  }

  /** Ends a connection that broke a rule. A reason has at most 123 bytes. */
  reject(reason: string): void {
    this.note(reason);
    this.#socket.close(POLICY, reason.replaceAll(/[^ -~]/g, "?").slice(0, 123));
    this.#socket.pause();
    setTimeout(() => this.#socket.terminate(), REJECTED_MS).unref();
  }

  /** Ends a connection that does not answer. */
  cut(why: string): void {
    this.note(why);
    this.#socket.terminate();
  }

  /** Why it is about to end. */
  note(why: string): void {
    this.#why ??= why;
  }

  /** Says that the tracker stops; resolves when the client has heard it, or is gone. */
  dismiss(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.close(GOING_AWAY, "the tracker stops");
    });
  }

  /** Counts bytes that were read or answered. Who has had more than its share is not read until it has it again. */
  #spend(bytes: number): void {
    const owedMs = this.#bytes.spend(bytes, this.#now());
    if (owedMs === 0 || this.#owes) return;
    this.#owes = true;
    this.#readOrNot();
    setTimeout(() => {
      this.#owes = false;
      this.#spend(0);
      this.#readOrNot();
    }, owedMs).unref();
  }

  #readOrNot(): void {
    if (!this.isOpen) return;
    if (this.#owes || this.#isHeld) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }
}

/** Whether a client that was not cut left on purpose. */
export function isGoodbye(code: number): boolean {
  return code === 1000 || code === GOING_AWAY;
}
