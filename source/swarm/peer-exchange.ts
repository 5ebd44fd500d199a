// PeerExchange: tells each peer who else is here, and takes such news from it (BEP 11). Not of private torrents.
import { type PexMessage, MAX_EXCHANGED } from "../protocol/peer/extensions/ut-pex.ts";
import { isPrivateHost } from "../protocol/tracker/endpoint.ts";
import type { Address, PeerKey, SwarmCommand } from "./events.ts";
import { EXCHANGE_FIRST_MS, EXCHANGE_MS, LEAST_EXCHANGE_MS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";

interface PeerExchangeOptions {
  readonly peers: ReadonlyMap<PeerKey, SwarmPeer>;
  readonly emit: (command: SwarmCommand) => void;
}

interface Told {
  /** Whom it was told of, by `host port`. */
  readonly addresses: Map<string, Address>;
  /** When it is told again. */
  dueAt: number;
  /** When it may tell us again. */
  heardAgainAt: number;
}

export class PeerExchange {
  readonly #options: PeerExchangeOptions;
  readonly #told = new Map<PeerKey, Told>();

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
  }

  /** From now on it is told, a little later than it came: who comes together then leaves in one message. */
  begin(peer: SwarmPeer, now: number): void {
    if (this.#told.has(peer.key)) return;
    this.#told.set(peer.key, { addresses: new Map(), dueAt: now + EXCHANGE_FIRST_MS, heardAgainAt: now });
  }

  forget(peer: SwarmPeer): void {
    this.#told.delete(peer.key);
  }

  /** The addresses of `message` that may be dialled: none when it comes too often, no private ones from a public address. */
  heard(peer: SwarmPeer, message: PexMessage, now: number): readonly Address[] {
    const told = this.#told.get(peer.key);
    if (!told || now < told.heardAgainAt) return [];
    told.heardAgainAt = now + LEAST_EXCHANGE_MS;
    return message.added.filter((address) => mayTell(peer.connected.address, address));
  }

  tick(now: number): void {
    for (const [key, told] of this.#told) {
      const peer = this.#options.peers.get(key);
      if (peer && now >= told.dueAt) this.#tell(peer, told, now);
    }
  }

  #tell(peer: SwarmPeer, told: Told, now: number): void {
    const here = new Map<string, Address>();
    for (const { key, listensAt } of this.#options.peers.values()) {
      if (key === peer.key || !listensAt || !mayTell(listensAt, peer.connected.address)) continue;
      here.set(`${listensAt.host} ${listensAt.port}`, listensAt);
    }
    const added = [...here].filter(([name]) => !told.addresses.has(name)).slice(0, MAX_EXCHANGED);
    const dropped = [...told.addresses].filter(([name]) => !here.has(name)).slice(0, MAX_EXCHANGED);
    if (added.length + dropped.length === 0) return;
    for (const [name, address] of added) told.addresses.set(name, address);
    for (const [name] of dropped) told.addresses.delete(name);
    told.dueAt = now + EXCHANGE_MS;
    const message = { added: added.map(([, address]) => address), dropped: dropped.map(([, address]) => address) };
    this.#options.emit({ type: "send", peer: peer.key, message: { type: "ut-pex", message } });
  }
}

/** Addresses of a network of one's own are nobody's business outside of it, and nobody outside may send us there. */
function mayTell(one: Address, other: Address): boolean {
  return isPrivateHost(one.host) === isPrivateHost(other.host);
}
