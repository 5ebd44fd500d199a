// A DHT of many nodes on virtual time: our own nodes, dead ones and liars, with in-memory links and seeded randomness.
import { encodeKrpc, parseKrpc } from "../../../source/protocol/dht/krpc.ts";
import { type NodeId, randomNodeId } from "../../../source/protocol/dht/node-id.ts";
import { DhtNode } from "../../../source/discovery/dht/node.ts";
import { type InfoHash, toInfoHash } from "../../../source/protocol/ids.ts";
import { seededRandom } from "../../helpers/simulation.ts";
import type { Endpoint } from "../../../source/protocol/tracker/endpoint.ts";

export const VERSION = Uint8Array.of(0x53, 0x54, 0, 1);

/** What answers at an address. */
export interface Host {
  readonly endpoint: Endpoint;
  receive(bytes: Uint8Array, from: Endpoint, now: number): void;
  tick?(now: number): void;
  nextTick?(): number;
}

export interface Member extends Host {
  readonly node: DhtNode;
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
}

export class Network {
  now = 0;
  sent = 0;
  readonly random: () => number;
  readonly members: Member[] = [];
  /** Every datagram that was sent to somewhere where nobody is, by address. */
  readonly lost = new Map<string, number>();
  readonly #hosts = new Map<string, Host>();
  /** By the millisecond at which it arrives. */
  readonly #wire = new Map<number, Datagram[]>();
  readonly #wakeAt = new Map<Host, number>();
  #used = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** A public address that nobody has, each in a network of its own. */
  freshEndpoint(): Endpoint {
    const n = this.#used++;
    return { host: `${20 + (n >> 14)}.${(n >> 7) & 127}.${n & 127}.7`, port: 6881 + (n % 100) };
  }

  /** One of our nodes; it knows how to begin from `routers`. */
  join(routers: readonly Endpoint[], more: { endpoint?: Endpoint; id?: NodeId } = {}): Member {
    const endpoint = more.endpoint ?? this.freshEndpoint();
    const node: DhtNode = new DhtNode({
      ...(more.id && { id: more.id }),
      family: 4,
      version: VERSION,
      random: this.random,
      send: (bytes, to) => this.send(bytes, endpoint, to),
      needRouters: () => node.bootstrap(routers, true, this.now),
      now: this.now,
    });
    const member: Member = {
      endpoint,
      node,
      receive: (bytes, from, now) => node.receive(bytes, from, now),
      tick: (now) => node.tick(now),
      nextTick: () => node.nextTick(),
    };
    this.members.push(member);
    this.place(member);
    return member;
  }

  place(host: Host): void {
    this.#hosts.set(keyOf(host.endpoint), host);
    this.wake(host);
  }

  /** Nobody answers there any more, and nothing is done there. */
  kill(host: Host): void {
    this.#hosts.delete(keyOf(host.endpoint));
    this.#wakeAt.delete(host);
  }

  send(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    this.sent++;
    const at = Math.floor(this.now) + 20 + Math.floor(this.random() * 60);
    const others = this.#wire.get(at);
    if (others) others.push({ bytes, from, to });
    else this.#wire.set(at, [{ bytes, from, to }]);
  }

  /** Lets time pass until `until` says so, or `ms` are over. */
  run(ms: number, until: () => boolean = () => false): void {
    const end = this.now + ms;
    while (!until()) {
      const next = Math.min(...this.#wire.keys(), ...this.#wakeAt.values());
      if (next >= end) {
        this.now = end;
        return;
      }
      this.now = Math.max(next, this.now);
      const due = this.#wire.get(next) ?? [];
      this.#wire.delete(next);
      for (const { bytes, from, to } of due) this.#deliver(bytes, from, to);
      for (const [host, at] of this.#wakeAt) {
        if (at > this.now) continue;
        host.tick?.(this.now);
        this.wake(host);
      }
    }
  }

  /** Looks anew when it wants to be woken. */
  wake(host: Host): void {
    if (host.nextTick && this.#hosts.get(keyOf(host.endpoint)) === host) this.#wakeAt.set(host, host.nextTick());
  }

  #deliver(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    const host = this.#hosts.get(keyOf(to));
    if (!host) return void this.lost.set(keyOf(to), (this.lost.get(keyOf(to)) ?? 0) + 1);
    host.receive(bytes, from, this.now);
    this.wake(host);
  }

  /** One search of `member`, until it is over. */
  search(member: Member, infoHash: InfoHash, port?: number): Endpoint[] {
    const found: Endpoint[] = [];
    let over = false;
    member.node.search(
      { infoHash, port, near: [], onPeers: (peers) => found.push(...peers), done: () => (over = true) },
      this.now,
    );
    this.wake(member);
    this.run(120_000, () => over);
    if (!over) throw new Error("the search did not end within 2 minutes");
    // What is announced at its end arrives.
    this.run(1_000);
    return found;
  }

  /** So many nodes that came one after the other, each through one that was there. */
  grow(count: number): void {
    for (let i = 0; i < count; i++) {
      const through = this.members[Math.floor(this.random() * this.members.length)];
      this.join(through ? [through.endpoint] : []);
      this.run(200);
    }
    this.run(30_000);
  }

  infoHash(): InfoHash {
    return toInfoHash(new Uint8Array(randomNodeId(this.random)));
  }
}

/** Answers every question with what `lie` makes of it. */
export function liar(
  network: Network,
  endpoint: Endpoint,
  lie: (query: Extract<ReturnType<typeof parseKrpc>, { type: "query" }>) => Uint8Array | undefined,
): Host {
  const host: Host = {
    endpoint,
    receive: (bytes, from) => {
      const query = parseKrpc(bytes);
      const answer = query.type === "query" ? lie(query) : undefined;
      if (answer) network.send(answer, endpoint, from);
    },
  };
  network.place(host);
  return host;
}

export function answerOf(
  query: { transaction: Uint8Array },
  returns: Partial<Omit<Extract<ReturnType<typeof parseKrpc>, { type: "response" }>, "type">> & { id: NodeId },
): Uint8Array {
  return encodeKrpc(
    {
      type: "response",
      transaction: query.transaction,
      nodes: [],
      peers: [],
      token: undefined,
      seenAs: undefined,
      ...returns,
    },
    VERSION,
  );
}

function keyOf({ host, port }: Endpoint): string {
  return `${host} ${port}`;
}
