// Networks: which of those that this machine is in are somebody's own, so that peers of them may be told and believed.
import { BlockList } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";
import { isIPv6, isLoopback, isPrivateHost, normalizeHost } from "../../protocol/tracker/endpoint.ts";

export interface LanNetwork {
  /** Of the interface, as the system calls it. */
  readonly name: string;
  readonly family: 4 | 6;
  /** Ours in it. */
  readonly address: string;
  /** Is this address of it? */
  readonly has: (host: string) => boolean;
}

/** Addresses of a network that is no line between two machines, as a tunnel is. */
const LEAST_BITS = 2;

/** As the DHT: IPv4, and IPv6 instead for who listens on an IPv6 address alone. */
export function lanFamilyOf(host: string | undefined): 4 | 6 {
  return host !== undefined && isIPv6(host) && normalizeHost(host) !== "::" ? 6 : 4;
}

/**
 * Those with a private address of ours; `host`: the address that we listen on, undefined for all. A data centre, where we have a public one,
 * is full of strangers. On a loopback address this machine is the network; a name is no address of any.
 */
export function networksOf(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
  host: string | undefined,
): LanNetwork[] {
  const family = lanFamilyOf(host);
  if (host !== undefined && isLoopback(host))
    return family === 4 ? [{ name: "loopback", family, address: host, has: isLoopback }] : [];
  const isAny = host === undefined || host === "0.0.0.0" || normalizeHost(host) === "::";
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal, address }) => !internal && (isAny || address === normalizeHost(host)))
      .filter((one) => one.family === `IPv${family}` && isPrivateHost(one.address) && !isLinkLocal6(one.address))
      .flatMap(({ address, cidr }) => {
        const prefix = Number(cidr?.split("/")[1]);
        if (!(prefix <= (family === 4 ? 32 : 128) - LEAST_BITS)) return [];
        const subnet = new BlockList();
        const type = family === 4 ? "ipv4" : "ipv6";
        subnet.addSubnet(address, prefix, type);
        return [{ name, family, address, has: (other) => subnet.check(other, type) } satisfies LanNetwork];
      }),
  );
}

/** It is an address only beside the name of an interface, which nobody can be told. */
function isLinkLocal6(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
