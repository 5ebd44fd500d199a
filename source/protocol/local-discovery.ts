// Local service discovery: the datagrams by which peers of one network tell each other of their torrents (BEP 14).
import { latin1, utf8 } from "./bencode.ts";
import { type InfoHash, idFromHex, toHex, toInfoHash } from "./ids.ts";

/** The UDP port, and the groups of both families. Source: BEP 14. */
export const LAN_PORT = 6_771;
export const LAN_GROUPS = { 4: "239.192.152.143", 6: "ff15::efc0:988f" } as const;

/** Bytes of a datagram, so that none is cut up on its way. Source: BEP 14. */
export const MAX_LAN_BYTES = 1_400;

/** Info hashes that fit into a datagram beside the longest of all other lines, a cookie of 16 characters among them. */
export const MAX_LAN_HASHES = 25;

/** Somebody takes peers of these torrents, at the address that the datagram came from. */
export interface LanAnnounce {
  /** TCP, 1 to 65535. */
  readonly port: number;
  readonly infoHashes: readonly InfoHash[];
  /** By which its sender knows its own datagrams; undefined: it said none. */
  readonly cookie: string | undefined;
}

/** Longer ones are nobody's: libtorrent's have 8 characters at most. */
const COOKIE = /^[\x21-\x7e]{1,16}$/;

const FIRST_LINE = /^BT-SEARCH \* HTTP\/1\.\d$/;

/** The datagram for the group of `family`. Throws RangeError for what has no place in one. */
export function encodeLanAnnounce({ port, infoHashes, cookie }: LanAnnounce, family: 4 | 6): Uint8Array {
  if (!isPort(port)) throw new RangeError(`port out of range: ${port}`);
  const count = infoHashes.length;
  if (count < 1 || count > MAX_LAN_HASHES)
    throw new RangeError(`info hashes: expected 1 to ${MAX_LAN_HASHES}, received ${count}`);
  if (cookie !== undefined && !COOKIE.test(cookie)) throw new RangeError(`no cookie: ${cookie}`);
  const group = family === 4 ? LAN_GROUPS[4] : `[${LAN_GROUPS[6]}]`;
  const lines = [
    "BT-SEARCH * HTTP/1.1",
    `Host: ${group}:${LAN_PORT}`,
    `Port: ${port}`,
    ...infoHashes.map((infoHash) => `Infohash: ${toHex(infoHash)}`),
    ...(cookie === undefined ? [] : [`cookie: ${cookie}`]),
  ];
  return utf8(`${lines.join("\r\n")}\r\n\r\n\r\n`);
}

/**
 * What a datagram says, each info hash once; undefined when it is no announce or names no torrent. Headers that are not known, and info
 * hashes of another length, as those of version 2, are passed over; so is what follows the empty line, of which some send one and some two.
 */
export function parseLanAnnounce(bytes: Uint8Array): LanAnnounce | undefined {
  if (bytes.length > MAX_LAN_BYTES) return undefined;
  const text = latin1(bytes);
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  if (!FIRST_LINE.test(first)) return undefined;
  let port: number | undefined;
  let cookie: string | undefined;
  const infoHashes = new Map<string, InfoHash>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return undefined;
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).toLowerCase()) {
      case "port":
        if (port !== undefined || !/^[0-9]{1,5}$/.test(value) || !isPort(Number(value))) return undefined;
        port = Number(value);
        break;
      case "infohash": {
        const id = idFromHex(value);
        if (id) infoHashes.set(value.toLowerCase(), toInfoHash(id));
        break;
      }
      case "cookie":
        if (COOKIE.test(value)) cookie ??= value;
        break;
    }
  }
  if (port === undefined || infoHashes.size === 0) return undefined;
  return { port, infoHashes: [...infoHashes.values()], cookie };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
