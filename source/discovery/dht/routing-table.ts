// RoutingTable: nodes that have answered us, many near our own id and few far from it. Source: BEP 5.
import { type Contact } from "../../protocol/dht/krpc.ts";
import {
  compareDistance,
  isSecureNodeId,
  NODE_ID_BITS,
  type NodeId,
  randomIdAt,
  sharedBits,
  toNodeId,
} from "../../protocol/dht/node-id.ts";
import { addressBytes, type Endpoint, isLoopback } from "../../protocol/tracker/endpoint.ts";
import { endpointKey, networkOf } from "./addresses.ts";
import { K, MAX_FAILURES, MAX_OF_NETWORK, MAX_SAVED, MAX_SPARE, QUIET_MS } from "./limits.ts";

interface Node extends Contact {
  /** When it answered last; undefined: not since it was brought back from an earlier run. */
  answeredAt: number | undefined;
  /** Questions in a row that it left unanswered. */
  failures: number;
  /** Its id follows from its address (BEP 42). */
  readonly isSecure: boolean;
}

interface Bucket {
  readonly nodes: Node[];
  /** Newcomers for whom there was no place, the latest last. */
  readonly spare: Node[];
  /** When one of its nodes answered, or it was looked through. */
  touchedAt: number;
}

export class RoutingTable {
  readonly id: NodeId;
  /** By leading bits in common with our id: as many buckets as if each full one were split where we are. */
  readonly #buckets: (Bucket | undefined)[] = [];
  readonly #byEndpoint = new Map<string, Node>();

  constructor(id: NodeId) {
    this.id = id;
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  /** Nodes that answered in this run and still do. */
  get answering(): number {
    return count(this.#byEndpoint.values(), (node) => node.answeredAt !== undefined && isAlive(node));
  }

  has(endpoint: Endpoint): boolean {
    return this.#byEndpoint.has(endpointKey(endpoint));
  }

  /** Would a node of this id that answers find a place? */
  hasRoomFor(id: NodeId): boolean {
    const nodes = this.#buckets[sharedBits(this.id, id)]?.nodes ?? [];
    return nodes.length < K || !nodes.every(isAlive);
  }

  /** A node of an earlier run, which may be gone. */
  restore(contact: Contact, now: number): void {
    this.#offer(contact, undefined, now);
  }

  /** It answered a question of ours: it is where it says it is, and good. */
  answered(contact: Contact, now: number): void {
    const known = this.#byEndpoint.get(endpointKey(contact));
    if (known && compareDistance(known.id, contact.id, this.id) === 0) {
      known.answeredAt = now;
      known.failures = 0;
      this.#bucketOf(contact.id, now).touchedAt = now;
      return;
    }
    // It has begun anew, under another id.
    if (known) this.#drop(known);
    this.#offer(contact, now, now);
  }

  /** It left a question unanswered: who waits for its place gets it after the second one. */
  failed(endpoint: Endpoint, now: number): void {
    const node = this.#byEndpoint.get(endpointKey(endpoint));
    if (!node || ++node.failures < MAX_FAILURES) return;
    const spare = this.#bucketOf(node.id, now).spare.pop();
    // What was saved and is gone makes room at once; others stay for a network that comes back, and are not told of.
    if (spare || node.answeredAt === undefined) this.#drop(node);
    if (spare) this.#offer(spare, spare.answeredAt, now);
  }

  /** At most `most` nodes that are not known to be gone, the nearest to `target` first. */
  closest(target: Uint8Array, most: number = K): Contact[] {
    const shared = Math.min(sharedBits(this.id, target), NODE_ID_BITS - 1);
    // Those that share more with us than the target does are all as far from it in their first bits; then come the ones that share less.
    const rings = [[shared], range(shared + 1, this.#buckets.length), ...range(0, shared).map((i) => [shared - 1 - i])];
    const found: Contact[] = [];
    for (const ring of rings) {
      if (found.length >= most) break;
      const nodes = ring.flatMap((i) => this.#buckets[i]?.nodes.filter(isAlive) ?? []);
      found.push(...nodes.toSorted((a, b) => compareDistance(a.id, b.id, target)));
    }
    return found.slice(0, most);
  }

  /** All nodes, those that are gone among them. */
  everybody(): Contact[] {
    return [...this.#byEndpoint.values()];
  }

  /** An id to look for, in a bucket in which nothing happened for a while; it counts as looked through from now on. */
  nextRefresh(now: number, random: () => number): NodeId | undefined {
    const at = this.#buckets.findIndex((bucket) => bucket && bucket.touchedAt + QUIET_MS <= now);
    if (at < 0) return undefined;
    this.#buckets[at]!.touchedAt = now;
    return randomIdAt(this.id, at, random);
  }

  /** When a bucket is due to be looked through; undefined: there is none. */
  nextRefreshAt(): number | undefined {
    let due: number | undefined;
    for (const bucket of this.#buckets) if (bucket) due = Math.min(due ?? Infinity, bucket.touchedAt + QUIET_MS);
    return due;
  }

  /** Who is worth to be remembered for the next run: alive, those that answered last first. */
  toSave(): Contact[] {
    return [...this.#byEndpoint.values()]
      .filter(isAlive)
      .toSorted((a, b) => (b.answeredAt ?? -Infinity) - (a.answeredAt ?? -Infinity))
      .slice(0, MAX_SAVED);
  }

  /** The same nodes around another id of ours. */
  around(id: NodeId, now: number): RoutingTable {
    const table = new RoutingTable(id);
    for (const node of this.#byEndpoint.values()) table.#offer(node, node.answeredAt, now);
    return table;
  }

  #offer({ id, host, port }: Contact, answeredAt: number | undefined, now: number): void {
    if (compareDistance(id, this.id, this.id) === 0 || this.#byEndpoint.has(endpointKey({ host, port }))) return;
    const address = addressBytes(host);
    if (!address) return;
    const isSecure = isSecureNodeId(id, address);
    // The datagram it came in is let go.
    const node: Node = { id: toNodeId(new Uint8Array(id)), host, port, answeredAt, failures: 0, isSecure };
    const bucket = this.#bucketOf(id, now);
    if (answeredAt !== undefined) bucket.touchedAt = now;
    // Nobody takes the id of a node that is alive.
    const namesake = bucket.nodes.find((other) => compareDistance(other.id, id, this.id) === 0);
    if (namesake && isAlive(namesake)) return;
    if (namesake) this.#drop(namesake);
    if (!this.#mayEnter(bucket, node)) return;
    const worst = bucket.nodes.length < K ? undefined : worstOf(bucket.nodes, isSecure);
    if (bucket.nodes.length < K || worst) {
      if (worst) this.#drop(worst);
      bucket.nodes.push(node);
      this.#byEndpoint.set(endpointKey(node), node);
    } else if (answeredAt !== undefined && !bucket.spare.some((other) => endpointKey(other) === endpointKey(node))) {
      bucket.spare.push(node);
      if (bucket.spare.length > MAX_SPARE) bucket.spare.shift();
    }
  }

  /** One node an address in all of the table, few of a network in a bucket; one's own machine is spared. */
  #mayEnter(bucket: Bucket, { host }: Node): boolean {
    if (isLoopback(host)) return true;
    const network = networkOf(host);
    if (count(bucket.nodes, (other) => networkOf(other.host) === network) >= MAX_OF_NETWORK) return false;
    return count(this.#byEndpoint.values(), (other) => other.host === host) === 0;
  }

  #drop(node: Node): void {
    const { nodes } = this.#buckets[sharedBits(this.id, node.id)]!;
    nodes.splice(nodes.indexOf(node), 1);
    this.#byEndpoint.delete(endpointKey(node));
  }

  #bucketOf(id: NodeId, now: number): Bucket {
    const at = sharedBits(this.id, id);
    return (this.#buckets[at] ??= { nodes: [], spare: [], touchedAt: now });
  }
}

/** Who gives way: one that is gone, or for a newcomer with an id of its address the one with another that answered least lately. */
function worstOf(nodes: readonly Node[], isSecure: boolean): Node | undefined {
  const gone = nodes.find((node) => !isAlive(node));
  if (gone || !isSecure) return gone;
  return nodes
    .filter((node) => !node.isSecure)
    .toSorted((a, b) => (a.answeredAt ?? -Infinity) - (b.answeredAt ?? -Infinity))[0];
}

function isAlive({ failures }: Node): boolean {
  return failures < MAX_FAILURES;
}

function count<T>(items: Iterable<T>, matches: (item: T) => boolean): number {
  let found = 0;
  for (const item of items) if (matches(item)) found++;
  return found;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
