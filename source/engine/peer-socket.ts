// PeerSocket: one TCP connection to a peer. Reads, writes and closes; decides nothing.
import type { Socket } from "node:net";
import { ProtocolError } from "../protocol/errors.ts";
import { PeerConnection } from "../protocol/peer/connection.ts";
import type { PeerMessage } from "../protocol/peer/messages.ts";
import { Outbox } from "../protocol/peer/outbox.ts";
import type { Address } from "../swarm/events.ts";
import { MAX_UNREAD_BYTES, UNREAD_MS } from "./limits.ts";
import type { PeerEncryption } from "../protocol/peer/encryption/handshake.ts";
import type { Encrypt } from "./encryption.ts";
import { ReadBrake } from "./read-brake.ts";
import type { TokenBucket } from "./token-bucket.ts";

export interface PeerSocketHandlers {
  /** Called for each message as it is read; a `piece`'s data is valid only meanwhile. */
  readonly gotMessage: (message: PeerMessage) => void;
  /** Called once, with why in words. */
  readonly closed: (reason: string) => void;
}

export class PeerSocket {
  readonly connection = new PeerConnection();
  readonly address: Address;
  readonly #socket: Socket;
  readonly brake: ReadBrake;
  #handlers: PeerSocketHandlers;
  /** Until it is known that nothing is encrypted. */
  #encryption: PeerEncryption | undefined;
  readonly #unsent = new Outbox();
  #flushing = false;
  /** Writes of whole batches that have not left, and when one last had. */
  #writing = 0;
  #readAt = 0;
  #unreadTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #hasLeft = false;
  /** Hands on a message; false when no more are to be read. */
  readonly #gotMessage = (message: PeerMessage): boolean => {
    this.#handlers.gotMessage(message);
    return !this.#closed;
  };

  /** Takes over a connected socket; `receive` must be called with what it reads. Nothing is encrypted without `encrypt`. */
  constructor(socket: Socket, handlers: PeerSocketHandlers, downLimit: TokenBucket, encrypt?: Encrypt) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.brake = new ReadBrake(downLimit, { pause: () => void socket.pause(), resume: () => void socket.resume() });
    this.address = { host: plainHost(socket.remoteAddress ?? ""), port: socket.remotePort ?? 0 };
    socket.setNoDelay(true);
    socket.on("error", (error) => this.#leave(error.message));
    socket.on("close", () => this.#leave("it closed the connection"));
    this.#encryption = encrypt?.((bytes) => void socket.write(bytes), this.address.host);
  }

  /** Was it closed by the peer, not by us? */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes that wait to be sent. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Bytes of the handshake or message that is arriving. */
  get receivedBytes(): number {
    return this.#socket.bytesRead;
  }

  /** From now on another room hears what happens. */
  handOver(handlers: PeerSocketHandlers): void {
    this.#handlers = handlers;
  }

  /** Bytes that it should be given at once at most: what a low limit allows in seconds would come in bursts. */
  get mostReadBytes(): number {
    return this.brake.limit.burstBytes;
  }

  /** Parses what was read and hands on its messages; closes when the peer broke the protocol. */
  receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.brake.pay(chunk.length);
    try {
      const plain = this.#encryption ? this.#decrypt(this.#encryption, chunk) : chunk;
      this.connection.receive(plain, this.#gotMessage);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(error.message);
    }
  }

  /** Sends soon: all messages of one turn of the event loop leave in one write. */
  send(message: PeerMessage): void {
    if (this.#closed) return;
    this.connection.write(message, this.#unsent);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flush();
      if (this.waitingBytes > MAX_UNREAD_BYTES) this.close("it does not read what is sent to it");
    });
  }

  /**
   * Writes bytes in wire format behind what was sent before, and may change them; `written` is called when they have left (true) or
   * never will.
   */
  write(bytes: Uint8Array, written: (haveLeft: boolean) => void): void {
    this.#flush();
    if (this.#closed) return written(false);
    if (this.#writing++ === 0) this.#readAt = performance.now();
    this.#unreadTimer ??= setTimeout(() => this.#lookIfRead(), UNREAD_MS).unref();
    this.#socket.write(this.#encryption?.seal(bytes) ?? bytes, (error) => {
      this.#writing--;
      this.#readAt = performance.now();
      written(!error);
    });
  }

  /** Closes at once; says why to whoever listens. Later calls do nothing. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.brake.release();
    clearTimeout(this.#unreadTimer);
    this.#letGo();
    this.#handlers.closed(reason);
  }

  #leave(reason: string): void {
    this.#hasLeft = !this.#closed;
    this.close(reason);
  }

  /** What was said still leaves; to whom nothing was said is gone at once: thousands may come that say nothing. */
  #letGo(): void {
    if (this.#socket.bytesWritten === 0) return void this.#socket.destroy();
    this.#socket.destroySoon();
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  /** Nothing of what was written has left for a minute: it reads nothing. */
  #lookIfRead(): void {
    this.#unreadTimer = undefined;
    if (this.#writing === 0 || this.#closed) return;
    const leftMs = this.#readAt + UNREAD_MS - performance.now();
    if (leftMs <= 0) return this.close("it does not read what it asked for");
    this.#unreadTimer = setTimeout(() => this.#lookIfRead(), leftMs).unref();
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#unsent.isEmpty || this.#closed) return;
    const bytes = this.#unsent.take();
    this.#socket.write(this.#encryption?.seal(bytes) ?? bytes);
  }

  #decrypt(encryption: PeerEncryption, chunk: Uint8Array): Uint8Array {
    const plain = encryption.receive(chunk);
    if (encryption.isClear) this.#encryption = undefined;
    return plain;
  }
}

/** An IPv4 address mapped into IPv6 is the IPv4 address. */
export function plainHost(host: string): string {
  return host.startsWith("::ffff:") && host.includes(".") ? host.slice(7) : host;
}
