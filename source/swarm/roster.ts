// Roster: who is connected, who may be, and whom to dial. One connection a peer id, none to ourselves or to the banned.
import { type PeerId, toHex } from "../protocol/ids.ts";
import { leadsHere } from "../protocol/tracker/endpoint.ts";
import { Candidates } from "./candidates.ts";
import type { Address, ConnectedPeer, PeerKey, PeerSource } from "./events.ts";
import { MAX_DIALING, MAX_PEERS, MAX_REMEMBERED_LEFT, SETTLE_MS, TURNOVER_MS } from "./limits.ts";
import { SwarmPeer } from "./peer.ts";

interface RosterOptions {
  readonly peerId: PeerId;
  readonly pieceCount: number;
  /** Are pieces asked for that we lack? */
  readonly isFetching: () => boolean;
  /** Addresses that an earlier swarm of this torrent knew. */
  readonly candidates?: Candidates | undefined;
}

interface Whereabouts {
  /** Where it listens, or where it came from. */
  readonly address: Address;
  /** Its IP address, also when it was dialled by a name. */
  readonly ip: string;
}

export class Roster {
  readonly #ownId: string;
  readonly #pieceCount: number;
  readonly #isFetching: () => boolean;
  readonly #candidates: Candidates;
  readonly #peers = new Map<PeerKey, SwarmPeer>();
  /** Where those were that left, oldest first. */
  readonly #left = new Map<PeerKey, Whereabouts>();

  constructor({ peerId, pieceCount, isFetching, candidates = new Candidates() }: RosterOptions) {
    this.#isFetching = isFetching;
    this.#ownId = toHex(peerId);
    this.#pieceCount = pieceCount;
    this.#candidates = candidates;
  }

  /** Everybody who is connected, the longest first. */
  get peers(): ReadonlyMap<PeerKey, SwarmPeer> {
    return this.#peers;
  }

  /** Is anybody connected, or being dialled? */
  get isBusy(): boolean {
    return this.#peers.size > 0 || this.#candidates.dialing > 0;
  }

  /** Why a new connection may not stay, in words; undefined when it may. `active`: do we want any peers now? */
  refusalOf(connected: ConnectedPeer, active: boolean, now: number): string | undefined {
    if (this.#isOurselves(connected)) return "it is ourselves";
    if (!active) return "the transfer is paused";
    if (this.#candidates.isBanned(connected.address, now)) return "it gave wrong data and is banned";
    const twin = this.twinOf(connected);
    if (twin) return this.#staysOfTwins(twin.connected, connected) ? "connected twice" : undefined;
    if (this.#isHostConnected(connected)) return "its address is connected already";
    return this.#peers.size >= MAX_PEERS && !this.useless(now) ? `${MAX_PEERS} peers are enough` : undefined;
  }

  /**
   * Who has to go when there are too many: the one that is of no use to us, and we to it, for longest; while we fetch, else, of those that
   * give nothing and get nothing, who gave least.
   */
  useless(now: number): SwarmPeer | undefined {
    let least: SwarmPeer | undefined;
    for (const peer of this.#peers.values()) {
      const idle = !peer.amInterested && !peer.peerInterested && !peer.speaksPush;
      if (idle && now - peer.since > SETTLE_MS) return peer;
      if (!givesNothing(peer, now) || now - peer.since <= TURNOVER_MS) continue;
      if (!least || peer.down.totalBytes < least.down.totalBytes) least = peer;
    }
    return this.#isFetching() ? least : undefined;
  }

  get isFull(): boolean {
    return this.#peers.size >= MAX_PEERS;
  }

  /** Where a peer is; also when it left, if that is not long ago. */
  whereIs(key: PeerKey): Whereabouts | undefined {
    const peer = this.#peers.get(key);
    return peer ? whereaboutsOf(peer) : this.#left.get(key);
  }

  /** The new connection does not stay: when and whether its address is dialled again. */
  refused(connected: ConnectedPeer, now: number): void {
    if (this.#isOurselves(connected)) this.#candidates.isOurs(connected.address);
    else if (isDialled(connected) && !this.#isConnectedTo(connected.address)) {
      this.#candidates.ended(connected.address, now, false);
    }
  }

  /** The peer that is connected under the same peer id; it has to go when the new connection stays. */
  twinOf(connected: ConnectedPeer): SwarmPeer | undefined {
    const id = toHex(connected.peerId);
    return [...this.#peers.values()].find((peer) => toHex(peer.connected.peerId) === id);
  }

  add(connected: ConnectedPeer, now: number): SwarmPeer {
    const peer = new SwarmPeer(connected, this.#pieceCount, now);
    this.#peers.set(connected.peer, peer);
    if (isDialled(connected)) this.listensAt(peer, connected.address);
    return peer;
  }

  /** It need not be dialled while it is connected, whoever dialled. */
  listensAt(peer: SwarmPeer, address: Address): void {
    peer.listensAt = address;
    this.#candidates.connected(address);
  }

  /** It is gone; dialled again soon when it was `useful`, else later and later. */
  remove(peer: SwarmPeer, useful: boolean, now: number): void {
    this.#left.set(peer.key, whereaboutsOf(peer));
    if (this.#left.size > MAX_REMEMBERED_LEFT) this.#left.delete(this.#left.keys().next().value!);
    this.#peers.delete(peer.key);
    if (!peer.listensAt || this.#isConnectedTo(peer.listensAt)) return;
    this.#candidates.ended(peer.listensAt, now, useful, peer.down.totalBytes - peer.wastedBytes);
  }

  /** Neither of us wants anything of the other: not dialled until `hungry`. */
  sated({ listensAt }: SwarmPeer): void {
    if (listensAt) this.#candidates.sated(listensAt);
  }

  /** We want something again. */
  hungry(): void {
    this.#candidates.hungry();
  }

  /** Neither dialled nor taken in again for a day. */
  ban(address: Address, now: number): void {
    this.#candidates.ban(address, now);
  }

  /** Who is connected already is not dialled. `teller`: the host of the peer that told of them. */
  heardOf(addresses: readonly Address[], source: PeerSource, now: number, teller?: string): void {
    this.#candidates.add(addresses, source, now, teller);
    for (const { listensAt } of this.#peers.values()) if (listensAt) this.#candidates.connected(listensAt);
  }

  /** It may have come to us meanwhile. */
  dialFailed(address: Address, now: number): void {
    if (!this.#isConnectedTo(address)) this.#candidates.ended(address, now, false);
  }

  notDialled(address: Address, now: number): void {
    if (!this.#isConnectedTo(address)) this.#candidates.putOff(address, now);
  }

  /** Who is to be dialled now, each counted as dialling from now on; one for whom another would have to go among them. */
  *dials(now: number): Generator<{ address: Address; source: PeerSource }> {
    const places = MAX_PEERS + (this.isFull && this.useless(now) ? 1 : 0);
    while (this.#candidates.dialing < MAX_DIALING && this.#peers.size + this.#candidates.dialing < places) {
      const candidate = this.#candidates.next(now);
      if (!candidate) return;
      yield candidate;
    }
  }

  /** When an address is due to be dialled; undefined when there is none. */
  nextDialAt(): number | undefined {
    return this.#candidates.nextDueAt();
  }

  #isOurselves({ peerId }: ConnectedPeer): boolean {
    return toHex(peerId) === this.#ownId;
  }

  #isConnectedTo({ host, port }: Address): boolean {
    return [...this.#peers.values()].some(({ listensAt }) => listensAt?.host === host && listensAt.port === port);
  }

  /**
   * One peer an address: a machine of many could take all places. But for the loopback addresses, which are one machine: this one; and for web
   * servers, of which the torrent says how many there are.
   */
  #isHostConnected({ source, address: { host } }: ConnectedPeer): boolean {
    if (source === "web" || leadsHere(host)) return false;
    return [...this.#peers.values()].some(
      ({ connected }) => connected.source !== "web" && connected.address.host === host,
    );
  }

  /** Does the older stay? Both dialled at once: both sides keep what the larger peer id began, else the older one. */
  #staysOfTwins(older: ConnectedPeer, newer: ConnectedPeer): boolean {
    const theirsIsLarger = toHex(newer.peerId) > this.#ownId;
    const begunByLarger = ({ source }: ConnectedPeer) => (source === "incoming") === theirsIsLarger;
    return begunByLarger(older) || !begunByLarger(newer);
  }
}

/** Did we dial it, where others may too? */
function isDialled({ source }: ConnectedPeer): boolean {
  return source !== "incoming" && source !== "web";
}

function whereaboutsOf({ connected, listensAt = connected.address }: SwarmPeer): Whereabouts {
  return { address: listensAt, ip: connected.ip ?? connected.address.host };
}

function givesNothing(peer: SwarmPeer, now: number): boolean {
  const mayGive = peer.amInterested && !peer.peerChoking;
  return !mayGive && peer.amChoking && peer.down.bytesPerSecond(now) === 0;
}
