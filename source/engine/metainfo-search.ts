// MetainfoSearch: finds the metainfo of a torrent of which only the hash is known, among peers of its trackers, of the DHT and of our
// networks (BEP 9).
import { Announcer } from "../discovery/announcer.ts";
import type { Dht } from "../discovery/dht/dht.ts";
import type { Lan } from "../discovery/lan/lan.ts";
import { isInfoOf } from "../metainfo/from-info.ts";
import { type InfoHash, type InfoHashHex, type PeerId, toHex } from "../protocol/ids.ts";
import type { Handshake } from "../protocol/peer/messages.ts";
import { isPrivateHost } from "../protocol/tracker/endpoint.ts";
import type { Address } from "../swarm/events.ts";
import { MAX_PEERS } from "../swarm/limits.ts";
import { addressText } from "./address-text.ts";
import type { Connections } from "./connections.ts";
import { METAINFO_AGAIN_MS, METAINFO_GUESTS, METAINFO_MS, METAINFO_PEERS } from "./limits.ts";
import { MetainfoAsker } from "./metainfo-asker.ts";
import type { PeerSocket } from "./peer-socket.ts";

export interface MetainfoSearchOptions {
  /** Where announces leave from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  readonly connections: Pick<Connections, "dialFor" | "port">;
  readonly dht: Pick<Dht, "want" | "port"> | undefined;
  readonly lan: Pick<Lan, "want"> | undefined;
  readonly peerId: PeerId;
  /** `v` of our extended handshake. */
  readonly client: string;
}

export interface Sought {
  readonly infoHash: InfoHash;
  /** Announce URLs that may know peers. */
  readonly trackers: readonly string[];
  readonly peers: readonly Address[];
  /** Peers are looked for in the DHT and in our networks, too. */
  readonly dht: boolean;
  /** Ends the search. */
  readonly signal: AbortSignal;
}

export interface FoundInfo {
  /** The raw info dictionary, its hash checked. */
  readonly info: Uint8Array;
  /** Peers of our own networks that were met meanwhile. */
  readonly neighbours: readonly Address[];
}

export class MetainfoSearch {
  readonly #options: MetainfoSearchOptions;
  readonly #asking = new Set<Asking>();

  constructor(options: MetainfoSearchOptions) {
    this.#options = options;
  }

  /** Undefined when nobody tells it within a minute. */
  async find(sought: Sought): Promise<FoundInfo | undefined> {
    const { connections, peerId, localAddress, dht, lan } = this.#options;
    const over = AbortSignal.any([sought.signal, AbortSignal.timeout(METAINFO_MS)]);
    const asking = new Asking(this.#options, sought, over);
    const announcer = new Announcer({
      tiers: sought.trackers.map((url) => [url]),
      infoHash: sought.infoHash,
      peerId,
      listenPort: () => connections.port,
      localAddress,
      // How much there is nobody knows yet: something.
      stats: () => ({ uploaded: 0, downloaded: 0, left: 1 }),
      random: Math.random,
      onPeers: (peers) => asking.heardOf(peers),
    });
    asking.heardOf(sought.peers);
    announcer.start();
    this.#asking.add(asking);
    const { infoHash } = sought;
    const stops = sought.dht
      ? [
          dht?.want({
            infoHash,
            // What we do not have we do not offer.
            port: () => undefined,
            isHungry: () => true,
            onPeers: (peers) => asking.heardOf(peers),
          }),
          // Who hears of us there dials, and is asked then.
          lan?.want({ infoHash, onPeer: (peer) => asking.heardOfNeighbour(peer) }),
        ]
      : [];
    try {
      const info = await asking.found;
      return info && { info, neighbours: asking.neighbours };
    } finally {
      this.#asking.delete(asking);
      asking.close();
      for (const stop of stops) stop?.();
      void announcer.stop();
    }
  }

  /** Asks somebody who came for a torrent that is looked for, and takes over the socket; false when he is not asked. */
  take(socket: PeerSocket, handshake: Handshake): boolean {
    const wanted = toHex(handshake.infoHash);
    return [...this.#asking].some((asking) => asking.infoHash === wanted && asking.take(socket, handshake));
  }
}

/** Peers that are asked, some at once, and those that wait for it. */
class Asking {
  readonly found: Promise<Uint8Array | undefined>;
  readonly infoHash: InfoHashHex;
  readonly neighbours: Address[] = [];
  readonly #options: MetainfoSearchOptions;
  readonly #sought: Sought;
  readonly #waiting: Address[] = [];
  readonly #known = new Set<string>();
  readonly #askers = new Set<MetainfoAsker>();
  #busy = 0;
  #guests = 0;
  #settle: (info: Uint8Array | undefined) => void = () => undefined;
  readonly #later = new Set<NodeJS.Timeout>();
  #isOver = false;

  constructor(options: MetainfoSearchOptions, sought: Sought, over: AbortSignal) {
    this.#options = options;
    this.#sought = sought;
    this.infoHash = toHex(sought.infoHash);
    this.found = new Promise((settle) => (this.#settle = settle));
    if (over.aborted) this.#settle(undefined);
    over.addEventListener("abort", () => this.#settle(undefined), { once: true });
  }

  heardOf(peers: readonly Address[]): void {
    for (const peer of peers) {
      if (this.#known.has(addressText(peer))) continue;
      this.#known.add(addressText(peer));
      this.#waiting.push(peer);
    }
    this.#askMore();
  }

  /** No more than a transfer takes: whoever invents some keeps us from few others. */
  heardOfNeighbour(peer: Address): void {
    if (this.neighbours.length >= MAX_PEERS || this.#known.has(addressText(peer))) return;
    this.neighbours.push(peer);
    this.heardOf([peer]);
  }

  /** Asks somebody who came; false when he can tell nothing, or many are asked. */
  take(socket: PeerSocket, { extended }: Handshake): boolean {
    if (!extended || this.#guests >= METAINFO_GUESTS) return false;
    this.#guests++;
    socket.send(this.#handshake);
    const { host } = socket.address;
    this.#listenTo(socket, (_, port) => {
      this.#guests--;
      if (port !== undefined && isPrivateHost(host)) this.neighbours.unshift({ host, port });
    });
    return true;
  }

  close(): void {
    this.#isOver = true;
    for (const timer of this.#later) clearTimeout(timer);
    for (const asker of this.#askers) asker.close();
  }

  #askMore(): void {
    while (!this.#isOver && this.#busy < METAINFO_PEERS && this.#waiting.length > 0) this.#ask(this.#waiting.shift()!);
  }

  get #handshake(): Handshake {
    const { infoHash } = this.#sought;
    return { type: "handshake", infoHash, peerId: this.#options.peerId, fast: false, extended: true, dht: false };
  }

  #ask(address: Address): void {
    this.#busy++;
    const ended = (hasTold: boolean) => {
      if (!hasTold) this.#askAgain(address);
      this.#busy--;
      this.#askMore();
    };
    this.#options.connections.dialFor(
      address,
      this.#handshake,
      (socket) => this.#listenTo(socket, ended),
      () => ended(false),
    );
  }

  /** `ended` hears whether it told all, be it a lie, and on which port it takes peers if it was none. */
  #listenTo(socket: PeerSocket, ended: (hasTold: boolean, listensOn?: number) => void): void {
    if (this.#isOver) return socket.close("the metainfo is not needed");
    const asker = new MetainfoAsker({
      socket,
      client: this.#options.client,
      got: (info, listensOn) => {
        this.#askers.delete(asker);
        const isRight = isInfoOf(this.#sought.infoHash, info);
        if (isRight) this.#settle(info);
        ended(true, isRight ? listensOn : undefined);
      },
      failed: () => {
        this.#askers.delete(asker);
        ended(false);
      },
    });
    this.#askers.add(asker);
  }

  #askAgain(address: Address): void {
    if (this.#isOver) return;
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      this.#waiting.push(address);
      this.#askMore();
    }, METAINFO_AGAIN_MS).unref();
    this.#later.add(timer);
  }
}
