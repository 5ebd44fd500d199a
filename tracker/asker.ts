// Who asks: the address of a socket, or the one that a trusted proxy names.
import { isIPv4, isIPv6, isLoopback, normalizeHost } from "../source/protocol/tracker/endpoint.ts";
import { type AddressKey, addressKey } from "./peer-key.ts";

export interface Asker {
  /** An IP literal, never an IPv4 address in the clothes of IPv6. */
  readonly host: string;
  readonly address: AddressKey;
  /** What limits count: the address, or the /64 of an IPv6 one, all of which one subscriber has. */
  readonly network: string;
  /** It is of this machine: its own engines, whom no limit for strangers hinders. */
  readonly loopback: boolean;
  /** It named somebody for whom it asks, and is not believed: the client is elsewhere. */
  readonly isProxy: boolean;
}

const IPV6_SUBSCRIBER_BYTES = 8;

/** The asker at a socket's address, as Node names it. */
export function askerAt(remoteAddress: string): Asker {
  const host = normalizeHost(withoutZone(remoteAddress));
  const address = addressKey(host);
  const network = address.slice(0, IPV6_SUBSCRIBER_BYTES);
  return { host, address, network, loopback: isLoopback(host), isProxy: false };
}

/** Proxies that are believed when they say for whom they ask. */
export class TrustedProxies {
  readonly #hosts: ReadonlySet<string> | undefined;

  /** Loopback and `hosts` are believed; nobody is when `hosts` is undefined. */
  constructor(hosts: readonly string[] | undefined) {
    this.#hosts = hosts && new Set(hosts.map(normalizeHost));
  }

  trusts(host: string): boolean {
    return this.#hosts !== undefined && (isLoopback(host) || this.#hosts.has(host));
  }

  /**
   * For whom `asker` asks: the last address of `X-Forwarded-For` that is no trusted proxy's. What stands before it may be anybody's
   * invention. Without a usable address it is the asker itself.
   */
  clientOf(asker: Asker, forwardedFor: string | undefined): Asker {
    if (forwardedFor === undefined) return asker;
    const proxy = { ...asker, isProxy: true };
    if (!this.trusts(asker.host)) return proxy;
    for (const part of forwardedFor.split(",").toReversed()) {
      const host = normalizeHost(part.trim());
      if (!isIPv4(host) && !isIPv6(host)) return proxy;
      if (!this.trusts(host)) return askerAt(host);
    }
    return asker;
  }
}

/** `fe80::1%eth0` without its interface. */
function withoutZone(address: string): string {
  const at = address.indexOf("%");
  return at < 0 ? address : address.slice(0, at);
}
