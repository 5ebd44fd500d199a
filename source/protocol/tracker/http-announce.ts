// HTTP announce and scrape (BEP 3, 7, 23, 48): queries and answers as values, both directions.
import {
  type BencodeDictionary,
  type BencodeValue,
  concatBytes,
  decodeFirst,
  encode,
  fromLatin1,
  fromUtf8,
  latin1,
} from "../bencode.ts";
import { BencodeError, ProtocolError, TrackerError } from "../errors.ts";
import { type InfoHash, type PeerId, toInfoHash, toPeerId } from "../ids.ts";
import {
  type Endpoint,
  encodeCompact4,
  encodeCompact6,
  isIPv4,
  isIPv6,
  parseCompact4,
  parseCompact6,
} from "./endpoint.ts";

export type AnnounceEvent = "started" | "stopped" | "completed";

/** What a peer asks of a tracker, and tells it. Byte counts are since `started`. */
export interface AnnounceQuery {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** TCP port at which the peer takes connections; never 0. */
  readonly port: number;
  readonly uploaded: number;
  readonly downloaded: number;
  /** Bytes still wanted; 0 makes the peer a seed. */
  readonly left: number;
  readonly event?: AnnounceEvent;
  /** Peers wanted; a tracker may give fewer. */
  readonly numwant?: number;
  /** BEP 23: peers as 6 bytes each. */
  readonly compact: boolean;
  readonly token?: string;
  /** What this tracker called us in its last answer. */
  readonly trackerId?: Uint8Array;
}

export interface AnnouncePeer extends Endpoint {
  /** Only in answers that are not compact. */
  readonly peerId?: PeerId;
}

export interface AnnounceResponse {
  /** Seconds until the next announce, as the tracker said it: clamp it. */
  readonly interval: number;
  readonly minInterval?: number;
  readonly complete?: number;
  readonly incomplete?: number;
  readonly peers: readonly AnnouncePeer[];
  /** `warning message`: a sentence for the user; the announce counted all the same. */
  readonly warning?: string;
  /** `tracker id`: to be told with the next announce. */
  readonly trackerId?: Uint8Array;
}

/** Seconds, where a tracker gives peers and does not say when it wants to be asked again: as libtorrent. */
const DEFAULT_INTERVAL = 1_800;

/** Trackers that have one use some ten bytes; a longer one is not repeated. */
const MAX_TRACKER_ID_BYTES = 256;

/** BEP 48. */
export interface ScrapeEntry {
  readonly complete: number;
  readonly incomplete: number;
  readonly downloaded: number;
}

/** Announces name one torrent; a scrape at most 70, as UDP (BEP 15) can carry. */
export const MAX_SCRAPE = 70;

/** Every byte but RFC 3986 unreserved ones as %XX. */
export function percentEncode(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** Query string of an announce, without `?`. */
export function encodeAnnounceQuery(query: AnnounceQuery): string {
  const parts = [
    `info_hash=${percentEncode(query.infoHash)}`,
    `peer_id=${percentEncode(query.peerId)}`,
    `port=${query.port}`,
    `uploaded=${query.uploaded}`,
    `downloaded=${query.downloaded}`,
    `left=${query.left}`,
    `compact=${query.compact ? 1 : 0}`,
  ];
  if (query.numwant !== undefined) parts.push(`numwant=${query.numwant}`);
  if (query.event !== undefined) parts.push(`event=${query.event}`);
  if (query.token !== undefined) parts.push(`token=${encodeURIComponent(query.token)}`);
  if (query.trackerId !== undefined) parts.push(`trackerid=${percentEncode(query.trackerId)}`);
  return parts.join("&");
}

/**
 * Reads the query string of an announce, without `?`. `ip=` is ignored: a peer speaks for its own address only.
 * Throws ProtocolError, its text fit for `failure reason`, when a required member is missing or wrong.
 */
export function parseAnnounceQuery(text: string): AnnounceQuery {
  const fields = parseFields(text);
  const event = fields.get("event")?.[0];
  const numwant = fields.get("numwant")?.[0];
  const token = fields.get("token")?.[0];
  return {
    infoHash: toInfoHash(id(fields, "info_hash")),
    peerId: toPeerId(id(fields, "peer_id")),
    port: integer(fields, "port", { min: 1, max: 65_535 }),
    uploaded: integer(fields, "uploaded", { absent: 0 }),
    downloaded: integer(fields, "downloaded", { absent: 0 }),
    left: integer(fields, "left", {}),
    compact: fields.get("compact")?.[0] !== "0",
    // qBittorrent and others send `event=` or numwant=-1 for "as you like".
    ...(event === "started" || event === "stopped" || event === "completed" ? { event } : {}),
    ...(numwant !== undefined && /^[0-9]{1,9}$/.test(numwant) ? { numwant: Number(numwant) } : {}),
    ...(token === undefined ? {} : { token: tokenOf(token) }),
  };
}

/** Info hashes of a scrape query string, in order, and its token. Throws ProtocolError. */
export function parseScrapeQuery(text: string): { readonly infoHashes: readonly InfoHash[]; readonly token?: string } {
  const fields = parseFields(text);
  const hashes = fields.get("info_hash") ?? [];
  if (hashes.length > MAX_SCRAPE) {
    throw new ProtocolError("bad-query", `scrape: at most ${MAX_SCRAPE} info hashes, received ${hashes.length}`);
  }
  const token = tokenOfQuery(text);
  return {
    infoHashes: hashes.map((hash) => toInfoHash(twentyBytes(hash, "info_hash"))),
    ...(token === undefined ? {} : { token }),
  };
}

/** Body of an announce answer: `peers` of IPv4 and `peers6` of IPv6 endpoints when compact, else the dictionaries of BEP 3. */
export function encodeAnnounceResponse({ peers, ...figures }: AnnounceResponse, compact: boolean): Uint8Array {
  if (compact) {
    const ipv4 = concatBytes(peers.filter(({ host }) => isIPv4(host)).map(encodeCompact4));
    const ipv6 = concatBytes(peers.filter(({ host }) => isIPv6(host)).map(encodeCompact6));
    return fromLatin1(encodeCompactAnnounce(figures, latin1(ipv4), latin1(ipv6)));
  }
  return encode({
    interval: figures.interval,
    "min interval": figures.minInterval,
    complete: figures.complete,
    incomplete: figures.incomplete,
    "warning message": figures.warning,
    peers: peers.map(({ host, port, peerId }) => ({ ip: host, port, "peer id": peerId })),
  });
}

/**
 * Body of a compact answer, a byte a character: what a tracker makes most of, so written out. `ipv4` and `ipv6` are endpoints in their compact
 * forms (BEP 23, BEP 7), a byte a character, too; without IPv6 ones there is no `peers6`.
 */
export function encodeCompactAnnounce(figures: Omit<AnnounceResponse, "peers">, ipv4: string, ipv6: string): string {
  const { interval, minInterval, complete, incomplete, warning } = figures;
  let body = "d";
  if (complete !== undefined) body += `8:completei${complete}e`;
  if (incomplete !== undefined) body += `10:incompletei${incomplete}e`;
  body += `8:intervali${interval}e`;
  if (minInterval !== undefined) body += `12:min intervali${minInterval}e`;
  body += `5:peers${ipv4.length}:${ipv4}`;
  if (ipv6 !== "") body += `6:peers6${ipv6.length}:${ipv6}`;
  if (warning !== undefined) body += `15:warning message${latin1(encode(warning))}`;
  return `${body}e`;
}

/** Body that refuses an announce or a scrape; sent with status 200, as clients expect. */
export function encodeFailure(reason: string): Uint8Array {
  return encode({ "failure reason": reason });
}

/**
 * Reads the body of an announce answer. Peers with port 0 or an address that is no IP literal are left out, bytes behind the dictionary
 * ignored: scripts end with a line end.
 * Throws TrackerError `refused` for a `failure reason` (its text is the tracker's, raw), `malformed` for anything unreadable.
 */
export function parseAnnounceResponse(body: Uint8Array): AnnounceResponse {
  const answer = dictionary(body);
  const interval = answer.get("interval") ?? (answer.has("peers") ? DEFAULT_INTERVAL : undefined);
  if (typeof interval !== "number") throw malformed("no interval");
  const compact6 = answer.get("peers6");
  const warning = answer.get("warning message");
  const trackerId = answer.get("tracker id");
  const hasId = trackerId instanceof Uint8Array && trackerId.length <= MAX_TRACKER_ID_BYTES;
  return {
    interval,
    ...optionalNumber("minInterval", answer.get("min interval")),
    ...optionalNumber("complete", answer.get("complete")),
    ...optionalNumber("incomplete", answer.get("incomplete")),
    ...(warning instanceof Uint8Array ? { warning: textOf(warning) } : {}),
    ...(hasId ? { trackerId } : {}),
    peers: [
      ...parsePeers(answer.get("peers")),
      ...(compact6 instanceof Uint8Array ? (parseCompact6(compact6) ?? raise("peers6 is cut short")) : []),
    ],
  };
}

/** Body of a scrape answer. `files` is keyed by raw info hashes. */
export function encodeScrapeResponse(files: readonly (readonly [InfoHash, ScrapeEntry])[]): Uint8Array {
  const entries = files.map(([hash, { complete, incomplete, downloaded }]): [string, BencodeDictionary] => [
    latin1(hash),
    new Map([
      ["complete", complete],
      ["downloaded", downloaded],
      ["incomplete", incomplete],
    ]),
  ]);
  return encode({ files: new Map(entries) });
}

/** Reads a scrape answer: entries by info hash in hex. Throws TrackerError as parseAnnounceResponse. */
export function parseScrapeResponse(body: Uint8Array): ReadonlyMap<string, ScrapeEntry> {
  const files = dictionary(body).get("files");
  if (!(files instanceof Map)) throw malformed("no files");
  const result = new Map<string, ScrapeEntry>();
  for (const [key, value] of files) {
    if (key.length !== 20 || !(value instanceof Map)) throw malformed("files is not keyed by info hashes");
    const figure = (name: string) => {
      const number = value.get(name);
      return typeof number === "number" && number >= 0 ? number : 0;
    };
    const hex = [...key].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
    result.set(hex, {
      complete: figure("complete"),
      incomplete: figure("incomplete"),
      downloaded: figure("downloaded"),
    });
  }
  return result;
}

/** The token in a query string, if there is one. Throws ProtocolError when it is not UTF-8. */
export function tokenOfQuery(text: string): string | undefined {
  const token = parseFields(text).get("token")?.[0];
  return token === undefined ? undefined : tokenOf(token);
}

/** Values of a query string by name, still percent-encoded; `+` stays a plus, as in the queries of BitTorrent clients. */
function parseFields(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (let at = 0; at <= text.length;) {
    const next = text.indexOf("&", at);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf("=", at);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const name = text.slice(at, nameEnd);
    const value = text.slice(Math.min(nameEnd + 1, end), end);
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
    at = end + 1;
  }
  return fields;
}

function id(fields: ReadonlyMap<string, readonly string[]>, name: string): Uint8Array {
  const values = fields.get(name);
  if (values?.length !== 1)
    throw new ProtocolError("bad-query", `${name}: expected once, received ${values?.length ?? 0}`);
  return twentyBytes(values[0]!, name);
}

function twentyBytes(text: string, name: string): Uint8Array {
  const bytes = percentDecode(text);
  if (bytes?.length !== 20) {
    throw new ProtocolError("bad-query", `${name}: expected 20 bytes, received ${bytes?.length ?? "a broken escape"}`);
  }
  return bytes;
}

function tokenOf(text: string): string {
  const token = fromUtf8(percentDecode(text) ?? new Uint8Array());
  if (token === undefined) throw new ProtocolError("bad-query", "token: not UTF-8");
  return token;
}

/** Raw bytes of a percent-encoded value, or undefined when an escape is broken or a character is not ASCII. */
export function percentDecode(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code > 0x7f) return undefined;
    if (code === 0x25) {
      code = hexDigit(text.charCodeAt(i + 1)) * 16 + hexDigit(text.charCodeAt(i + 2));
      if (Number.isNaN(code)) return undefined;
      i += 2;
    }
    bytes[length++] = code;
  }
  return bytes.subarray(0, length);
}

/** Value of a hexadecimal digit, NaN for any other character. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : Number.NaN;
}

function integer(
  fields: ReadonlyMap<string, readonly string[]>,
  name: string,
  range: { readonly min?: number; readonly max?: number; readonly absent?: number },
): number {
  const text = fields.get(name)?.[0];
  if (text === undefined && range.absent !== undefined) return range.absent;
  const value = Number(text);
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
  if (text === undefined || !/^[0-9]{1,20}$/.test(text) || value < min) {
    throw new ProtocolError(
      "bad-query",
      `${name}: expected an integer from ${min}, received ${(text ?? "nothing").slice(0, 20)}`,
    );
  }
  // libtorrent sends left=2^63-1 while it has no metadata yet.
  if (value > max && max < Number.MAX_SAFE_INTEGER) {
    throw new ProtocolError("bad-query", `${name}: expected at most ${max}, received ${text}`);
  }
  return Math.min(value, max);
}

function parsePeers(value: BencodeValue | undefined): readonly AnnouncePeer[] {
  if (value === undefined) return [];
  if (value instanceof Uint8Array) return parseCompact4(value) ?? raise("peers is cut short");
  if (!Array.isArray(value)) throw malformed("peers is neither a string nor a list");
  const peers: AnnouncePeer[] = [];
  for (const item of value) {
    if (!(item instanceof Map)) throw malformed("a peer is not a dictionary");
    const ip = item.get("ip");
    const port = item.get("port");
    const peerId = item.get("peer id");
    const host = ip instanceof Uint8Array ? textOf(ip) : "";
    if (typeof port !== "number" || port < 1 || port > 65_535 || !(isIPv4(host) || isIPv6(host))) continue;
    peers.push({
      host,
      port,
      ...(peerId instanceof Uint8Array && peerId.length === 20 ? { peerId: toPeerId(peerId) } : {}),
    });
  }
  return peers;
}

function dictionary(body: Uint8Array): BencodeDictionary {
  let value: BencodeValue;
  try {
    ({ value } = decodeFirst(body));
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    throw malformed(cause.message, cause);
  }
  if (!(value instanceof Map)) throw malformed("not a dictionary");
  const failure = value.get("failure reason");
  if (failure instanceof Uint8Array) throw new TrackerError("refused", textOf(failure));
  return value;
}

function optionalNumber<Name extends string>(name: Name, value: BencodeValue | undefined): { [key in Name]?: number } {
  return (typeof value === "number" ? { [name]: value } : {}) as { [key in Name]?: number };
}

/** At most 256 characters; bytes that are not UTF-8 become replacement characters. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 1024)).slice(0, 256);
}

function malformed(what: string, cause?: Error): TrackerError {
  return new TrackerError("malformed", `the tracker's answer is unreadable: ${what}`, cause ? { cause } : undefined);
}

function raise(what: string): never {
  throw malformed(what);
}
