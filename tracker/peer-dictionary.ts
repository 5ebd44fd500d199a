// PURE: the peers of every swarm, from announces and from the channel, by address.
// A peer that does both is one: what it says on the channel counts. Every operation costs the same in swarms of every size.
import type { InfoHashHex, PeerIdHex } from "../source/protocol/ids.ts";
import type { ScrapeEntry } from "../source/protocol/tracker/http-announce.ts";
import { type PeerKey, isIPv4Key } from "./peer-key.ts";

/** One peer of one swarm. */
export interface SwarmPeer {
  /** Unique in its swarm. */
  readonly key: PeerKey;
  readonly peerId: PeerIdHex;
  /** Its channel connection; undefined when it announces. */
  readonly member: string | undefined;
  /** The tracker that it speaks to, of several that are one. */
  readonly tracker: string;
  /** Whether it has all of the torrent. */
  readonly seed: boolean;
  /** When it last announced; channel peers stay while they are connected. */
  readonly seenAt: number;
}

/** A peer and the swarm that it is, or was, in. */
export interface InSwarm {
  readonly infoHash: InfoHashHex;
  readonly peer: SwarmPeer;
}

export interface DictionaryCaps {
  readonly swarms: number;
  readonly swarmPeers: number;
  readonly peers: number;
}

/** Which peers a sample may hold: a datagram carries one family only. */
export type Family = "ipv4" | "ipv6" | "both";

/** A peer and its place in the list of its family. */
type Placed = { -readonly [Field in keyof SwarmPeer]: SwarmPeer[Field] } & { place: number };

interface Swarm {
  /** In the order they were last heard. */
  readonly announced: Map<PeerKey, Placed>;
  readonly members: Map<PeerKey, Placed>;
  /** All of them again, in no order. */
  readonly ipv4: Placed[];
  readonly ipv6: Placed[];
  seeds: number;
  downloaded: number;
}

const NOBODY = { complete: 0, incomplete: 0, downloaded: 0 } as const;

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

  get(infoHash: InfoHashHex, key: PeerKey): SwarmPeer | undefined {
    const swarm = this.#swarms.get(infoHash);
    return swarm && find(swarm, key);
  }

  /** All peers of a swarm. */
  peers(infoHash: InfoHashHex): readonly SwarmPeer[] {
    const swarm = this.#swarms.get(infoHash);
    return swarm ? [...swarm.members.values(), ...swarm.announced.values()] : [];
  }

  /** BEP 48: seeds, others, and how often somebody completed it. */
  counts(infoHash: InfoHashHex): ScrapeEntry {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return NOBODY;
    return { complete: swarm.seeds, incomplete: sizeOf(swarm) - swarm.seeds, downloaded: swarm.downloaded };
  }

  /** Adds or renews a peer. Returns those that had to go for it, oldest first. */
  put(infoHash: InfoHashHex, { key, peerId, member, tracker, seed, seenAt }: SwarmPeer): readonly InSwarm[] {
    const dropped: InSwarm[] = [];
    this.remove(infoHash, key);
    let swarm = this.#swarms.get(infoHash);
    if (!swarm) {
      if (this.#swarms.size >= this.#caps.swarms) this.#dropOldestSwarm(dropped);
      swarm = { announced: new Map(), members: new Map(), ipv4: [], ipv6: [], seeds: 0, downloaded: 0 };
    } else {
      if (sizeOf(swarm) >= this.#caps.swarmPeers) this.#dropOldest(infoHash, swarm, dropped);
      this.#swarms.delete(infoHash);
    }
    this.#swarms.set(infoHash, swarm);
    if (this.#size >= this.#caps.peers) this.#dropOldestPeer(dropped);
    const list = listOf(swarm, key);
    const peer: Placed = { key, peerId, member, tracker, seed, seenAt, place: list.length };
    (member === undefined ? swarm.announced : swarm.members).set(key, peer);
    list.push(peer);
    if (seed) swarm.seeds++;
    this.#size++;
    return dropped;
  }

  /** An announcing peer is still there, as it was: what happens most often. */
  renew(infoHash: InfoHashHex, key: PeerKey, seenAt: number): void {
    const swarm = this.#swarms.get(infoHash);
    const peer = swarm?.announced.get(key);
    if (!swarm || !peer) return;
    peer.seenAt = seenAt;
    swarm.announced.delete(key);
    swarm.announced.set(key, peer);
    this.#swarms.delete(infoHash);
    this.#swarms.set(infoHash, swarm);
  }

  /** Counts a download that ended. */
  completed(infoHash: InfoHashHex): void {
    const swarm = this.#swarms.get(infoHash);
    if (swarm) swarm.downloaded++;
  }

  remove(infoHash: InfoHashHex, key: PeerKey): SwarmPeer | undefined {
    const swarm = this.#swarms.get(infoHash);
    const peer = swarm && find(swarm, key);
    if (!swarm || !peer) return undefined;
    const list = listOf(swarm, key);
    const last = list.pop()!;
    if (last !== peer) {
      list[peer.place] = last;
      last.place = peer.place;
    }
    (peer.member === undefined ? swarm.announced : swarm.members).delete(key);
    if (peer.seed) swarm.seeds--;
    this.#size--;
    return peer;
  }

  /** Forgets a swarm whole. */
  removeSwarm(infoHash: InfoHashHex): void {
    const swarm = this.#swarms.get(infoHash);
    if (swarm) this.#size -= sizeOf(swarm);
    this.#swarms.delete(infoHash);
  }

  /** The peers that announced to tracker `gone` announced to `heir`, just now. */
  adopt(gone: string, heir: string, now: number): void {
    for (const { announced } of this.#swarms.values()) {
      for (const [key, peer] of announced) {
        if (peer.tracker !== gone) continue;
        peer.tracker = heir;
        peer.seenAt = now;
        announced.delete(key);
        announced.set(key, peer);
      }
    }
  }

  /** Peers that announced to `tracker`, in all swarms. */
  *announced(tracker: string): Generator<InSwarm> {
    for (const [infoHash, { announced }] of this.#swarms) {
      for (const peer of announced.values()) if (peer.tracker === tracker) yield { infoHash, peer };
    }
  }

  /** Peers that announced to `tracker` and were last heard before `before`; swarms that have nobody are forgotten. */
  silent(tracker: string, before: number): readonly InSwarm[] {
    const silent: InSwarm[] = [];
    for (const [infoHash, swarm] of this.#swarms) {
      for (const peer of swarm.announced.values()) {
        if (peer.tracker !== tracker) continue;
        // They are in the order they were heard: all behind it are younger.
        if (peer.seenAt >= before) break;
        silent.push({ infoHash, peer });
      }
      if (sizeOf(swarm) === 0 && swarm.downloaded === 0) this.#swarms.delete(infoHash);
    }
    return silent;
  }

  /** Up to `want` different peers at random, each as likely as any other, never the one at `asker`. `random` gives 0 <= x < 1. */
  sample(
    infoHash: InfoHashHex,
    asker: PeerKey,
    want: number,
    random: () => number,
    family: Family = "both",
  ): readonly SwarmPeer[] {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return [];
    const { ipv4, ipv6 } = swarm;
    const place = find(swarm, asker)?.place ?? Infinity;
    const draw4 = (count: number) => draw(ipv4, isIPv4Key(asker) ? place : Infinity, count, random);
    const draw6 = (count: number) => draw(ipv6, isIPv4Key(asker) ? Infinity : place, count, random);
    if (family === "ipv4" || (family === "both" && ipv6.length === 0)) return draw4(want);
    if (family === "ipv6" || ipv4.length === 0) return draw6(want);
    const share = Math.round((want * ipv4.length) / (ipv4.length + ipv6.length));
    return [...draw4(share), ...draw6(want - share)];
  }

  #drop(infoHash: InfoHashHex, key: PeerKey, dropped: InSwarm[]): void {
    const peer = this.remove(infoHash, key);
    if (peer) dropped.push({ infoHash, peer });
  }

  /** Connected peers go only when nobody else is left. */
  #dropOldest(infoHash: InfoHashHex, { announced, members }: Swarm, dropped: InSwarm[]): void {
    const [oldest] = announced.size > 0 ? announced.keys() : members.keys();
    if (oldest !== undefined) this.#drop(infoHash, oldest, dropped);
  }

  #dropOldestSwarm(dropped: InSwarm[]): void {
    const [oldest] = this.#swarms;
    if (!oldest) return;
    const [infoHash] = oldest;
    for (const { key } of this.peers(infoHash)) this.#drop(infoHash, key, dropped);
    this.#swarms.delete(infoHash);
  }

  #dropOldestPeer(dropped: InSwarm[]): void {
    for (const [infoHash, swarm] of this.#swarms) {
      if (sizeOf(swarm) > 0) {
        this.#dropOldest(infoHash, swarm, dropped);
        return;
      }
      this.#swarms.delete(infoHash);
    }
  }
}

function find({ announced, members }: Swarm, key: PeerKey): Placed | undefined {
  return announced.get(key) ?? members.get(key);
}

function sizeOf({ announced, members }: Swarm): number {
  return announced.size + members.size;
}

function listOf({ ipv4, ipv6 }: Swarm, key: PeerKey): Placed[] {
  return isIPv4Key(key) ? ipv4 : ipv6;
}

/**
 * Up to `want` of a list but the one at `without`. From a random start on, the list is cut into as many stretches as are wanted, and one is
 * drawn from each: nothing is moved, nobody comes twice, and it costs no more in a large list.
 */
function draw(list: readonly Placed[], without: number, want: number, random: () => number): SwarmPeer[] {
  const drawn: SwarmPeer[] = [];
  const others = list.length - (without < list.length ? 1 : 0);
  const count = Math.min(want, others);
  const start = Math.floor(random() * others);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * others) / count);
    const to = Math.floor(((i + 1) * others) / count);
    const at = (start + from + Math.floor(random() * (to - from))) % others;
    drawn.push(list[at < without ? at : at + 1]!);
  }
  return drawn;
}
