// MetainfoSearch: finds the metainfo of a torrent of which only the hash is known, among peers of its trackers and of the DHT (BEP 9).
import { Announcer } from "../discovery/announcer.ts";
import type { Dht } from "../discovery/dht/dht.ts";
import { isInfoOf } from "../metainfo/from-info.ts";
import type { InfoHash, PeerId } from "../protocol/ids.ts";
import type { Handshake } from "../protocol/peer/messages.ts";
import type { Address } from "../swarm/events.ts";
import { addressText } from "./address-text.ts";
import type { Connections } from "./connections.ts";
import { METAINFO_AGAIN_MS, METAINFO_MS, METAINFO_PEERS } from "./limits.ts";
import { MetainfoAsker } from "./metainfo-asker.ts";

export interface MetainfoSearchOptions {
  /** Where announces leave from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  readonly connections: Pick<Connections, "dialFor" | "port">;
  readonly dht: Pick<Dht, "want" | "port"> | undefined;
  readonly peerId: PeerId;
  /** `v` of our extended handshake. */
  readonly client: string;
}

export interface Sought {
  readonly infoHash: InfoHash;
  /** Announce URLs that may know peers. */
  readonly trackers: readonly string[];
  readonly peers: readonly Address[];
  /** Peers are looked for in the DHT, too. */
  readonly dht: boolean;
  /** Ends the search. */
  readonly signal: AbortSignal;
}

export class MetainfoSearch {
  readonly #options: MetainfoSearchOptions;

  constructor(options: MetainfoSearchOptions) {
    this.#options = options;
  }

  /** Resolves with the raw info dictionary, its hash checked; undefined when nobody tells it within a minute. */
  async find(sought: Sought): Promise<Uint8Array | undefined> {
    const { connections, peerId, localAddress } = this.#options;
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
    const stop = sought.dht
      ? this.#options.dht?.want({
          infoHash: sought.infoHash,
          // What we do not have we do not offer.
          port: () => undefined,
          isHungry: () => true,
          onPeers: (peers) => asking.heardOf(peers),
        })
      : undefined;
    try {
      return await asking.found;
    } finally {
      asking.close();
      stop?.();
      void announcer.stop();
    }
  }
}

/** Peers that are asked, some at once, and those that wait for it. */
class Asking {
  readonly found: Promise<Uint8Array | undefined>;
  readonly #options: MetainfoSearchOptions;
  readonly #sought: Sought;
  readonly #waiting: Address[] = [];
  readonly #known = new Set<string>();
  readonly #askers = new Set<MetainfoAsker>();
  #busy = 0;
  #settle: (info: Uint8Array | undefined) => void = () => undefined;
  readonly #later = new Set<NodeJS.Timeout>();
  #isOver = false;

  constructor(options: MetainfoSearchOptions, sought: Sought, over: AbortSignal) {
    this.#options = options;
    this.#sought = sought;
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

  close(): void {
    this.#isOver = true;
    for (const timer of this.#later) clearTimeout(timer);
    for (const asker of this.#askers) asker.close();
  }

  #askMore(): void {
    while (!this.#isOver && this.#busy < METAINFO_PEERS && this.#waiting.length > 0) this.#ask(this.#waiting.shift()!);
  }

  #ask(address: Address): void {
    const { connections, peerId, client } = this.#options;
    const { infoHash } = this.#sought;
    const handshake: Handshake = { type: "handshake", infoHash, peerId, fast: false, extended: true, dht: false };
    this.#busy++;
    const ended = () => {
      this.#busy--;
      this.#askMore();
    };
    const failed = () => {
      this.#askAgain(address);
      ended();
    };
    connections.dialFor(
      address,
      handshake,
      (socket) => {
        if (this.#isOver) return socket.close("the metainfo is not needed");
        const asker = new MetainfoAsker({
          socket,
          client,
          got: (info) => {
            this.#askers.delete(asker);
            if (isInfoOf(infoHash, info)) this.#settle(info);
            ended();
          },
          failed: () => {
            this.#askers.delete(asker);
            failed();
          },
        });
        this.#askers.add(asker);
      },
      failed,
    );
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
