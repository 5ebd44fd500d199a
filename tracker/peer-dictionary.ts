// PURE: the peers of every swarm, from announces and from the channel, by address.
// A peer that does both is one: what it says on the channel counts.
import type { InfoHashHex, PeerIdHex } from "../source/protocol/ids.ts";

/** One peer of one swarm. */
export interface SwarmPeer {
  /** `host port`: unique in its swarm. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly peerId: PeerIdHex;
  /** Number of its channel connection; undefined when it announces over HTTP. */
  readonly connection: number | undefined;
  /** Whether it has all of the torrent. */
  readonly seed: boolean;
  /** When it last announced; channel peers stay while they are connected. */
  readonly seenAt: number;
}

export type NewPeer = Omit<SwarmPeer, "key">;

/** A peer that went because of time or of a cap. */
export interface Dropped {
  readonly infoHash: InfoHashHex;
  readonly peer: SwarmPeer;
}

export interface DictionaryCaps {
  readonly swarms: number;
  readonly swarmPeers: number;
  readonly peers: number;
}

interface Swarm {
  /** In no order: a sample is drawn by swapping. */
  readonly peers: SwarmPeer[];
  /** Where in `peers` each stands; in the order they were last heard. */
  readonly places: Map<string, number>;
  seeds: number;
  downloaded: number;
}

/** Key of a peer in its swarm. */
export function peerKey(host: string, port: number): string {
  return `${host} ${port}`;
}

/** Swarms by info hash. Costs the same for swarms of every size. */
export class PeerDictionary {
  /** In the order they were last announced to. */
  readonly #swarms = new Map<InfoHashHex, Swarm>();
  readonly #caps: DictionaryCaps;
  #size = 0;

  constructor(caps: DictionaryCaps) {
    this.#caps = caps;
  }

  /** Peers of all swarms. */
  get size(): number {
    return this.#size;
  }

  get swarmCount(): number {
    return this.#swarms.size;
  }

  get(infoHash: InfoHashHex, key: string): SwarmPeer | undefined {
    const swarm = this.#swarms.get(infoHash);
    const place = swarm?.places.get(key);
    return place === undefined ? undefined : swarm!.peers[place];
  }

  /** BEP 48: seeds, others, and how often somebody completed it. */
  counts(infoHash: InfoHashHex): { complete: number; incomplete: number; downloaded: number } {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return { complete: 0, incomplete: 0, downloaded: 0 };
    return { complete: swarm.seeds, incomplete: swarm.peers.length - swarm.seeds, downloaded: swarm.downloaded };
  }

  /** Adds or renews a peer. Returns those that had to go for it, oldest first. */
  put(infoHash: InfoHashHex, peer: NewPeer): readonly Dropped[] {
    const dropped: Dropped[] = [];
    const key = peerKey(peer.host, peer.port);
    this.remove(infoHash, key);
    let swarm = this.#swarms.get(infoHash);
    if (!swarm) {
      if (this.#swarms.size >= this.#caps.swarms) this.#dropOldestSwarm(dropped);
      swarm = { peers: [], places: new Map(), seeds: 0, downloaded: 0 };
    } else {
      if (swarm.peers.length >= this.#caps.swarmPeers) this.#dropOldest(infoHash, swarm, dropped);
      this.#swarms.delete(infoHash);
    }
    this.#swarms.set(infoHash, swarm);
    if (this.#size >= this.#caps.peers) this.#dropOldestPeer(dropped);
    swarm.places.set(key, swarm.peers.length);
    swarm.peers.push({ key, ...peer });
    if (peer.seed) swarm.seeds++;
    this.#size++;
    return dropped;
  }

  /** Counts a download that ended. */
  completed(infoHash: InfoHashHex): void {
    const swarm = this.#swarms.get(infoHash);
    if (swarm) swarm.downloaded++;
  }

  remove(infoHash: InfoHashHex, key: string): SwarmPeer | undefined {
    const swarm = this.#swarms.get(infoHash);
    const place = swarm?.places.get(key);
    if (!swarm || place === undefined) return undefined;
    const peer = swarm.peers[place]!;
    const last = swarm.peers.pop()!;
    if (last !== peer) {
      swarm.peers[place] = last;
      swarm.places.set(last.key, place);
    }
    swarm.places.delete(key);
    if (peer.seed) swarm.seeds--;
    this.#size--;
    return peer;
  }

  /** Forgets a swarm whole. */
  removeSwarm(infoHash: InfoHashHex): void {
    this.#size -= this.#swarms.get(infoHash)?.peers.length ?? 0;
    this.#swarms.delete(infoHash);
  }

  /** Removes announced peers last heard before `before`, and swarms that have nobody left. */
  expire(before: number): readonly Dropped[] {
    const dropped: Dropped[] = [];
    for (const [infoHash, swarm] of this.#swarms) {
      for (const key of swarm.places.keys()) {
        const peer = this.get(infoHash, key)!;
        if (peer.connection !== undefined) continue;
        // Its places are in the order they were heard: all behind it are younger.
        if (peer.seenAt >= before) break;
        this.#drop(infoHash, key, dropped);
      }
      if (swarm.peers.length === 0 && swarm.downloaded === 0) this.#swarms.delete(infoHash);
    }
    return dropped;
  }

  /** Up to `want` different peers at random, never the one at `asker`. `random` gives 0 <= x < 1. */
  sample(infoHash: InfoHashHex, asker: string, want: number, random: () => number): readonly SwarmPeer[] {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return [];
    const { peers, places } = swarm;
    const sample: SwarmPeer[] = [];
    for (let i = 0; i < peers.length && sample.length < want; i++) {
      const chosen = i + Math.floor(random() * (peers.length - i));
      const peer = peers[chosen]!;
      peers[chosen] = peers[i]!;
      peers[i] = peer;
      places.set(peers[chosen].key, chosen);
      places.set(peer.key, i);
      if (peer.key !== asker) sample.push(peer);
    }
    return sample;
  }

  #drop(infoHash: InfoHashHex, key: string, dropped: Dropped[]): void {
    const peer = this.remove(infoHash, key);
    if (peer) dropped.push({ infoHash, peer });
  }

  /** Connected peers go only when nobody else is left. */
  #dropOldest(infoHash: InfoHashHex, swarm: Swarm, dropped: Dropped[]): void {
    let oldest: string | undefined;
    for (const key of swarm.places.keys()) {
      oldest ??= key;
      if (this.get(infoHash, key)?.connection !== undefined) continue;
      oldest = key;
      break;
    }
    if (oldest !== undefined) this.#drop(infoHash, oldest, dropped);
  }

  #dropOldestSwarm(dropped: Dropped[]): void {
    const [oldest] = this.#swarms;
    if (!oldest) return;
    const [infoHash, swarm] = oldest;
    for (const key of swarm.places.keys()) this.#drop(infoHash, key, dropped);
    this.#swarms.delete(infoHash);
  }

  #dropOldestPeer(dropped: Dropped[]): void {
    for (const [infoHash, swarm] of this.#swarms) {
      if (swarm.peers.length === 0) continue;
      this.#dropOldest(infoHash, swarm, dropped);
      return;
    }
  }
}
