// UDP announce and scrape (BEP 15, URL data of BEP 41): datagrams as values, both directions. Big-endian throughout.
import { concatBytes, fromUtf8, utf8 } from "../bencode.ts";
import { ProtocolError, TrackerError } from "../errors.ts";
import { type InfoHash, type PeerId, toInfoHash, toPeerId } from "../ids.ts";
import { type Endpoint, encodeCompact4, encodeCompact6, parseCompact4, parseCompact6 } from "./endpoint.ts";
import { type AnnounceEvent, MAX_SCRAPE, type ScrapeEntry } from "./http-announce.ts";

/** 8 bytes that a tracker gave out and wants back: proof that the asker has the address it sends from. */
export type ConnectionId = Uint8Array;

/** What a client sends. `transaction` is a number of its choice, 0 to 2^32 - 1, which the answer repeats. */
export type UdpRequest =
  | { readonly type: "connect"; readonly transaction: number }
  | UdpAnnounce
  | {
      readonly type: "scrape";
      readonly connection: ConnectionId;
      readonly transaction: number;
      readonly infoHashes: readonly InfoHash[];
    };

export interface UdpAnnounce {
  readonly type: "announce";
  readonly connection: ConnectionId;
  readonly transaction: number;
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** Bytes; what is above 2^53 - 1 is read as that. */
  readonly downloaded: number;
  readonly left: number;
  readonly uploaded: number;
  readonly event?: AnnounceEvent;
  /** Tells a client whose address changes from others; trackers here ignore it. */
  readonly key: number;
  /** Peers wanted; absent (-1 on the wire) for as many as the tracker likes. */
  readonly numwant?: number;
  readonly port: number;
  /** BEP 41: path and query of the announce URL, when it is more than the bare host. */
  readonly urlData?: string;
}

/** What a tracker answers. */
export type UdpResponse =
  | { readonly type: "connect"; readonly transaction: number; readonly connection: ConnectionId }
  | {
      readonly type: "announce";
      readonly transaction: number;
      /** Seconds. */
      readonly interval: number;
      readonly incomplete: number;
      readonly complete: number;
      readonly peers: readonly Endpoint[];
    }
  | { readonly type: "scrape"; readonly transaction: number; readonly entries: readonly ScrapeEntry[] }
  | { readonly type: "error"; readonly transaction: number; readonly text: string };

/** Size of peers in an announce answer: 4 for one that travels over IPv4, 16 over IPv6. */
export type AddressBytes = 4 | 16;

const PROTOCOL_ID = new Uint8Array([0, 0, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80]);
const ACTIONS = ["connect", "announce", "scrape", "error"] as const;
const EVENTS = [undefined, "completed", "started", "stopped"] as const;

/** Bytes of an announce without its options, and of the header of its answer. */
const ANNOUNCE_BYTES = 98;
export const ANNOUNCE_ANSWER_BYTES = 20;

/** The text of an error, as far as it is read. */
const MAX_ERROR_BYTES = 1024;

const OPTION = { end: 0, nop: 1, urlData: 2 } as const;

/** Datagram of a request. */
export function encodeUdpRequest(request: UdpRequest): Uint8Array {
  const { type, transaction } = request;
  const head = words(ACTIONS.indexOf(type), transaction);
  switch (type) {
    case "connect":
      return concatBytes([PROTOCOL_ID, head]);
    case "scrape":
      return concatBytes([request.connection, head, ...request.infoHashes]);
    case "announce":
      return concatBytes([
        request.connection,
        head,
        request.infoHash,
        request.peerId,
        ...[request.downloaded, request.left, request.uploaded].map((bytes) => words(bytes / 2 ** 32, bytes % 2 ** 32)),
        // The address is 0: that of the datagram.
        words(EVENTS.indexOf(request.event), 0, request.key, request.numwant ?? 0xffff_ffff),
        new Uint8Array([request.port >>> 8, request.port & 0xff]),
        urlOptions(request.urlData ?? ""),
      ]);
    default:
      return request satisfies never;
  }
}

/**
 * Reads a request. Bytes behind a connect or an announce's options, and half info hashes of a scrape, are ignored as BEP 15 wants it.
 * Throws ProtocolError `bad-datagram`.
 */
export function parseUdpRequest(bytes: Uint8Array): UdpRequest {
  const data = view(bytes);
  if (bytes.length < 16) throw bad(`expected at least 16 bytes, received ${bytes.length}`);
  const transaction = data.getUint32(12);
  switch (ACTIONS[data.getUint32(8)]) {
    case "connect":
      if (PROTOCOL_ID.some((byte, at) => bytes[at] !== byte)) throw bad("a connect without the protocol id");
      return { type: "connect", transaction };
    case "announce":
      return parseAnnounce(bytes, data, transaction);
    case "scrape": {
      const count = Math.min(Math.floor((bytes.length - 16) / 20), MAX_SCRAPE);
      if (count === 0) throw bad("a scrape without an info hash");
      const infoHashes = Array.from({ length: count }, (_, i) => toInfoHash(bytes.subarray(16 + 20 * i, 36 + 20 * i)));
      return { type: "scrape", connection: bytes.subarray(0, 8), transaction, infoHashes };
    }
    default:
      throw bad(`there is no action ${data.getUint32(8)}`);
  }
}

/** Datagram of an answer. Peers that are not of the family of `addressBytes` are a RangeError. */
export function encodeUdpResponse(response: UdpResponse, addressBytes: AddressBytes): Uint8Array {
  const { type, transaction } = response;
  const head = words(ACTIONS.indexOf(type), transaction);
  switch (type) {
    case "connect":
      return concatBytes([head, response.connection]);
    case "announce":
      return concatBytes([
        head,
        words(response.interval, response.incomplete, response.complete),
        ...response.peers.map(addressBytes === 4 ? encodeCompact4 : encodeCompact6),
      ]);
    case "scrape":
      return concatBytes([
        head,
        ...response.entries.map(({ complete, downloaded, incomplete }) => words(complete, downloaded, incomplete)),
      ]);
    case "error":
      return concatBytes([head, utf8(response.text)]);
    default:
      return response satisfies never;
  }
}

/**
 * Reads an answer, its peers being of `addressBytes`; bytes behind the last whole one are ignored as BEP 15 wants it.
 * Throws TrackerError: `malformed`, or `refused` for an announce that is answered with nothing.
 */
export function parseUdpResponse(bytes: Uint8Array, addressBytes: AddressBytes): UdpResponse {
  const data = view(bytes);
  if (bytes.length < 8) throw malformed(`expected at least 8 bytes, received ${bytes.length}`);
  const transaction = data.getUint32(4);
  switch (ACTIONS[data.getUint32(0)]) {
    case "connect":
      if (bytes.length < 16) throw malformed(`connect: expected 16 bytes, received ${bytes.length}`);
      return { type: "connect", transaction, connection: bytes.slice(8, 16) };
    case "announce": {
      // opentracker, for a torrent that is not on its list.
      if (bytes.length === 8) throw new TrackerError("refused", "the tracker does not serve this torrent");
      if (bytes.length < ANNOUNCE_ANSWER_BYTES) {
        throw malformed(`announce: expected at least ${ANNOUNCE_ANSWER_BYTES} bytes, received ${bytes.length}`);
      }
      const left = (bytes.length - ANNOUNCE_ANSWER_BYTES) % (addressBytes + 2);
      const compact = bytes.subarray(ANNOUNCE_ANSWER_BYTES, bytes.length - left);
      const peers = (addressBytes === 4 ? parseCompact4 : parseCompact6)(compact)!;
      const [interval, incomplete, complete] = [data.getUint32(8), data.getUint32(12), data.getUint32(16)];
      return { type: "announce", transaction, interval, incomplete, complete, peers };
    }
    case "scrape": {
      if (bytes.length % 12 !== 8) throw malformed("scrape: the last entry is cut short");
      const entries = Array.from({ length: (bytes.length - 8) / 12 }, (_, i) => ({
        complete: data.getUint32(8 + 12 * i),
        downloaded: data.getUint32(12 + 12 * i),
        incomplete: data.getUint32(16 + 12 * i),
      }));
      return { type: "scrape", transaction, entries };
    }
    case "error":
      return { type: "error", transaction, text: errorText(bytes.subarray(8, 8 + MAX_ERROR_BYTES)) };
    default:
      throw malformed(`there is no action ${data.getUint32(0)}`);
  }
}

/** Some trackers end it with the zero of a C string. */
function errorText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0+$/, "");
}

function parseAnnounce(bytes: Uint8Array, data: DataView, transaction: number): UdpAnnounce {
  if (bytes.length < ANNOUNCE_BYTES) {
    throw bad(`announce: expected at least ${ANNOUNCE_BYTES} bytes, received ${bytes.length}`);
  }
  const port = data.getUint16(96);
  if (port === 0) throw bad("announce: port 0");
  const event = EVENTS[data.getUint32(80)];
  const numwant = data.getInt32(92);
  const urlData = bytes.length > ANNOUNCE_BYTES ? urlDataOf(bytes.subarray(ANNOUNCE_BYTES)) : "";
  return {
    type: "announce",
    connection: bytes.subarray(0, 8),
    transaction,
    infoHash: toInfoHash(bytes.subarray(16, 36)),
    peerId: toPeerId(bytes.subarray(36, 56)),
    downloaded: uint64(data, 56),
    left: uint64(data, 64),
    uploaded: uint64(data, 72),
    ...(event === undefined ? {} : { event }),
    key: data.getUint32(88),
    ...(numwant < 0 ? {} : { numwant }),
    port,
    ...(urlData === "" ? {} : { urlData }),
  };
}

/** BEP 41: each option is its type and, but for the first two, its length; URL data longer than 255 bytes comes in several. */
function urlDataOf(options: Uint8Array): string {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < options.length && options[at] !== OPTION.end;) {
    const type = options[at++];
    if (type === OPTION.nop) continue;
    const length = options[at++];
    if (length === undefined || at + length > options.length) throw bad("announce: an option is cut short");
    if (type === OPTION.urlData) parts.push(options.subarray(at, at + length));
    at += length;
  }
  const text = fromUtf8(concatBytes(parts));
  if (text === undefined) throw bad("announce: the URL data is not UTF-8");
  return text;
}

function urlOptions(urlData: string): Uint8Array {
  const bytes = utf8(urlData);
  const options: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    options.push(new Uint8Array([OPTION.urlData, part.length]), part);
  }
  return concatBytes(options);
}

/** Unsigned 32 bit each. */
function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const data = view(bytes);
  for (const [i, value] of values.entries()) data.setUint32(4 * i, value);
  return bytes;
}

function uint64(data: DataView, at: number): number {
  return Math.min(data.getUint32(at) * 2 ** 32 + data.getUint32(at + 4), Number.MAX_SAFE_INTEGER);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bad(what: string): ProtocolError {
  return new ProtocolError("bad-datagram", what);
}

function malformed(what: string): TrackerError {
  return new TrackerError("malformed", `the tracker's answer is unreadable: ${what}`);
}
