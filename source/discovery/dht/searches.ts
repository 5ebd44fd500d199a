// Searches: which torrents are looked for in the DHT and when: at once, again while they lack peers, and every quarter of an hour.
import type { Contact } from "../../protocol/dht/krpc.ts";
import type { InfoHash } from "../../protocol/ids.ts";
import type { Endpoint } from "../../protocol/tracker/endpoint.ts";
import { HUNGRY_MS, MAX_SEARCHES, SATED_GAP_MS, SEARCH_GAP_MS, SEARCH_MS } from "./limits.ts";
import type { PeerSearch } from "./node.ts";

/** A torrent whose peers are looked for. */
export interface WantedPeers {
  readonly infoHash: InfoHash;
  /** TCP port that takes peers of it, to be announced; undefined: nothing is announced. */
  readonly port: () => number | undefined;
  /** Does it lack peers? */
  readonly isHungry: () => boolean;
  readonly onPeers: (peers: readonly Endpoint[]) => void;
  readonly onSearched?: (result: SearchResult) => void;
}

/** What came of a search. */
export interface SearchResult {
  /** Peers that it was told of. */
  readonly found: number;
  /** Did any node answer? */
  readonly works: boolean;
  /** When the next one is due, monotonic. */
  readonly nextAt: number;
}

interface Wanted extends WantedPeers {
  dueAt: number;
  isSearching: boolean;
  /** Searches since it last did not lack peers. */
  hungrySearches: number;
  near: readonly Contact[];
}

export interface SearchesOptions {
  readonly random: () => number;
  readonly search: (search: PeerSearch, now: number) => void;
}

export class Searches {
  readonly #options: SearchesOptions;
  readonly #wanted = new Set<Wanted>();
  #running = 0;
  /** When the last search began, and when the next one may. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #lookAt = Number.NEGATIVE_INFINITY;
  #now = 0;

  constructor(options: SearchesOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Looks for its peers from now on; returns the way to stop. */
  add(wanted: WantedPeers, now: number): () => void {
    const added = { ...wanted, dueAt: now, isSearching: false, hungrySearches: 0, near: [] };
    this.#wanted.add(added);
    this.#lookAt = this.#begunAt + SEARCH_GAP_MS;
    return () => void this.#wanted.delete(added);
  }

  /** All are due, those that lack peers from the beginning. */
  again(now: number): void {
    for (const wanted of this.#wanted) {
      wanted.dueAt = now;
      wanted.hungrySearches = 0;
    }
  }

  /** Begins what is due, who lacks peers first. */
  tick(now: number): void {
    this.#now = now;
    if (this.#running >= MAX_SEARCHES || now < this.#lookAt) return;
    this.#lookAt = now + SEARCH_GAP_MS;
    const next = this.#next(now);
    if (!next) return;
    this.#begunAt = now;
    this.#begin(next, now);
  }

  nextTick(): number | undefined {
    if (this.#running >= MAX_SEARCHES) return undefined;
    let due: number | undefined;
    for (const { dueAt, isSearching } of this.#wanted) {
      if (!isSearching) due = Math.min(due ?? Infinity, dueAt);
    }
    return due === undefined ? undefined : Math.max(due, this.#lookAt);
  }

  #next(now: number): Wanted | undefined {
    let next: Wanted | undefined;
    for (const wanted of this.#wanted) {
      if (wanted.isSearching || wanted.dueAt > now) continue;
      if (wanted.isHungry()) return wanted;
      if (!next || wanted.dueAt < next.dueAt) next = wanted;
    }
    return now >= this.#begunAt + SATED_GAP_MS ? next : undefined;
  }

  #begin(wanted: Wanted, now: number): void {
    const { infoHash, near, onPeers, onSearched } = wanted;
    let found = 0;
    wanted.isSearching = true;
    this.#running++;
    const search: PeerSearch = {
      infoHash,
      port: wanted.port(),
      near,
      onPeers: (peers) => {
        if (!this.#wanted.has(wanted)) return;
        found += peers.length;
        onPeers(peers);
      },
      done: (answered) => {
        this.#running--;
        wanted.isSearching = false;
        wanted.near = answered.map(({ id, host, port }) => ({ id: copyOf(id), host, port }));
        if (!this.#wanted.has(wanted)) return;
        wanted.dueAt = this.#now + this.#pauseMs(wanted);
        onSearched?.({ found, works: answered.length > 0, nextAt: wanted.dueAt });
      },
    };
    this.#options.search(search, now);
  }

  #pauseMs(wanted: Wanted): number {
    wanted.hungrySearches = wanted.isHungry() ? wanted.hungrySearches + 1 : 0;
    const pauseMs = wanted.hungrySearches > 0 ? HUNGRY_MS * 2 ** (wanted.hungrySearches - 1) : SEARCH_MS;
    return Math.min(SEARCH_MS, pauseMs) * (0.9 + 0.2 * this.#options.random());
  }
}

/** Without the datagram it came in. */
function copyOf<T extends Uint8Array>(bytes: T): T {
  return new Uint8Array(bytes) as T;
}
