// Lookup: asks nodes nearer and nearer to a target until the nearest that are alive have all answered. Sans I/O. Source: BEP 5.
import type { Contact } from "../../protocol/dht/krpc.ts";
import { compareDistance, type NodeId } from "../../protocol/dht/node-id.ts";
import { type Endpoint, isLoopback } from "../../protocol/tracker/endpoint.ts";
import { endpointKey, mayTell, networkOf } from "./addresses.ts";
import { ALPHA, K, MAX_ASKED, MAX_HEARD, MAX_NODES_OF_ANSWER, MAX_OF_NETWORK } from "./limits.ts";

/** Somebody who may be asked; the id of one whose address alone is known comes with its answer. */
export interface Candidate extends Endpoint {
  readonly id?: NodeId | undefined;
}

interface Asked extends Endpoint {
  id: NodeId | undefined;
  /** `slow`: the answer may still come, and nobody waits for it. */
  state: "heard" | "asked" | "slow" | "answered" | "failed";
  token: Uint8Array | undefined;
}

/** A node that answered; `token` when it may be announced to. */
export interface Answered extends Contact {
  readonly token: Uint8Array | undefined;
}

export class Lookup {
  readonly target: Uint8Array;
  readonly #alpha: number;
  /** The nearest first; those without an id, whom one begins with, before all. */
  readonly #nodes: Asked[] = [];
  readonly #byEndpoint = new Map<string, Asked>();
  readonly #hosts = new Set<string>();
  readonly #ofNetwork = new Map<string, number>();
  #askedCount = 0;

  constructor(target: Uint8Array, begin: readonly Candidate[], alpha = ALPHA) {
    this.target = target;
    this.#alpha = alpha;
    for (const candidate of begin) this.#add(candidate);
  }

  /** Whom to ask now, which it then counts as; undefined: nobody for the moment, or ever. */
  next(): Candidate | undefined {
    if (this.#askedCount >= MAX_ASKED || this.#count("asked") >= this.#alpha) return undefined;
    const node = this.#front().find(({ state }) => state === "heard");
    if (!node) return undefined;
    node.state = "asked";
    this.#askedCount++;
    return node;
  }

  /** Nobody is waited for, and nobody is left to be asked. Call it after `next` said undefined. */
  get isOver(): boolean {
    return this.#count("asked") === 0 && !this.#front().some(({ state }) => state === "slow");
  }

  /** The nearest that answered: whom to announce to, and to begin with the next time. */
  closest(): Answered[] {
    return this.#nodes
      .filter((node) => node.state === "answered")
      .slice(0, K)
      .map(({ id, host, port, token }) => ({ id: id!, host, port, token }));
  }

  /** It answered as `id` and told of `nodes`. Who answers as another than was said is not used: false. */
  answered(endpoint: Endpoint, id: NodeId, told: readonly Contact[], token: Uint8Array | undefined): boolean {
    const node = this.#byEndpoint.get(endpointKey(endpoint));
    if (!node || node.state === "heard" || node.state === "answered") return false;
    if (node.id && compareDistance(node.id, id, this.target) !== 0) {
      node.state = "failed";
      return false;
    }
    if (!node.id) {
      node.id = id;
      this.#nodes.splice(this.#nodes.indexOf(node), 1);
      this.#place(node);
    }
    node.state = "answered";
    node.token = token;
    for (const contact of told.slice(0, MAX_NODES_OF_ANSWER)) if (mayTell(contact, endpoint.host)) this.#add(contact);
    return true;
  }

  slow(endpoint: Endpoint): void {
    const node = this.#byEndpoint.get(endpointKey(endpoint));
    if (node?.state === "asked") node.state = "slow";
  }

  failed(endpoint: Endpoint): void {
    const node = this.#byEndpoint.get(endpointKey(endpoint));
    if (node && node.state !== "answered") node.state = "failed";
  }

  /** Those that count: the K nearest that have not failed, and who has no id yet. */
  #front(): Asked[] {
    let ids = 0;
    const front: Asked[] = [];
    for (const node of this.#nodes) {
      if (node.state === "failed") continue;
      front.push(node);
      if (node.id && ++ids === K) break;
    }
    return front;
  }

  /** One node an address, few of a network: one owner does not fill the front. */
  #add({ host, port, id }: Candidate): void {
    const key = endpointKey({ host, port });
    if (this.#byEndpoint.has(key)) return;
    if (!isLoopback(host)) {
      const network = networkOf(host);
      const others = this.#ofNetwork.get(network) ?? 0;
      if (this.#hosts.has(host) || others >= MAX_OF_NETWORK) return;
      this.#hosts.add(host);
      this.#ofNetwork.set(network, others + 1);
    }
    const node: Asked = { host, port, id, state: "heard", token: undefined };
    this.#byEndpoint.set(key, node);
    this.#place(node);
    if (this.#nodes.length <= MAX_HEARD || this.#nodes.at(-1)!.state !== "heard") return;
    this.#byEndpoint.delete(endpointKey(this.#nodes.pop()!));
  }

  #place(node: Asked): void {
    const { id } = node;
    const at = id ? this.#nodes.findIndex((other) => other.id && compareDistance(other.id, id, this.target) > 0) : 0;
    this.#nodes.splice(at < 0 ? this.#nodes.length : at, 0, node);
  }

  #count(state: Asked["state"]): number {
    return this.#nodes.reduce((sum, node) => sum + (node.state === state ? 1 : 0), 0);
  }
}
