// TransferPeers: the sockets of a transfer's peers, by the key the swarm knows each by, and what serves them.
import type { PeerMessage } from "../protocol/peer/messages.ts";
import type { Address, PeerKey, Upload } from "../swarm/events.ts";
import type { PeerSocket } from "./peer-socket.ts";
import type { TokenBucket } from "./token-bucket.ts";
import { Uploader } from "./uploader.ts";
import type { WireBuffers } from "./wire-buffers.ts";

export interface TransferPeersOptions {
  readonly upLimit: TokenBucket;
  readonly wireBuffers: WireBuffers;
  /** As those of an Uploader. */
  readonly take: (peer: PeerKey, maxBytes: number) => readonly Upload[];
  readonly read: (index: number, begin: number, into: readonly Uint8Array[]) => Promise<void>;
  readonly sent: (peer: PeerKey, bytes: number) => void;
  readonly failed: (peer: PeerKey, uploads: readonly Upload[], error: unknown) => void;
  readonly gotMessage: (peer: PeerKey, message: PeerMessage) => void;
  readonly left: (peer: PeerKey) => void;
}

interface Peer {
  readonly socket: PeerSocket;
  readonly uploader: Uploader;
}

export class TransferPeers {
  readonly #options: TransferPeersOptions;
  readonly #peers = new Map<PeerKey, Peer>();
  #lastKey = 0;
  /** Too much waits for the disk: nobody is read from. */
  #isPaused = false;

  constructor(options: TransferPeersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** Bytes that wait for peers to read them. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const { socket } of this.#peers.values()) bytes += socket.waitingBytes;
    return bytes;
  }

  /** Takes a socket over; what it says is heard from now on. Returns the key of its peer. */
  add(socket: PeerSocket): PeerKey {
    const { upLimit: limit, wireBuffers: buffers, take, read, sent, failed, gotMessage } = this.#options;
    const key = ++this.#lastKey;
    const uploader = new Uploader({
      socket,
      limit,
      buffers,
      take: (maxBytes) => take(key, maxBytes),
      read,
      sent: (bytes) => sent(key, bytes),
      failed: (uploads, error) => failed(key, uploads, error),
    });
    this.#peers.set(key, { socket, uploader });
    socket.handOver({ gotMessage: (message) => gotMessage(key, message), closed: () => this.#closed(key) });
    if (this.#isPaused) socket.pause("disk");
    return key;
  }

  addressOf(key: PeerKey): Address | undefined {
    return this.#peers.get(key)?.socket.address;
  }

  /** Is it read from? Its silence is ours while it is not. */
  isRead(key: PeerKey): boolean {
    return this.#peers.get(key)?.socket.isPaused !== true;
  }

  send(key: PeerKey, message: PeerMessage): void {
    this.#peers.get(key)?.socket.send(message);
  }

  /** Requests of it wait to be served. */
  serve(key: PeerKey): void {
    this.#peers.get(key)?.uploader.wake();
  }

  /** Sends it all blocks of a piece as a gift. */
  give(key: PeerKey, index: number, length: number): void {
    this.#peers.get(key)?.uploader.give(index, length);
  }

  /** Sends it nothing more of a gift. */
  takeBack(key: PeerKey, index: number): void {
    this.#peers.get(key)?.uploader.takeBack(index);
  }

  /** Reads from nobody, or from everybody again. */
  setPaused(paused: boolean): void {
    this.#isPaused = paused;
    for (const { socket } of this.#peers.values()) {
      if (paused) socket.pause("disk");
      else socket.resume("disk");
    }
  }

  close(key: PeerKey, reason: string): void {
    this.#peers.get(key)?.socket.close(reason);
  }

  closeAll(reason: string): void {
    for (const { socket } of this.#peers.values()) socket.close(reason);
  }

  #closed(key: PeerKey): void {
    this.#peers.get(key)?.uploader.close();
    this.#peers.delete(key);
    this.#options.left(key);
  }
}
