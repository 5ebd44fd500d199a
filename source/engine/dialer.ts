// Dialer: connections to candidates, so many a second and so many at once, for all torrents together.
import { connect, type Socket } from "node:net";
import { leavingFrom } from "../discovery/local-address.ts";
import type { Handshake } from "../protocol/peer/messages.ts";
import type { Address } from "../swarm/events.ts";
import { awaitHandshake } from "./await-handshake.ts";
import { CONNECT_MS, DIALS_PER_SECOND, MAX_HALF_OPEN } from "./limits.ts";
import { outgoingEncryption } from "./encryption.ts";
import { PeerSocket } from "./peer-socket.ts";
import { readsInto } from "./socket-reading.ts";
import type { TokenBucket } from "./token-bucket.ts";

export interface Dial {
  readonly address: Address;
  /** Ours, sent as soon as the connection stands. */
  readonly handshake: Handshake;
  /** It is for something that is fetched: who only shares can wait. */
  readonly isUrgent: boolean;
  /** The peer answered for this torrent; the socket is to be taken over. */
  readonly connected: (socket: PeerSocket, handshake: Handshake) => void;
  readonly failed: (reason: string) => void;
}

interface Attempt extends Dial {
  /** In the clear it was closed without a word: some speak to nobody in the clear. */
  readonly isEncrypted: boolean;
}

export class Dialer {
  readonly #downLimit: TokenBucket;
  readonly #localAddress: string | undefined;
  readonly #urgent: Attempt[] = [];
  readonly #others: Attempt[] = [];
  readonly #open = new Set<Socket>();
  /** Connected, and their handshake has not come. */
  readonly #greeted = new Set<PeerSocket>();
  #begun = 0;
  #second: NodeJS.Timeout | undefined;
  #closed = false;

  /** `localAddress`: where all dials leave from; undefined: wherever the system says. */
  constructor(downLimit: TokenBucket, localAddress?: string) {
    this.#downLimit = downLimit;
    this.#localAddress = localAddress;
  }

  /** Dials that have not come to a connection, and those that wait for their turn. */
  get dialing(): number {
    return this.#open.size + this.#waiting;
  }

  /** Dials as soon as it is this one's turn; urgent ones have theirs first: of a thousand torrents each has 25 that wait. */
  dial(dial: Dial): void {
    this.#try({ ...dial, isEncrypted: false });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#second);
    this.#urgent.length = 0;
    this.#others.length = 0;
    for (const socket of this.#open) socket.destroy(new Error("the engine stops"));
    for (const socket of this.#greeted) socket.close("the engine stops");
  }

  #try(attempt: Attempt): void {
    (attempt.isUrgent ? this.#urgent : this.#others).push(attempt);
    this.#next();
  }

  get #waiting(): number {
    return this.#urgent.length + this.#others.length;
  }

  #next(): void {
    while (!this.#closed && this.#waiting > 0 && this.#open.size < MAX_HALF_OPEN && this.#begun < DIALS_PER_SECOND) {
      this.#begun++;
      this.#second ??= setTimeout(() => {
        this.#second = undefined;
        this.#begun = 0;
        this.#next();
      }, 1_000).unref();
      this.#begin((this.#urgent.shift() ?? this.#others.shift())!);
    }
  }

  #begin(dial: Attempt): void {
    let peer: PeerSocket | undefined;
    const raw = connect({
      host: dial.address.host,
      port: dial.address.port,
      ...leavingFrom(this.#localAddress),
      onread: readsInto(() => peer),
    });
    this.#open.add(raw);
    const settle = () => {
      clearTimeout(timer);
      this.#open.delete(raw);
      this.#next();
    };
    const fail = (error: Error) => {
      settle();
      dial.failed(error.message);
    };
    const timer = setTimeout(() => raw.destroy(new Error("no answer within 10 s")), CONNECT_MS);
    raw.once("error", fail);
    raw.once("connect", () => {
      raw.off("error", fail);
      settle();
      peer = this.#greet(raw, dial);
    });
  }

  #greet(raw: Socket, dial: Attempt): PeerSocket {
    const handlers = awaitHandshake({
      done: (handshake) => {
        this.#greeted.delete(peer);
        dial.connected(peer, handshake);
      },
      failed: (reason) => {
        this.#greeted.delete(peer);
        if (dial.isEncrypted || !peer.hasLeft || peer.receivedBytes > 0) dial.failed(reason);
        else this.#try({ ...dial, isEncrypted: true });
      },
    });
    const encrypt = dial.isEncrypted ? outgoingEncryption(dial.handshake.infoHash) : undefined;
    const peer = new PeerSocket(raw, handlers, this.#downLimit, encrypt);
    this.#greeted.add(peer);
    handlers.watch(peer);
    peer.send(dial.handshake);
    return peer;
  }
}
