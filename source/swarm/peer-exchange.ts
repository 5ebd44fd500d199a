// PeerExchange: tells each peer who else is here, and takes such news from it (BEP 11). Not of private torrents.
import { type PexMessage, MAX_EXCHANGED } from "../protocol/peer/extensions/ut-pex.ts";
import { isPrivateHost, leadsHere } from "../protocol/tracker/endpoint.ts";
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
  /** It said that it speaks of others, and did not take that back. */
  speaks: boolean;
}

export class PeerExchange {
  readonly #options: PeerExchangeOptions;
  readonly #told = new Map<PeerKey, Told>();

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
  }

  /** From now on it is told, a little later than it came: who comes together then leaves in one message. */
  begin(peer: SwarmPeer, now: number): void {
    const told = this.#told.get(peer.key);
    if (told) told.speaks = true;
    else {
      const dueAt = now + EXCHANGE_FIRST_MS;
      this.#told.set(peer.key, { addresses: new Map(), dueAt, heardAgainAt: now, speaks: true });
    }
  }

  /** It takes that back. When it may be told and heard again stays as it is: it may change its mind a hundred times a second. */
  stop(peer: SwarmPeer): void {
    const told = this.#told.get(peer.key);
    if (told) told.speaks = false;
  }

  forget(peer: SwarmPeer): void {
    this.#told.delete(peer.key);
  }

  /** The addresses of `message` that may be dialled: none when it comes too often, no private ones from a public address. */
  heard(peer: SwarmPeer, message: PexMessage, now: number): readonly Address[] {
    const told = this.#told.get(peer.key);
    if (!told?.speaks || now < told.heardAgainAt) return [];
    told.heardAgainAt = now + LEAST_EXCHANGE_MS;
    return message.added.filter(({ host }) => mayTell(host, hostOf(peer)));
  }

  tick(now: number): void {
    for (const [key, told] of this.#told) {
      const peer = this.#options.peers.get(key);
      if (peer && told.speaks && now >= told.dueAt) this.#tell(peer, told, now);
    }
  }

  #tell(peer: SwarmPeer, told: Told, now: number): void {
    const here = new Map<string, Address>();
    for (const other of this.#options.peers.values()) {
      if (other === peer || !other.listensAt || !mayTell(hostOf(other), hostOf(peer))) continue;
      const address = { host: hostOf(other), port: other.listensAt.port };
      here.set(`${address.host} ${address.port}`, address);
    }
    const added = [...here].filter(([name]) => !told.addresses.has(name)).slice(0, MAX_EXCHANGED);
    const dropped = [...told.addresses].filter(([name]) => !here.has(name)).slice(0, MAX_EXCHANGED);
    told.dueAt = now + (added.length + dropped.length > 0 ? EXCHANGE_MS : EXCHANGE_FIRST_MS);
    if (added.length + dropped.length === 0) return;
    for (const [name, address] of added) told.addresses.set(name, address);
    for (const [name] of dropped) told.addresses.delete(name);
    const message = { added: added.map(([, address]) => address), dropped: dropped.map(([, address]) => address) };
    this.#options.emit({ type: "send", peer: peer.key, message: { type: "ut-pex", message } });
  }
}

/** Its IP address, also when it was dialled by a name. */
function hostOf({ connected }: SwarmPeer): string {
  return connected.ip ?? connected.address.host;
}

/**
 * Addresses of a network of one's own, or of one machine, are nobody's business outside of it, and nobody outside may send us there.
 * `other`: who tells of `host`, or is told.
 */
function mayTell(host: string, other: string): boolean {
  return (!isPrivateHost(host) || isPrivateHost(other)) && (!leadsHere(host) || leadsHere(other));
}
