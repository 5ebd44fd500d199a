// Connections: all connections of an engine, in both directions: who may come in, who is dialled, who stays banned.
import { localAddressOf } from "../discovery/local-address.ts";
import type { InfoHash, InfoHashHex } from "../protocol/ids.ts";
import { toHex } from "../protocol/ids.ts";
import type { Handshake } from "../protocol/peer/messages.ts";
import type { Address, PeerSource } from "../swarm/events.ts";
import type { Bans } from "./bans.ts";
import { Dialer } from "./dialer.ts";
import { incomingEncryption } from "./encryption.ts";
import { FETCHING_SHARE, MAX_CONNECTIONS } from "./limits.ts";
import { Listener } from "./listener.ts";
import type { PeerSocket } from "./peer-socket.ts";
import type { TokenBucket } from "./token-bucket.ts";
import type { Transfer } from "./transfer.ts";

const ENOUGH = "there are peers enough";

export interface ConnectionsOptions {
  /** Peers of all transfers that may be connected; 200 unless said. */
  readonly maxPeers?: number;
  /** Address to listen on, and to dial from; undefined: all. */
  readonly host: string | undefined;
  readonly downLimit: TokenBucket;
  /** Peers that are connected now, of all transfers. */
  readonly count: () => number;
  readonly bans: Pick<Bans, "has">;
  readonly transferOf: (infoHash: InfoHashHex) => Transfer | undefined;
  /** The torrent that is asked for like this in an encrypted handshake. */
  readonly infoHashOf: (obfuscated: Uint8Array) => InfoHash | undefined;
  /** Somebody asks for a torrent that is not here; true when it is one that is looked for, and the socket was taken over. */
  readonly takes: (socket: PeerSocket, handshake: Handshake) => boolean;
  /** Somebody asked for a torrent that is not here. */
  readonly gotStranger: (infoHash: InfoHashHex) => void;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #dialer: Dialer;
  #listener: Listener | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#dialer = new Dialer(options.downLimit, localAddressOf(options.host));
  }

  /** The TCP port that takes peers; 0 until it does. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Dials that have not come to a connection. */
  get dialing(): number {
    return this.#dialer.dialing;
  }

  /** Takes peers on `port`, or on the next free one; 0: any. Throws the system's error when none can be had. */
  async open(port: number): Promise<void> {
    const { host, downLimit } = this.#options;
    this.#listener = await Listener.open(port, {
      host,
      downLimit,
      encrypt: incomingEncryption(this.#options.infoHashOf),
      hasRoom: () => this.#hasRoom,
      gotHandshake: (socket, handshake) => this.#gotHandshake(socket, handshake),
    });
  }

  /** Dials a peer for a transfer, which hears what became of it, but never before this returns. */
  dial(transfer: Transfer, address: Address, source: PeerSource): void {
    const tell = (type: "dial-failed" | "not-dialled") => () => transfer.dispatch({ type, address });
    if (!this.hasRoomFor(transfer) || this.#options.bans.has(address)) return queueMicrotask(tell("not-dialled"));
    this.#dialer.dial({
      address,
      handshake: transfer.handshake(),
      isUrgent: transfer.isFetching,
      connected: (socket, handshake) => {
        // The dialer tells of it as of a dial that failed.
        if (toHex(handshake.infoHash) !== transfer.infoHash) socket.close("it answered for another torrent");
        else if (this.#options.bans.has(socket.address)) socket.close("it is banned");
        else if (!this.hasRoomFor(transfer)) socket.close(ENOUGH);
        else transfer.attach(socket, handshake, source, address);
      },
      failed: tell("dial-failed"),
    });
  }

  /** Dials a peer to ask for a torrent's metainfo: `failed` also when it answers for another torrent. */
  dialFor(address: Address, handshake: Handshake, connected: (socket: PeerSocket) => void, failed: () => void): void {
    if (!this.#hasRoom || this.#options.bans.has(address)) return queueMicrotask(failed);
    const wanted = toHex(handshake.infoHash);
    this.#dialer.dial({
      address,
      handshake,
      isUrgent: true,
      connected: (socket, answer) => {
        if (toHex(answer.infoHash) === wanted && answer.extended) connected(socket);
        else socket.close("it has no metainfo for us");
      },
      failed,
    });
  }

  /** Takes and begins no more connections; those that stand are their transfers' to end. */
  async close(): Promise<void> {
    this.#dialer.close();
    await this.#listener?.close();
  }

  /** May one more peer of this transfer be connected? Those that fetch nothing leave some places to others. */
  hasRoomFor({ isFetching }: Transfer): boolean {
    const kept = isFetching ? 0 : Math.floor(this.#maxPeers * FETCHING_SHARE);
    return this.#options.count() < this.#maxPeers - kept;
  }

  get #hasRoom(): boolean {
    return this.#options.count() < this.#maxPeers;
  }

  get #maxPeers(): number {
    return this.#options.maxPeers ?? MAX_CONNECTIONS;
  }

  #gotHandshake(socket: PeerSocket, handshake: Handshake): void {
    if (this.#options.bans.has(socket.address)) return socket.close("it is banned");
    const infoHash = toHex(handshake.infoHash);
    const transfer = this.#options.transferOf(infoHash);
    // Some may have come while it said its handshake.
    if (!(transfer ? this.hasRoomFor(transfer) : this.#hasRoom)) return socket.close(ENOUGH);
    if (transfer) return transfer.attach(socket, handshake, "incoming");
    if (this.#options.takes(socket, handshake)) return;
    socket.close("it asked for a torrent that is not here");
    this.#options.gotStranger(infoHash);
  }
}
