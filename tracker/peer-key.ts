// PURE: a peer's address as a tracker keeps it: the bytes of its compact form (BEP 23, BEP 7), a character each.
// 6 or 18 characters are at once the key of a map, a third of an object's memory, and what an answer is made of.
import { latin1 } from "../source/protocol/bencode.ts";
import {
  type Endpoint,
  encodeCompact4,
  encodeCompact6,
  isIPv4,
  parseCompact4,
  parseCompact6,
} from "../source/protocol/tracker/endpoint.ts";

declare const brand: unique symbol;

/** Address and port, 6 characters of an IPv4 peer, 18 of an IPv6 peer. */
export type PeerKey = string & { readonly [brand]: "PeerKey" };

/** Address alone: 4 or 16 characters. */
export type AddressKey = string & { readonly [brand]: "AddressKey" };

const IPV4_KEY = 6;

/** Key of an IP literal, to be made once a connection. Throws RangeError for anything else. */
export function addressKey(host: string): AddressKey {
  const endpoint = { host, port: 1 };
  return latin1((isIPv4(host) ? encodeCompact4(endpoint) : encodeCompact6(endpoint)).subarray(0, -2)) as AddressKey;
}

/** Key of a peer at an address. `port` is 1 to 65535. */
export function peerKey(address: AddressKey, port: number): PeerKey {
  return (address + String.fromCharCode(port >>> 8, port & 0xff)) as PeerKey;
}

export function isIPv4Key(key: PeerKey): boolean {
  return key.length === IPV4_KEY;
}

/** Address and port as text and number. */
export function endpointOf(key: PeerKey): Endpoint {
  const bytes = Uint8Array.from(key, (char) => char.charCodeAt(0));
  return (isIPv4Key(key) ? parseCompact4(bytes) : parseCompact6(bytes))![0]!;
}

/** `host:port`, an IPv6 host in brackets. */
export function addressOf({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
