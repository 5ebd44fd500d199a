// LocalAddress: where what we begin leaves this machine. Who listens on one address of several means that one: it may be that of a VPN.
import { isIPv4, isIPv6, isLoopback } from "../protocol/tracker/endpoint.ts";

/**
 * The address that `host`, on which we listen, is alone; undefined for all of them, for a name, and for a loopback one: who is reached from
 * this machine only may still reach others.
 */
export function localAddressOf(host: string | undefined): string | undefined {
  if (host === undefined || host === "0.0.0.0" || isUnspecified6(host) || isLoopback(host)) return undefined;
  return isIPv4(host) || isIPv6(host) ? host : undefined;
}

/** For a socket that connects: it leaves from `localAddress`, and to addresses of that kind only; undefined: from any, to any. */
export function leavingFrom(localAddress: string | undefined): { localAddress?: string; family?: 4 | 6 } {
  return localAddress === undefined ? {} : { localAddress, family: familyOf(localAddress) };
}

export function familyOf(address: string): 4 | 6 {
  return isIPv4(address) ? 4 : 6;
}

/** `::` however it is written. */
function isUnspecified6(host: string): boolean {
  return isIPv6(host) && /^[0:]+$/.test(host);
}
