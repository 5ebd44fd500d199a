// TransferPeers: the lines to a transfer's peers, by the key the swarm knows each by, and what serves them.
import type { PeerMessage } from "../protocol/peer/messages.ts";
import type { Address, PeerKey, Upload } from "../swarm/events.ts";
import type { PeerSocket, PeerSocketHandlers } from "./peer-socket.ts";
import type { ReadBrake } from "./read-brake.ts";
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

/** What carries messages from and to a peer: a socket, or a web server that is asked in the peer's place. */
export interface PeerLine {
  readonly address: Address;
  readonly brake: ReadBrake;
  /** Bytes that wait to be sent. */
  readonly waitingBytes: number;
  handOver(handlers: PeerSocketHandlers): void;
  send(message: PeerMessage): void;
  close(reason: string): void;
}

interface Peer {
  readonly line: PeerLine;
  /** Undefined: it never asks for anything. */
  readonly uploader: Uploader | undefined;
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
    for (const { line } of this.#peers.values()) bytes += line.waitingBytes;
    return bytes;
  }

  /** Takes a socket over; what it says is heard from now on. Returns the key of its peer. */
  add(socket: PeerSocket): PeerKey {
    const { upLimit: limit, wireBuffers: buffers, take, read, sent, failed } = this.#options;
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
    this.#join(key, { line: socket, uploader });
    return key;
  }

  /** As `add`, of a peer that only gives. */
  addGiver(line: PeerLine): PeerKey {
    const key = ++this.#lastKey;
    this.#join(key, { line, uploader: undefined });
    return key;
  }

  addressOf(key: PeerKey): Address | undefined {
    return this.#peers.get(key)?.line.address;
  }

  /** Is it read from? Its silence is ours while it is not. */
  isRead(key: PeerKey): boolean {
    return this.#peers.get(key)?.line.brake.isPaused !== true;
  }

  send(key: PeerKey, message: PeerMessage): void {
    this.#peers.get(key)?.line.send(message);
  }

  /** Requests of it wait to be served. */
  serve(key: PeerKey): void {
    this.#peers.get(key)?.uploader?.wake();
  }

  /** Sends it all blocks of a piece as a gift. */
  give(key: PeerKey, index: number, length: number): void {
    this.#peers.get(key)?.uploader?.give(index, length);
  }

  /** Sends it nothing more of a gift. */
  takeBack(key: PeerKey, index: number): void {
    this.#peers.get(key)?.uploader?.takeBack(index);
  }

  /** Reads from nobody, or from everybody again. */
  setPaused(paused: boolean): void {
    this.#isPaused = paused;
    for (const { line } of this.#peers.values()) {
      if (paused) line.brake.pause("disk");
      else line.brake.resume("disk");
    }
  }

  close(key: PeerKey, reason: string): void {
    this.#peers.get(key)?.line.close(reason);
  }

  closeAll(reason: string): void {
    for (const { line } of this.#peers.values()) line.close(reason);
  }

  #join(key: PeerKey, peer: Peer): void {
    this.#peers.set(key, peer);
    const { line } = peer;
    line.handOver({
      gotMessage: (message) => this.#options.gotMessage(key, message),
      closed: () => this.#closed(key),
    });
    if (this.#isPaused) line.brake.pause("disk");
  }

  #closed(key: PeerKey): void {
    this.#peers.get(key)?.uploader?.close();
    this.#peers.delete(key);
    this.#options.left(key);
  }
}
