// Listener: the TCP port that takes peers. Caps and deadlines apply before anything is known of them.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Handshake } from "../protocol/peer/messages.ts";
import { awaitHandshake } from "./await-handshake.ts";
import type { Encrypt } from "./encryption.ts";
import { PeerSocket, plainHost } from "./peer-socket.ts";
import { takeOver } from "./socket-reading.ts";
import type { TokenBucket } from "./token-bucket.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface ListenerOptions {
  readonly host: string | undefined;
  readonly downLimit: TokenBucket;
  /** For those who do not speak in the clear. */
  readonly encrypt: Encrypt;
  /** Is there room for one more peer? */
  readonly hasRoom: () => boolean;
  /** A peer said which torrent it wants; the socket must be taken over or closed. */
  readonly gotHandshake: (socket: PeerSocket, handshake: Handshake) => void;
}

/** Ports tried from the wanted one on. */
const PORTS_TRIED = 32;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #waiting = new WaitingRoom<PeerSocket>();
  #port = 0;
  #closed = false;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /**
   * Listens on `port`, or on the next free one when `port` is taken; 0: any free port.
   * Throws the system's error when none of 32 can be had.
   */
  static async open(port: number, options: ListenerOptions): Promise<Listener> {
    for (let tried = 0; ; tried++) {
      const listener = new Listener(options);
      try {
        await listener.#listen(port === 0 ? 0 : port + tried);
        return listener;
      } catch (error) {
        const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
        if (!taken || tried >= PORTS_TRIED || port + tried >= 65_535) throw error;
      }
    }
  }

  /** TCP port; 0 until it listens. */
  get port(): number {
    return this.#port;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const socket of this.#waiting.guests) socket.close("the engine stops");
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ port, ...(this.#options.host !== undefined && { host: this.#options.host }) }, () => {
        this.#server.off("error", reject);
        // EMFILE and the like: the connection is lost, the port stays open.
        this.#server.on("error", () => undefined);
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  #accept(accepted: Socket): void {
    // What the system had taken already is still handed to us after `close`.
    const host = plainHost(accepted.remoteAddress ?? "");
    if (this.#closed || !this.#options.hasRoom() || !this.#waiting.hasRoomFor(host, performance.now())) {
      accepted.destroy();
      return;
    }
    let reader: PeerSocket | undefined;
    const raw = takeOver(accepted, () => reader);
    if (!raw) return;
    const handlers = awaitHandshake({
      done: (handshake) => {
        this.#waiting.leave(socket);
        this.#options.gotHandshake(socket, handshake);
      },
      failed: () => this.#waiting.leave(socket),
    });
    const socket = new PeerSocket(raw, handlers, this.#options.downLimit, this.#options.encrypt);
    reader = socket;
    this.#waiting.enter(socket, host, performance.now());
    handlers.watch(socket);
  }
}
