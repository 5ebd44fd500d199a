// PeerStore: peers that others announced to us, for a while. Bounded; the oldest go first.
import { type InfoHash, type InfoHashHex, toHex } from "../../protocol/ids.ts";
import type { Endpoint } from "../../protocol/tracker/endpoint.ts";
import { endpointKey } from "./addresses.ts";
import { MAX_HASHES, MAX_PEERS_OF_HASH, MAX_STORED_PEERS, PEER_MS } from "./limits.ts";

interface Announced extends Endpoint {
  readonly until: number;
}

export class PeerStore {
  readonly #random: () => number;
  /** The torrent that was announced longest ago first, and so its peers. */
  readonly #hashes = new Map<InfoHashHex, Map<string, Announced>>();
  #peers = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get hashes(): number {
    return this.#hashes.size;
  }

  get peers(): number {
    return this.#peers;
  }

  add(infoHash: InfoHash, { host, port }: Endpoint, now: number): void {
    const key = toHex(infoHash);
    const peers = this.#hashes.get(key) ?? new Map<string, Announced>();
    this.#hashes.delete(key);
    this.#hashes.set(key, peers);
    this.#forget(peers, endpointKey({ host, port }));
    peers.set(endpointKey({ host, port }), { host, port, until: now + PEER_MS });
    this.#peers++;
    if (peers.size > MAX_PEERS_OF_HASH) this.#forget(peers, peers.keys().next().value!);
    while (this.#hashes.size > MAX_HASHES || this.#peers > MAX_STORED_PEERS) this.#forgetOldest();
  }

  /** At most `most` of the peers of a torrent, others each time. */
  sample(infoHash: InfoHash, most: number, now: number): Endpoint[] {
    const alive = [...(this.#hashes.get(toHex(infoHash))?.values() ?? [])].filter(({ until }) => until > now);
    for (let i = 0; i < Math.min(most, alive.length); i++) {
      const j = i + Math.floor(this.#random() * (alive.length - i));
      [alive[i], alive[j]] = [alive[j]!, alive[i]!];
    }
    return alive.slice(0, most);
  }

  /** Forgets what is too old. */
  tick(now: number): void {
    for (const [key, peers] of this.#hashes) {
      for (const [peer, { until }] of peers) {
        if (until > now) break;
        this.#forget(peers, peer);
      }
      if (peers.size === 0) this.#hashes.delete(key);
    }
  }

  #forgetOldest(): void {
    const [key, peers] = this.#hashes.entries().next().value!;
    this.#hashes.delete(key);
    this.#peers -= peers.size;
  }

  #forget(peers: Map<string, Announced>, peer: string): void {
    if (peers.delete(peer)) this.#peers--;
  }
}
