// Who has what, and what of it is told to everybody: catalogue, peer dictionary and channel members, kept in step by applying changes.
import { bitfieldBytes, fullBitfield } from "../source/protocol/channel/bitfield.ts";
import { MAX_ENTRIES_IN_FRAME } from "../source/protocol/channel/limits.ts";
import { TokenBucket } from "../source/protocol/channel/token-bucket.ts";
import type { InfoHashHex, PeerIdHex } from "../source/protocol/ids.ts";
import type { Announcement } from "./broadcaster.ts";
import { Catalogue, type CatalogueEvent, type HolderKey, type Holding } from "./catalogue.ts";
import type { Change, MemberId } from "./changes.ts";
import {
  MAX_PEERS,
  MAX_SWARM_PEERS,
  MAX_TORRENTS,
  PEER_COUNT_EVERY,
  TRANSITIONS_PER_SECOND,
  TRANSITION_BURST,
} from "./limits.ts";
import { type InSwarm, PeerDictionary } from "./peer-dictionary.ts";
import { type PeerKey, addressOf, endpointOf } from "./peer-key.ts";

/** A channel client. */
export interface Member {
  readonly id: MemberId;
  readonly tracker: string;
  readonly peerId: PeerIdHex;
  readonly peer: PeerKey;
  /** Torrents it said `have` for; made with the first of them, for many only look on. */
  shares: Set<InfoHashHex> | undefined;
}

/** A holder of a torrent, by the address it gives. */
export interface Holder {
  readonly peerId: PeerIdHex;
  readonly peer: PeerKey;
  readonly holding: Holding;
}

export interface SwarmsOptions {
  /** This tracker, among several that are one. */
  readonly name: string;
  readonly broadcast: (announcement: Announcement) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** What changes make. Applying one never throws: what it was about may be gone. */
export class Swarms {
  readonly catalogue = new Catalogue();
  readonly dictionary = new PeerDictionary({
    swarms: MAX_TORRENTS,
    swarmPeers: MAX_SWARM_PEERS,
    peers: MAX_PEERS,
  });
  readonly #members = new Map<MemberId, Member>();
  readonly #options: SwarmsOptions;
  readonly #transitions: TokenBucket;
  /** What was forgotten and is not told of yet. */
  readonly #forgotten = new Map<InfoHashHex, Announcement>();
  #toldMembers = 0;
  /** Chances to tell of the number of members since it was told. */
  #chances = 0;

  constructor(options: SwarmsOptions) {
    this.#options = options;
    this.#transitions = new TokenBucket(TRANSITIONS_PER_SECOND, TRANSITION_BURST, options.now());
  }

  get members(): ReadonlyMap<MemberId, Member> {
    return this.#members;
  }

  apply(change: Change): void {
    switch (change.type) {
      case "published":
        if (this.catalogue.add(change.facts)) this.#adoptSeeds(change.facts.infoHash);
        return;
      case "forgotten":
        this.#forget(change.infoHash, change.why);
        return;
      case "arrived":
        this.#arrive(change);
        return;
      case "left":
        this.#leave(change.member, change.why);
        return;
      case "have":
        this.#have(change);
        return;
      case "update":
        this.#update(change);
        return;
      case "announced":
        this.#announced(change);
        return;
      case "stopped":
        this.#stopped(change);
        return;
      case "completed":
        this.dictionary.completed(change.infoHash);
        return;
      case "notice":
        this.#options.broadcast(change);
        return;
      case "tracker-lost":
        this.#lose(change.tracker);
        return;
      default:
        change satisfies never;
    }
  }

  /** Holders of a torrent, or of one piece of it; `asker` is left out. */
  *holders(infoHash: InfoHashHex, piece: number | undefined, asker: MemberId | undefined): Generator<Holder> {
    for (const [key, holding] of this.catalogue.holders(infoHash, piece)) {
      const holder = key.startsWith(MEMBER)
        ? this.#members.get(key.slice(1))
        : this.dictionary.get(infoHash, key.slice(1) as PeerKey);
      if (holder && (asker === undefined || key !== memberKey(asker))) {
        yield { peerId: holder.peerId, peer: "peer" in holder ? holder.peer : holder.key, holding };
      }
    }
  }

  /** Tells everybody of the counts that moved since the last time. To be called at most four times a second. */
  flushChanged(): void {
    // What was published again meanwhile is there.
    for (const [infoHash, gone] of this.#forgotten) if (!this.catalogue.has(infoHash)) this.#options.broadcast(gone);
    this.#forgotten.clear();
    const entries = this.catalogue.takeChanged();
    const peers = this.#members.size;
    if (entries.length === 0 && (peers === this.#toldMembers || ++this.#chances < PEER_COUNT_EVERY)) return;
    this.#toldMembers = peers;
    this.#chances = 0;
    for (let i = 0; i === 0 || i < entries.length; i += MAX_ENTRIES_IN_FRAME) {
      this.#options.broadcast({ type: "changed", entries: entries.slice(i, i + MAX_ENTRIES_IN_FRAME), peers });
    }
  }

  /** What the clients of this tracker have, as changes. */
  *ownFacts(): Generator<Change> {
    const { name } = this.#options;
    for (const { id, tracker, peerId, peer, shares } of this.#members.values()) {
      if (tracker !== name) continue;
      yield { type: "arrived", member: id, tracker, peerId, peer };
      for (const infoHash of shares ?? [])
        yield { type: "have", member: id, infoHash, pieces: this.#bits(infoHash, id) };
    }
    for (const { infoHash, peer } of this.dictionary.announced(name)) {
      const { key, peerId, seed } = peer;
      yield { type: "announced", tracker: name, infoHash, peer: key, peerId, seed };
    }
  }

  #bits(infoHash: InfoHashHex, id: MemberId): Uint8Array {
    const { pieceCount } = this.catalogue.entry(infoHash)!;
    const holding = this.catalogue.holding(infoHash, memberKey(id));
    if (holding === "all") return fullBitfield(pieceCount);
    return holding ?? new Uint8Array(bitfieldBytes(pieceCount));
  }

  #arrive({ member: id, tracker, peerId, peer }: Extract<Change, { type: "arrived" }>): void {
    if (!this.#members.has(id)) this.#members.set(id, { id, tracker, peerId, peer, shares: undefined });
  }

  /** removeInfo: a client is gone, whyever. */
  #leave(id: MemberId, why: string): void {
    const member = this.#members.get(id);
    if (!member) return;
    this.#members.delete(id);
    for (const infoHash of member.shares ?? []) this.#removePeer(member, infoHash);
    for (const event of this.catalogue.removeInfo(memberKey(id))) this.#tell(event, why, member.peer);
  }

  #have({ member: id, infoHash, pieces }: Extract<Change, { type: "have" }>): void {
    const member = this.#members.get(id);
    const entry = this.catalogue.entry(infoHash);
    if (!member || !entry) return;
    if (pieces === null) {
      member.shares?.delete(infoHash);
      this.#removePeer(member, infoHash);
      this.#tell(this.catalogue.leave(infoHash, memberKey(id)), "stopped sharing", member.peer);
    } else {
      this.#tell(this.catalogue.have(infoHash, memberKey(id), pieces), "lost pieces", member.peer);
      this.#putMember(member, infoHash);
    }
  }

  #update({ member: id, infoHash, gained, lost }: Extract<Change, { type: "update" }>): void {
    const member = this.#members.get(id);
    if (!member || !this.catalogue.has(infoHash)) return;
    this.#tell(this.catalogue.update(infoHash, memberKey(id), gained, lost), "lost pieces", member.peer);
    this.#putMember(member, infoHash);
  }

  #announced({ infoHash, peer, peerId, seed, tracker }: Extract<Change, { type: "announced" }>): void {
    // What a channel client has, it says over the channel.
    if (this.dictionary.get(infoHash, peer)?.member !== undefined) return;
    const seenAt = this.#options.now();
    this.#dropped(this.dictionary.put(infoHash, { key: peer, peerId, member: undefined, tracker, seed, seenAt }));
    const key = announceKey(peer);
    this.#tell(
      seed ? this.catalogue.have(infoHash, key, "all") : this.catalogue.leave(infoHash, key),
      "lost pieces",
      peer,
    );
  }

  #stopped({ infoHash, peer, why }: Extract<Change, { type: "stopped" }>): void {
    if (this.dictionary.get(infoHash, peer)?.member !== undefined) return;
    this.dictionary.remove(infoHash, peer);
    this.#tell(this.catalogue.leave(infoHash, announceKey(peer)), why, peer);
  }

  #lose(tracker: string): void {
    for (const member of this.#members.values()) {
      if (member.tracker === tracker) this.#leave(member.id, "its tracker is gone");
    }
    this.dictionary.adopt(tracker, this.#options.name, this.#options.now());
  }

  #forget(infoHash: InfoHashHex, why: string): void {
    const entry = this.catalogue.entry(infoHash);
    if (!entry) return;
    for (const { member } of this.dictionary.peers(infoHash)) {
      if (member !== undefined) this.#members.get(member)?.shares?.delete(infoHash);
    }
    this.catalogue.remove(infoHash);
    this.dictionary.removeSwarm(infoHash);
    const gone = { type: "unavailable", infoHash, name: entry.name, why, forgotten: true } as const;
    if (this.#transitions.take(this.#options.now())) this.#options.broadcast(gone);
    else this.#forgotten.set(infoHash, gone);
  }

  /** Seeds that announced before the torrent was published hold it from now on. */
  #adoptSeeds(infoHash: InfoHashHex): void {
    for (const { seed, key } of this.dictionary.peers(infoHash)) {
      if (seed) this.#tell(this.catalogue.have(infoHash, announceKey(key), "all"), "", key);
    }
  }

  #putMember(member: Member, infoHash: InfoHashHex): void {
    (member.shares ??= new Set()).add(infoHash);
    const { id, peer, peerId, tracker } = member;
    const seed = this.catalogue.holding(infoHash, memberKey(id)) === "all";
    const known = this.dictionary.get(infoHash, peer);
    if (known?.member === id && known.seed === seed) return;
    // What it announced before no longer counts.
    const event = this.catalogue.leave(infoHash, announceKey(peer));
    const seenAt = this.#options.now();
    this.#dropped(this.dictionary.put(infoHash, { key: peer, peerId, member: id, tracker, seed, seenAt }));
    this.#tell(event, "lost pieces", peer);
  }

  #removePeer({ id, peer }: Member, infoHash: InfoHashHex): void {
    if (this.dictionary.get(infoHash, peer)?.member === id) this.dictionary.remove(infoHash, peer);
  }

  #dropped(dropped: readonly InSwarm[]): void {
    for (const { infoHash, peer } of dropped) {
      if (peer.member !== undefined) continue;
      this.#tell(this.catalogue.leave(infoHash, announceKey(peer.key)), "made room for others", peer.key);
    }
  }

  #tell(event: CatalogueEvent | undefined, why: string, peer: PeerKey): void {
    if (!event) return;
    if (!this.#transitions.take(this.#options.now())) {
      this.catalogue.gather(event.type === "available" ? event.entry.infoHash : event.infoHash);
    } else if (event.type === "available") this.#options.broadcast(event);
    else this.#options.broadcast({ ...event, why, peer: addressOf(endpointOf(peer)) });
  }
}

/** Holders are named by their wire: a peer's own address may be on both. */
const MEMBER = "c";

function memberKey(id: MemberId): HolderKey {
  return `${MEMBER}${id}`;
}

function announceKey(peer: PeerKey): HolderKey {
  return `h${peer}`;
}
