// Endpoints on tracker wires: IP literals, their 6- and 18-byte forms (BEP 23, BEP 7), and which addresses are private.

/** Where a peer takes connections: an IP literal without brackets, and a TCP port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const [ZERO, DOT] = [0x30, 0x2e];

/** 4 or 16 bytes of an IP literal; undefined for anything else. */
export function addressBytes(host: string): Uint8Array | undefined {
  return host.includes(":") ? ipv6Bytes(host) : ipv4Bytes(host);
}

/** Four decimal octets without leading zeros. */
export function isIPv4(host: string): boolean {
  return ipv4Bytes(host) !== undefined;
}

/** An IPv6 literal without brackets or zone. */
export function isIPv6(host: string): boolean {
  return ipv6Bytes(host) !== undefined;
}

/** The one name of an address: `::ffff:192.0.2.1`, as sockets that listen on `::` name IPv4 peers, is `192.0.2.1`, and IPv6 as in RFC 5952. What is none stays as it is. */
export function normalizeHost(host: string): string {
  const bytes = host.includes(":") ? ipv6Bytes(host) : undefined;
  if (!bytes) return host;
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.subarray(12).join(".") : ipv6Text(bytes);
}

/** What one subscriber has: an IPv4 address alone, of an IPv6 one its /64, in hex. Anything else as it is. */
export function subscriberOf(host: string): string {
  const bytes = host.includes(":") ? ipv6Bytes(host) : undefined;
  return bytes ? Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("") : host;
}

/** All of 127.0.0.0/8 (RFC 1122) and ::1 (RFC 4291), also as IPv4 mapped into IPv6. Limits by address spare it: one machine runs many peers. */
export function isLoopback(host: string): boolean {
  const plain = normalizeHost(host);
  return plain === "::1" || (plain.startsWith("127.") && isIPv4(plain));
}

/** Who connects there comes to this very machine: loopback, and the unspecified 0.0.0.0 and ::. */
export function leadsHere(host: string): boolean {
  const plain = normalizeHost(host);
  return isLoopback(plain) || plain === "0.0.0.0" || plain === "::";
}

/** Loopback, private, link-local, shared or unspecified: not an address of the open Internet. Also true for what is no IP literal. */
export function isPrivateHost(host: string): boolean {
  const plain = normalizeHost(host);
  const v4 = ipv4Bytes(plain);
  if (v4) {
    const [a = 0, b = 0] = v4;
    return (
      a === 0 ||
      a === 10 ||
      a === 127 ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      a >= 224
    );
  }
  const v6 = ipv6Bytes(plain);
  if (!v6) return true;
  const first = (v6[0]! << 8) | v6[1]!;
  // 2000::/3 is all that is routed; the rest is loopback, fc00::/7, fe80::/10, multicast or unused.
  return first < 0x2000 || first > 0x3fff;
}

/** 4 bytes of address and 2 of port, both big-endian. Source: BEP 23. */
export function encodeCompact4(endpoint: Endpoint): Uint8Array {
  return compact(ipv4Bytes(endpoint.host), endpoint);
}

/** 16 bytes of address and 2 of port, both big-endian. Source: BEP 7. */
export function encodeCompact6(endpoint: Endpoint): Uint8Array {
  return compact(ipv6Bytes(endpoint.host), endpoint);
}

/** Endpoints of a compact list, without those of port 0; undefined when it is no multiple of 6 bytes. */
export function parseCompact4(bytes: Uint8Array): Endpoint[] | undefined {
  return parseCompact(bytes, 4, (address) => address.join("."));
}

/** Endpoints of a compact IPv6 list, without those of port 0; undefined when it is no multiple of 18 bytes. */
export function parseCompact6(bytes: Uint8Array): Endpoint[] | undefined {
  return parseCompact(bytes, 16, ipv6Text);
}

function compact(address: Uint8Array | undefined, { host, port }: Endpoint): Uint8Array {
  if (!address) throw new RangeError(`not an IP literal of this family: ${host}`);
  if (port < 1 || port > 65_535) throw new RangeError(`port out of range: ${port}`);
  const bytes = new Uint8Array(address.length + 2);
  bytes.set(address);
  bytes[address.length] = port >>> 8;
  bytes[address.length + 1] = port & 0xff;
  return bytes;
}

function parseCompact(
  bytes: Uint8Array,
  addressBytes: number,
  text: (address: Uint8Array) => string,
): Endpoint[] | undefined {
  const size = addressBytes + 2;
  if (bytes.length % size !== 0) return undefined;
  const endpoints: Endpoint[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const port = bytes[at + addressBytes]! * 256 + bytes[at + addressBytes + 1]!;
    if (port !== 0) endpoints.push({ host: text(bytes.subarray(at, at + addressBytes)), port });
  }
  return endpoints;
}

function ipv4Bytes(host: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let octet = 0;
  let digits = 0;
  // Not by a pattern: every datagram of the DHT holds a dozen of them.
  for (let i = 0, at = 0; i <= host.length; i++) {
    const digit = host.charCodeAt(i) - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && octet === 0) return undefined;
      octet = 10 * octet + digit;
      if (++digits > 3 || octet > 255) return undefined;
    } else {
      const isEnd = i === host.length;
      if (digits === 0 || isEnd !== (at === 3) || !(isEnd || digit === DOT - ZERO)) return undefined;
      bytes[at++] = octet;
      octet = digits = 0;
    }
  }
  return bytes;
}

function ipv6Bytes(host: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(host)) return undefined;
  const halves = host.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupBytes);
  if (!head) return undefined;
  if (halves.length === 1) return head.length === 16 ? new Uint8Array(head) : undefined;
  if (!tail || head.length + tail.length > 14) return undefined;
  return new Uint8Array([...head, ...new Uint8Array(16 - head.length - tail.length), ...tail]);
}

/** Bytes of colon-separated groups, the last of which may be an IPv4 literal. */
function groupBytes(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const v4 = i === groups.length - 1 ? ipv4Bytes(group) : undefined;
    if (v4) bytes.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group))
      bytes.push(Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

/** RFC 5952: lower case, the longest run of two or more zero groups as `::`. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}
