// The tracker behind its wires: catalogue, peer dictionary and stored torrents, kept in step, and what of it is told to everybody.
import { MetainfoError } from "../source/metainfo/errors.ts";
import type { Metainfo } from "../source/metainfo/metainfo.ts";
import { parseMetainfo } from "../source/metainfo/parse.ts";
import { bitfieldFromBase64, fullBitfield, toBase64 } from "../source/protocol/channel/bitfield.ts";
import { MAX_ENTRIES_IN_FRAME, MAX_NAME } from "../source/protocol/channel/limits.ts";
import type { CatalogueEntry, ChannelErrorCode, ChannelPeer } from "../source/protocol/channel/messages.ts";
import { idFromHex, type InfoHashHex, type PeerIdHex, toHex, toPeerId } from "../source/protocol/ids.ts";
import type { AnnounceQuery, AnnounceResponse } from "../source/protocol/tracker/http-announce.ts";
import type { Announcement } from "./broadcaster.ts";
import { Catalogue, type CatalogueEvent, type TorrentFacts } from "./catalogue.ts";
import {
  MAX_HAVES_PER_CLIENT,
  MAX_METAINFO_BYTES,
  MAX_NUMWANT,
  MAX_PEERS,
  MAX_REPLY_BITFIELDS,
  MAX_REPLY_PEERS,
  MAX_STORE_BYTES,
  MAX_SWARM_PEERS,
  MAX_TORRENTS,
  type Timing,
} from "./limits.ts";
import { type Dropped, PeerDictionary, peerKey } from "./peer-dictionary.ts";
import type { TorrentStore } from "./torrent-store.ts";

/** A request that is answered with an error; the connection goes on. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: ChannelErrorCode;
  readonly infoHash: InfoHashHex | undefined;

  constructor(code: ChannelErrorCode, message: string, infoHash?: InfoHashHex) {
    super(message);
    this.code = code;
    this.infoHash = infoHash;
  }
}

/** A channel client as the catalogue sees it. */
export interface Member {
  /** Unique in the life of the tracker. */
  readonly connection: number;
  readonly peerId: PeerIdHex;
  /** The address of its socket, and the port it said in `hello`. */
  readonly host: string;
  readonly port: number;
  /** Torrents it said `have` for. */
  readonly shares: Set<InfoHashHex>;
}

export type Holder = ChannelPeer & { readonly pieces: string };

export interface TrackerOptions {
  readonly store: TorrentStore;
  /** Serve announces of torrents nobody published, too. */
  readonly open: boolean;
  readonly timing: Timing;
  readonly broadcast: (announcement: Announcement) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Wall time, milliseconds since 1970. */
  readonly wallTime: () => number;
  readonly random: () => number;
}

/** All state of a tracker. Its methods throw RequestError, or ProtocolError for a client that breaks the rules. */
export class Tracker {
  readonly catalogue = new Catalogue();
  readonly dictionary = new PeerDictionary({
    swarms: MAX_TORRENTS,
    swarmPeers: MAX_SWARM_PEERS,
    peers: MAX_PEERS,
  });
  readonly members = new Map<number, Member>();
  readonly #options: TrackerOptions;
  #toldMembers = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** Fills the catalogue from the store. Rejects with the file system's error when its folder cannot be used. */
  async load(warn: (sentence: string) => void): Promise<void> {
    for (const { metainfo, addedAt } of await this.#options.store.load(warn)) {
      this.catalogue.add(factsOf(metainfo, addedAt));
    }
    this.catalogue.takeChanged();
  }

  /** Keeps a metainfo file and lists it. Publishing it again is no error. */
  async publish(bytes: Uint8Array): Promise<InfoHashHex> {
    if (bytes.length > MAX_METAINFO_BYTES) {
      throw new RequestError("bad-torrent", `a torrent may have ${MAX_METAINFO_BYTES} bytes, this has ${bytes.length}`);
    }
    let metainfo: Metainfo;
    try {
      metainfo = parseMetainfo(bytes);
    } catch (error) {
      if (!(error instanceof MetainfoError)) throw error;
      throw new RequestError("bad-torrent", error.message);
    }
    const infoHash = toHex(metainfo.infoHash);
    if (this.catalogue.has(infoHash)) return infoHash;
    await this.#makeRoom(bytes.length);
    await this.#options.store.put(infoHash, bytes);
    this.catalogue.add(factsOf(metainfo, this.#options.wallTime()));
    this.#adoptSeeds(infoHash);
    return infoHash;
  }

  /** Bytes of a published torrent, by info hash or by a name that only one has. */
  async torrent(wanted: { infoHash?: InfoHashHex | undefined; name?: string | undefined }): Promise<Uint8Array> {
    const infoHash = wanted.infoHash ?? this.#only(wanted.name ?? "");
    const bytes = await this.#options.store.get(infoHash);
    if (!bytes) throw new RequestError("not-found", `File does not exist in the swarm: ${infoHash}`, infoHash);
    return bytes;
  }

  /** A client's whole bitfield of one torrent, or null when it has nothing to do with it any longer. */
  have(member: Member, infoHash: InfoHashHex, pieces: string | null): void {
    if (pieces === null) {
      member.shares.delete(infoHash);
      this.#leave(member, infoHash);
      this.#tell(this.catalogue.leave(infoHash, channelKey(member)), "stopped sharing", member);
      return;
    }
    const bits = bitfieldFromBase64(pieces, this.#published(infoHash).pieceCount);
    this.#join(member, infoHash);
    this.#tell(this.catalogue.have(infoHash, channelKey(member), bits), "lost pieces", member);
    this.#putMember(member, infoHash);
  }

  /** Pieces a client gained and lost since it last spoke of the torrent. */
  update(member: Member, infoHash: InfoHashHex, gained: readonly number[], lost: readonly number[]): void {
    const { pieceCount } = this.#published(infoHash);
    const beyond = [...gained, ...lost].find((piece) => piece >= pieceCount);
    if (beyond !== undefined) {
      throw new RequestError("refused", `there is no piece ${beyond}, only ${pieceCount}`, infoHash);
    }
    this.#join(member, infoHash);
    this.#tell(this.catalogue.update(infoHash, channelKey(member), gained, lost), "lost pieces", member);
    this.#putMember(member, infoHash);
  }

  /** Who holds a torrent, or one piece of it: never the asker, at random when there are more than fit a frame. */
  holders(asker: Member, infoHash: InfoHashHex, piece: number | undefined): readonly Holder[] {
    const { pieceCount, name } = this.#published(infoHash);
    const all = [...this.catalogue.holders(infoHash, piece)].filter(([key]) => key !== channelKey(asker));
    const holders: Holder[] = [];
    let bitfields = 0;
    for (let i = 0; i < all.length && holders.length < MAX_REPLY_PEERS; i++) {
      const chosen = i + Math.floor(this.#options.random() * (all.length - i));
      const [key, holding] = all[chosen]!;
      all[chosen] = all[i]!;
      const peer = this.#peerOf(infoHash, key);
      if (!peer) continue;
      const pieces = toBase64(holding === "all" ? fullBitfield(pieceCount) : holding);
      bitfields += pieces.length;
      if (holders.length > 0 && bitfields > MAX_REPLY_BITFIELDS) break;
      holders.push({ peerId: peer.peerId, address: peer.host, port: peer.port, pieces });
    }
    if (holders.length > 0) return holders;
    const what = piece === undefined ? name : `piece ${piece} of ${name}`;
    throw new RequestError("no-holder", `No peer has the file ${what} now`, infoHash);
  }

  /** Connected clients but the asker, as many as fit a frame. */
  peers(asker: Member): readonly ChannelPeer[] {
    const peers: ChannelPeer[] = [];
    for (const { connection, peerId, host, port } of this.members.values()) {
      if (peers.length >= MAX_REPLY_PEERS) break;
      if (connection !== asker.connection) peers.push({ peerId, address: host, port });
    }
    return peers;
  }

  /** removeInfo: a client is gone, whyever. */
  removeInfo(member: Member, why: string): void {
    if (!this.members.delete(member.connection)) return;
    for (const infoHash of member.shares) this.#leave(member, infoHash);
    for (const event of this.catalogue.removeInfo(channelKey(member))) this.#tell(event, why, member);
  }

  /** One HTTP announce from `host`. Throws RequestError `not-published`. */
  announce(query: AnnounceQuery, host: string): AnnounceResponse {
    const infoHash = toHex(query.infoHash);
    if (!this.#options.open && !this.catalogue.has(infoHash)) {
      throw new RequestError("not-published", `${infoHash} is not published on this tracker`, infoHash);
    }
    const key = peerKey(host, query.port);
    // A channel client says what it has over the channel; only its wish for peers is answered here.
    if (this.dictionary.get(infoHash, key)?.connection === undefined) this.#announced(infoHash, key, query, host);
    if (query.event === "completed") this.dictionary.completed(infoHash);
    const { complete, incomplete } = this.dictionary.counts(infoHash);
    const want = query.event === "stopped" ? 0 : Math.min(query.numwant ?? MAX_NUMWANT, MAX_NUMWANT);
    return {
      interval: Math.ceil(this.#options.timing.announceIntervalMs / 1000),
      minInterval: 60,
      complete,
      incomplete,
      peers: this.dictionary
        .sample(infoHash, key, want, this.#options.random)
        .map((peer) => ({ host: peer.host, port: peer.port, peerId: toPeerId(idFromHex(peer.peerId)!) })),
    };
  }

  /** Forgets announcing peers that were not heard in time. */
  expire(): void {
    const { now, timing } = this.#options;
    this.#dropped(this.dictionary.expire(now() - 2.5 * timing.announceIntervalMs), "stopped announcing");
  }

  /** Tells everybody of the counts that moved since the last time. */
  flushChanged(): void {
    const entries = this.catalogue.takeChanged();
    const peers = this.members.size;
    if (entries.length === 0 && peers === this.#toldMembers) return;
    this.#toldMembers = peers;
    for (let i = 0; i === 0 || i < entries.length; i += MAX_ENTRIES_IN_FRAME) {
      this.#options.broadcast({ type: "changed", entries: entries.slice(i, i + MAX_ENTRIES_IN_FRAME), peers });
    }
  }

  #announced(infoHash: InfoHashHex, key: string, query: AnnounceQuery, host: string): void {
    const peer = { host, port: query.port };
    if (query.event === "stopped") {
      this.dictionary.remove(infoHash, key);
      this.#tell(this.catalogue.leave(infoHash, announceKey(key)), "stopped", peer);
      return;
    }
    const seed = query.left === 0;
    const dropped = this.dictionary.put(infoHash, {
      ...peer,
      peerId: toHex(query.peerId),
      connection: undefined,
      seed,
      seenAt: this.#options.now(),
    });
    this.#dropped(dropped, "made room for others");
    this.#tell(
      seed ? this.catalogue.have(infoHash, announceKey(key), "all") : this.catalogue.leave(infoHash, announceKey(key)),
      "lost pieces",
      peer,
    );
  }

  /** Seeds that announced before the torrent was published hold it from now on. */
  #adoptSeeds(infoHash: InfoHashHex): void {
    for (const peer of this.dictionary.sample(infoHash, "", MAX_SWARM_PEERS, this.#options.random)) {
      if (peer.seed) this.#tell(this.catalogue.have(infoHash, announceKey(peer.key), "all"), "", peer);
    }
  }

  #join(member: Member, infoHash: InfoHashHex): void {
    if (member.shares.size >= MAX_HAVES_PER_CLIENT && !member.shares.has(infoHash)) {
      throw new RequestError("full", `a client may share ${MAX_HAVES_PER_CLIENT} torrents at once`, infoHash);
    }
    member.shares.add(infoHash);
  }

  #putMember(member: Member, infoHash: InfoHashHex): void {
    const { host, port, peerId, connection } = member;
    const key = peerKey(host, port);
    const seed = this.catalogue.holding(infoHash, channelKey(member)) === "all";
    const known = this.dictionary.get(infoHash, key);
    if (known?.connection === connection && known.seed === seed) return;
    // What it announced over HTTP before no longer counts.
    const event = this.catalogue.leave(infoHash, announceKey(key));
    const dropped = this.dictionary.put(infoHash, {
      host,
      port,
      peerId,
      connection,
      seed,
      seenAt: this.#options.now(),
    });
    this.#dropped(dropped, "made room for others");
    this.#tell(event, "lost pieces", member);
  }

  #leave(member: Member, infoHash: InfoHashHex): void {
    const key = peerKey(member.host, member.port);
    if (this.dictionary.get(infoHash, key)?.connection === member.connection) this.dictionary.remove(infoHash, key);
  }

  #dropped(dropped: readonly Dropped[], why: string): void {
    for (const { infoHash, peer } of dropped) {
      if (peer.connection !== undefined) continue;
      this.#tell(this.catalogue.leave(infoHash, announceKey(peer.key)), why, peer);
    }
  }

  /** The oldest torrents go until `size` bytes more fit, those that nobody holds first. */
  async #makeRoom(size: number): Promise<void> {
    const { store } = this.#options;
    while (this.catalogue.size >= MAX_TORRENTS || store.bytes + size > MAX_STORE_BYTES) {
      let victim: InfoHashHex | undefined;
      for (const infoHash of this.catalogue.infoHashes()) {
        victim ??= infoHash;
        if (this.catalogue.entry(infoHash)?.holders !== 0) continue;
        victim = infoHash;
        break;
      }
      if (!victim) return;
      const { name } = this.catalogue.entry(victim)!;
      this.catalogue.remove(victim);
      this.dictionary.removeSwarm(victim);
      await store.remove(victim);
      this.#options.broadcast({
        type: "unavailable",
        infoHash: victim,
        name,
        why: "the tracker made room",
        forgotten: true,
      });
    }
  }

  #tell(event: CatalogueEvent | undefined, why: string, peer: { readonly host: string; readonly port: number }): void {
    if (event?.type === "available") this.#options.broadcast(event);
    else if (event) this.#options.broadcast({ ...event, why, peer: addressOf(peer) });
  }

  #published(infoHash: InfoHashHex): CatalogueEntry {
    const entry = this.catalogue.entry(infoHash);
    if (entry) return entry;
    throw new RequestError("not-published", `${infoHash} is not published on this tracker`, infoHash);
  }

  #only(name: string): InfoHashHex {
    const [infoHash, twin] = this.catalogue.named(name);
    if (!infoHash) throw new RequestError("not-found", `File does not exist in the swarm: ${name}`);
    if (!twin) return infoHash;
    throw new RequestError(
      "ambiguous",
      `${name} is the name of ${this.catalogue.named(name).length} different files; ask by info hash`,
    );
  }

  #peerOf(infoHash: InfoHashHex, key: string): Pick<Member, "peerId" | "host" | "port"> | undefined {
    return key.startsWith("c") ? this.members.get(Number(key.slice(1))) : this.dictionary.get(infoHash, key.slice(1));
  }
}

/** `host:port`, an IPv6 host in brackets. */
export function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function channelKey({ connection }: Member): string {
  return `c${connection}`;
}

function announceKey(key: string): string {
  return `h${key}`;
}

function factsOf(metainfo: Metainfo, addedAt: number): TorrentFacts {
  return {
    infoHash: toHex(metainfo.infoHash),
    name: metainfo.name.slice(0, MAX_NAME),
    length: metainfo.length,
    pieceLength: metainfo.pieceLength,
    pieceCount: metainfo.pieceHashes.length / 20,
    private: metainfo.private,
    addedAt,
  };
}
