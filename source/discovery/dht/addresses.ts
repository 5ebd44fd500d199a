// Addresses as the DHT looks at them: which may be told of by whom, and which count as one.
import { addressBytes, type Endpoint, isLoopback, isPrivateHost } from "../../protocol/tracker/endpoint.ts";

/** What maps are keyed by. */
export function endpointKey({ host, port }: Endpoint): string {
  return `${host} ${port}`;
}

/** What one owner has as a rule: the /24 of an IPv4 address, the /64 of an IPv6 one. */
export function networkOf(host: string): string {
  if (!host.includes(":")) return host.slice(0, host.lastIndexOf("."));
  return String(addressBytes(host)?.subarray(0, 8));
}

/**
 * May `teller` send us to this address? Not to one that is no single host, nor to a port that nobody has, nor from outside into a
 * network of one's own, nor from anywhere but this machine to itself.
 */
export function mayTell({ host, port }: Endpoint, teller: string): boolean {
  if (port === 0 || isNoHost(host)) return false;
  if (isLoopback(host)) return isLoopback(teller);
  return !isPrivateHost(host) || isPrivateHost(teller);
}

/** Multicast, broadcast, unspecified, reserved. */
function isNoHost(host: string): boolean {
  const bytes = addressBytes(host);
  if (!bytes) return true;
  const first = bytes[0]!;
  if (bytes.length === 4) return first === 0 || first >= 224;
  return first === 0xff || bytes.subarray(0, 15).every((byte) => byte === 0) !== (host === "::1");
}
