// PURE: the peers of every swarm, from announces and from the channel, by address.
// A peer that does both is one: what it says on the channel counts. Every operation costs the same in swarms of every size.
import type { InfoHashHex, PeerIdHex } from "../source/protocol/ids.ts";
import type { ScrapeEntry } from "../source/protocol/tracker/http-announce.ts";
import { AgeList, type Links } from "./age-list.ts";
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
interface Placed extends Links<Placed> {
  readonly key: PeerKey;
  readonly peerId: PeerIdHex;
  readonly member: string | undefined;
  tracker: string;
  readonly seed: boolean;
  seenAt: number;
  place: number;
}

interface Swarm extends Links<Swarm> {
  readonly infoHash: InfoHashHex;
  readonly byKey: Map<PeerKey, Placed>;
  /** In the order they were last heard. */
  readonly announced: AgeList<Placed>;
  readonly members: AgeList<Placed>;
  /** All of them again, in no order. */
  readonly ipv4: Placed[];
  readonly ipv6: Placed[];
  seeds: number;
  downloaded: number;
}

const NOBODY = { complete: 0, incomplete: 0, downloaded: 0 } as const;

export class PeerDictionary {
  readonly #swarms = new Map<InfoHashHex, Swarm>();
  /** In the order they were last announced to. */
  readonly #ages = new AgeList<Swarm>();
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
    return swarm?.byKey.get(key);
  }

  /** All peers of a swarm. */
  peers(infoHash: InfoHashHex): readonly SwarmPeer[] {
    const swarm = this.#swarms.get(infoHash);
    return [...(swarm?.byKey.values() ?? [])];
  }

  /** BEP 48: seeds, others, and how often somebody completed it. */
  counts(infoHash: InfoHashHex): ScrapeEntry {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return NOBODY;
    return { complete: swarm.seeds, incomplete: swarm.byKey.size - swarm.seeds, downloaded: swarm.downloaded };
  }

  /** Adds or renews a peer. Returns those that had to go for it, oldest first. */
  put(infoHash: InfoHashHex, { key, peerId, member, tracker, seed, seenAt }: SwarmPeer): readonly InSwarm[] {
    const dropped: InSwarm[] = [];
    this.remove(infoHash, key);
    const swarm = this.#swarms.get(infoHash) ?? this.#addSwarm(infoHash, dropped);
    if (swarm.byKey.size >= this.#caps.swarmPeers) this.#dropOldest(swarm, dropped);
    this.#ages.renew(swarm);
    if (this.#size >= this.#caps.peers) this.#dropOldestPeer(dropped);
    const list = listOf(swarm, key);
    const links = { older: undefined, younger: undefined };
    const peer: Placed = { key, peerId, member, tracker, seed, seenAt, place: list.length, ...links };
    swarm.byKey.set(key, peer);
    ageOf(swarm, peer).add(peer);
    list.push(peer);
    if (seed) swarm.seeds++;
    this.#size++;
    return dropped;
  }

  /** An announcing peer is still there, as it was: what happens most often. */
  renew(infoHash: InfoHashHex, key: PeerKey, seenAt: number): void {
    const swarm = this.#swarms.get(infoHash);
    const peer = swarm?.byKey.get(key);
    if (!swarm || !peer || peer.member !== undefined) return;
    peer.seenAt = seenAt;
    swarm.announced.renew(peer);
    this.#ages.renew(swarm);
  }

  /** Counts a download that ended. */
  completed(infoHash: InfoHashHex): void {
    const swarm = this.#swarms.get(infoHash);
    if (swarm) swarm.downloaded++;
  }

  remove(infoHash: InfoHashHex, key: PeerKey): SwarmPeer | undefined {
    const swarm = this.#swarms.get(infoHash);
    const peer = swarm?.byKey.get(key);
    if (!swarm || !peer) return undefined;
    const list = listOf(swarm, key);
    const last = list.pop()!;
    if (last !== peer) {
      list[peer.place] = last;
      last.place = peer.place;
    }
    swarm.byKey.delete(key);
    ageOf(swarm, peer).remove(peer);
    if (peer.seed) swarm.seeds--;
    this.#size--;
    return peer;
  }

  /** Forgets a swarm whole. */
  removeSwarm(infoHash: InfoHashHex): void {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return;
    this.#size -= swarm.byKey.size;
    this.#forget(swarm);
  }

  /** The peers that announced to tracker `gone` announced to `heir`, just now. */
  adopt(gone: string, heir: string, now: number): void {
    for (const { announced } of this.#swarms.values()) {
      for (const peer of [...announced].filter((one) => one.tracker === gone)) {
        peer.tracker = heir;
        peer.seenAt = now;
        announced.renew(peer);
      }
    }
  }

  /** Peers that announced to `tracker`, in all swarms. */
  *announced(tracker: string): Generator<InSwarm> {
    for (const [infoHash, { announced }] of this.#swarms) {
      for (const peer of announced) if (peer.tracker === tracker) yield { infoHash, peer };
    }
  }

  /** Peers that announced to `tracker` and were last heard before `before`; swarms that have nobody are forgotten. */
  silent(tracker: string, before: number): readonly InSwarm[] {
    const silent: InSwarm[] = [];
    for (const swarm of this.#ages) {
      const { infoHash } = swarm;
      for (const peer of swarm.announced) {
        if (peer.tracker !== tracker) continue;
        // They are in the order they were heard: all behind it are younger.
        if (peer.seenAt >= before) break;
        silent.push({ infoHash, peer });
      }
      if (swarm.byKey.size === 0 && swarm.downloaded === 0) this.#forget(swarm);
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
    const place = swarm.byKey.get(asker)?.place ?? Infinity;
    const draw4 = (count: number) => draw(ipv4, isIPv4Key(asker) ? place : Infinity, count, random);
    const draw6 = (count: number) => draw(ipv6, isIPv4Key(asker) ? Infinity : place, count, random);
    if (family === "ipv4" || (family === "both" && ipv6.length === 0)) return draw4(want);
    if (family === "ipv6" || ipv4.length === 0) return draw6(want);
    const share = Math.round((want * ipv4.length) / (ipv4.length + ipv6.length));
    return [...draw4(share), ...draw6(want - share)];
  }

  #addSwarm(infoHash: InfoHashHex, dropped: InSwarm[]): Swarm {
    if (this.#swarms.size >= this.#caps.swarms) this.#dropOldestSwarm(dropped);
    const lists = {
      byKey: new Map(),
      announced: new AgeList<Placed>(),
      members: new AgeList<Placed>(),
      ipv4: [],
      ipv6: [],
    };
    const swarm: Swarm = { infoHash, ...lists, seeds: 0, downloaded: 0, older: undefined, younger: undefined };
    this.#swarms.set(infoHash, swarm);
    this.#ages.add(swarm);
    return swarm;
  }

  #forget(swarm: Swarm): void {
    this.#swarms.delete(swarm.infoHash);
    this.#ages.remove(swarm);
  }

  #drop(infoHash: InfoHashHex, key: PeerKey, dropped: InSwarm[]): void {
    const peer = this.remove(infoHash, key);
    if (peer) dropped.push({ infoHash, peer });
  }

  /** Connected peers go only when nobody else is left. */
  #dropOldest({ infoHash, announced, members }: Swarm, dropped: InSwarm[]): void {
    const oldest = announced.oldest ?? members.oldest;
    if (oldest) this.#drop(infoHash, oldest.key, dropped);
  }

  #dropOldestSwarm(dropped: InSwarm[]): void {
    const { oldest } = this.#ages;
    if (!oldest) return;
    for (const { key } of this.peers(oldest.infoHash)) this.#drop(oldest.infoHash, key, dropped);
    this.#forget(oldest);
  }

  #dropOldestPeer(dropped: InSwarm[]): void {
    for (const swarm of this.#ages) {
      if (swarm.byKey.size > 0) {
        this.#dropOldest(swarm, dropped);
        return;
      }
      this.#forget(swarm);
    }
  }
}

function ageOf({ announced, members }: Swarm, { member }: Placed): AgeList<Placed> {
  return member === undefined ? announced : members;
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
