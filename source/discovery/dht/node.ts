// DhtNode: our node of the DHT, sans I/O: datagrams and the time in, datagrams out. Sources: BEP 5, BEP 42, BEP 43.
import {
  type BadQuery,
  type Contact,
  type Krpc,
  parseKrpc,
  type Query,
  type Response,
} from "../../protocol/dht/krpc.ts";
import { isSecureNodeId, type NodeId, randomNodeId, secureNodeId } from "../../protocol/dht/node-id.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { InfoHash } from "../../protocol/ids.ts";
import { addressBytes, type Endpoint } from "../../protocol/tracker/endpoint.ts";
import { AddressVotes } from "./address-votes.ts";
import { endpointKey, mayTell } from "./addresses.ts";
import { Answers } from "./answers.ts";
import { Asking, type Task } from "./asking.ts";
import { FloodGuard } from "./flood-guard.ts";
import {
  BOOTSTRAP_AGAIN_MS,
  BOOTSTRAP_ALPHA,
  BOOTSTRAP_MOST_MS,
  CLEAN_MS,
  MAX_PEERS_FOUND,
  MAX_READ_BYTES,
  POOR_NODES,
  QUIET_MS,
  SAVED_FIRST_MS,
} from "./limits.ts";
import { type Candidate, Lookup } from "./lookup.ts";
import { RoutingTable } from "./routing-table.ts";

export interface DhtNodeOptions {
  /** Of an earlier run; undefined: a new one. */
  readonly id?: NodeId | undefined;
  /** Nodes of an earlier run. */
  readonly contacts?: readonly Contact[] | undefined;
  /** Of the addresses that it speaks to. */
  readonly family: 4 | 6;
  /** Our `v`, 4 bytes. */
  readonly version: Uint8Array;
  /** From 0 to 1, as Math.random; not to be guessed from outside. */
  readonly random: () => number;
  /** Sends a datagram, or loses it; never throws. */
  readonly send: (bytes: Uint8Array, to: Endpoint) => void;
  /** Few nodes are known: call `bootstrap` with those that everybody begins with. */
  readonly needRouters: () => void;
  readonly now: number;
}

/** A search for the peers of a torrent. */
export interface PeerSearch {
  readonly infoHash: InfoHash;
  /** TCP port that takes peers, to be announced; undefined: only asks. */
  readonly port: number | undefined;
  /** Nodes that were near in an earlier search. */
  readonly near: readonly Contact[];
  readonly onPeers: (peers: readonly Endpoint[]) => void;
  /** It is over; `near`: who answered, for the next time. */
  readonly done: (near: readonly Contact[]) => void;
}

export class DhtNode {
  readonly #options: DhtNodeOptions;
  #table: RoutingTable;
  readonly #asking: Asking;
  readonly #answers: Answers;
  readonly #guard: FloodGuard;
  readonly #votes = new AddressVotes();
  /** Whom everybody begins with. */
  #routers: readonly Endpoint[] = [];
  /** Those of them that are no nodes to keep: everybody asks them. */
  #notKept: ReadonlySet<string> = new Set();
  /** Times that a poor table was filled, and when it is again. */
  #fills = 0;
  #fillAt = Number.NEGATIVE_INFINITY;
  /** When our own neighbourhood is looked through again. */
  #refreshAt: number;
  #cleanAt: number;
  #now: number;
  /** Datagrams that were not read or not answered: too many, or unreadable. */
  dropped = 0;

  constructor(options: DhtNodeOptions) {
    const { id, contacts = [], family, random, version, send, now } = options;
    this.#options = options;
    this.#table = new RoutingTable(id ?? randomNodeId(random));
    this.#asking = new Asking({
      family,
      version,
      random,
      send,
      id: () => this.id,
      answered: (response, from) => this.#gotAnswer(response, from),
      failed: (to) => this.#table.failed(to, this.#now),
    });
    this.#answers = new Answers({ table: () => this.#table, random, version, now });
    this.#guard = new FloodGuard(now);
    for (const contact of contacts) if (this.#asking.isOurKind(contact)) this.#table.restore(contact, now);
    this.#now = now;
    this.#refreshAt = now + QUIET_MS;
    this.#cleanAt = now + CLEAN_MS;
  }

  get id(): NodeId {
    return this.#table.id;
  }

  /** Nodes that answer us. */
  get size(): number {
    return this.#table.answering;
  }

  /** Torrents that we know peers of for others, and those peers. */
  get stored(): { readonly hashes: number; readonly peers: number } {
    const { hashes, peers } = this.#answers.store;
    return { hashes, peers };
  }

  /** Nodes to begin with the next time. */
  toSave(): Contact[] {
    return this.#table.toSave();
  }

  /** Addresses that answer to whoever is new; `isKept`: they are nodes like others. */
  bootstrap(routers: readonly Endpoint[], isKept: boolean, now: number): void {
    this.#now = now;
    this.#routers = routers;
    this.#notKept = new Set(isKept ? [] : routers.map(endpointKey));
    if (routers.length > 0 && this.#isPoor) this.#fill();
  }

  /** There may be a node: a peer says so (BEP 5, `port`), or it has asked us. */
  heardOf(endpoint: Endpoint, now: number): void {
    this.#now = now;
    if (!this.#asking.isOurKind(endpoint) || !mayTell(endpoint, endpoint.host) || this.#table.has(endpoint)) return;
    if (this.#guard.mayPing(now)) this.#asking.ask(endpoint, { method: "ping" }, now);
  }

  /** Looks for the peers of a torrent, and announces us to the nodes nearest to it. */
  search({ infoHash, port, near, onPeers, done }: PeerSearch, now: number): void {
    this.#now = now;
    let room = MAX_PEERS_FOUND;
    const lookup = new Lookup(infoHash, [...near, ...this.#nearest(infoHash)]);
    // Among few nodes we are one of the nearest.
    const announcedHere = this.#answers.store.sample(infoHash, room, now);
    if (announcedHere.length > 0) onPeers(announcedHere);
    const task: Task = {
      lookup,
      question: { method: "get_peers", infoHash },
      answered: ({ peers }, from) => {
        const usable = peers.filter((peer) => mayTell(peer, from.host)).slice(0, room);
        room -= usable.length;
        if (usable.length > 0) onPeers(usable);
      },
      done: () => {
        const closest = lookup.closest();
        for (const { token, ...to } of closest) {
          if (port === undefined || !token) continue;
          this.#asking.ask(to, { method: "announce_peer", infoHash, port, token }, this.#now);
        }
        done(closest);
      },
    };
    this.#asking.begin(task, now);
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Endpoint, now: number): void {
    this.#now = now;
    const isRead = from.port !== 0 && bytes.length <= MAX_READ_BYTES && this.#guard.mayRead(from, now);
    const message = isRead ? parsed(bytes) : undefined;
    if (!message) this.dropped++;
    else if (message.type === "query" || message.type === "bad-query") this.#asked(message, from, bytes.length);
    else if (!this.#asking.heard(message, from, now)) this.dropped++;
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#now = now;
    this.#asking.tick(now);
    if (now >= this.#cleanAt) this.#clean();
    if (!this.#isPoor) {
      this.#fills = 0;
      this.#fillAt = now;
    } else if (now >= this.#fillAt) {
      this.#fillPoor();
    }
    if (now >= this.#refreshAt) {
      this.#refreshAt = now + QUIET_MS;
      this.#lookUp(this.id);
    }
    const stale = this.#table.nextRefresh(now, this.#options.random);
    if (stale) this.#lookUp(stale);
  }

  /** When it wants to be woken. */
  nextTick(): number {
    return Math.min(
      this.#cleanAt,
      this.#refreshAt,
      this.#asking.nextTick() ?? Infinity,
      this.#table.nextRefreshAt() ?? Infinity,
      this.#isPoor ? this.#fillAt : Infinity,
    );
  }

  get #isPoor(): boolean {
    return this.#table.answering < POOR_NODES;
  }

  #asked(query: Query | BadQuery, from: Endpoint, bytes: number): void {
    const answer = this.#answers.to(query, from, bytes, this.#now);
    if (!answer || !this.#guard.mayAnswer(answer.length, this.#now)) return void this.dropped++;
    this.#options.send(answer, from);
    // Who asks may be a node: it is one when it answers.
    if (query.type === "query" && !query.readOnly && this.#table.hasRoomFor(query.id)) this.heardOf(from, this.#now);
  }

  #clean(): void {
    this.#cleanAt = this.#now + CLEAN_MS;
    this.#answers.store.tick(this.#now);
    this.#guard.tick(this.#now);
  }

  /** What was saved is tried first, and alone; then the routers are asked too, less and less often. */
  #fillPoor(): void {
    const isFirst = this.#fills === 0 && this.#table.size > 0;
    const pauseMs = isFirst ? SAVED_FIRST_MS : Math.min(BOOTSTRAP_MOST_MS, BOOTSTRAP_AGAIN_MS * 2 ** this.#fills);
    this.#fills++;
    this.#fillAt = this.#now + pauseMs;
    this.#fill();
    if (!isFirst) this.#options.needRouters();
  }

  /** Looks for the nodes around us, from all that are known: those that are gone, too, for it may have been us. */
  #fill(): void {
    const begin = [...this.#table.everybody(), ...this.#routers];
    if (begin.length > 0) this.#lookUp(this.id, begin, BOOTSTRAP_ALPHA);
  }

  #lookUp(target: NodeId, begin: readonly Candidate[] = this.#nearest(target), alpha?: number): void {
    this.#asking.begin(
      { lookup: new Lookup(target, begin, alpha), question: { method: "find_node", target } },
      this.#now,
    );
  }

  #nearest(target: Uint8Array): Candidate[] {
    return [...this.#table.closest(target), ...(this.#isPoor ? this.#routers : [])];
  }

  #gotAnswer({ id, seenAs }: Response, { host, port }: Endpoint): void {
    if (!this.#notKept.has(endpointKey({ host, port }))) this.#table.answered({ id, host, port }, this.#now);
    const ours = seenAs && this.#votes.add(host, seenAs.host);
    const address = ours === undefined ? undefined : addressBytes(ours);
    if (!address || isSecureNodeId(this.id, address)) return;
    this.#table = this.#table.around(secureNodeId(address, this.#options.random), this.#now);
    this.#refreshAt = this.#now;
  }
}

/** Undefined for what is no message. */
function parsed(bytes: Uint8Array): Krpc | BadQuery | undefined {
  try {
    return parseKrpc(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}
