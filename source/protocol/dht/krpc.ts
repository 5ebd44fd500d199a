// KRPC: the datagrams of the DHT as values, both directions. Sources: BEP 5; BEP 32 (IPv6), BEP 42 (`ip`), BEP 43 (`ro`).
import { type BencodeDictionary, type BencodeValue, concatBytes, decode, encode, latin1 } from "../bencode.ts";
import { BencodeError, ProtocolError } from "../errors.ts";
import { type InfoHash, toInfoHash } from "../ids.ts";
import {
  type Endpoint,
  encodeCompact4,
  encodeCompact6,
  isIPv4,
  parseCompact4,
  parseCompact6,
} from "../tracker/endpoint.ts";
import { NODE_ID_BYTES, type NodeId, toNodeId } from "./node-id.ts";

/** A node as others tell of it. */
export interface Contact extends Endpoint {
  readonly id: NodeId;
}

/** What can be asked. */
export type Question =
  | { readonly method: "ping" }
  | { readonly method: "find_node"; readonly target: NodeId }
  | { readonly method: "get_peers"; readonly infoHash: InfoHash }
  | {
      readonly method: "announce_peer";
      readonly infoHash: InfoHash;
      /** TCP port that takes peers; undefined: the port that the datagram came from (`implied_port`). */
      readonly port: number | undefined;
      /** What the asked node gave out before. */
      readonly token: Uint8Array;
    };

export type Query = {
  readonly type: "query";
  /** Chosen by who asks, repeated in the answer; 1 to 16 bytes. */
  readonly transaction: Uint8Array;
  readonly id: NodeId;
  /** It answers nobody: not to be remembered or told of (BEP 43). */
  readonly readOnly: boolean;
  /** Who asks wants nodes of these families (BEP 32); undefined: of that of the datagram. */
  readonly want: readonly ("n4" | "n6")[] | undefined;
} & Question;

export interface Response {
  readonly type: "response";
  readonly transaction: Uint8Array;
  readonly id: NodeId;
  /** Nodes closer to what was asked for, of both families. */
  readonly nodes: readonly Contact[];
  /** Peers of the torrent that was asked for. */
  readonly peers: readonly Endpoint[];
  /** What an `announce_peer` to this node must repeat; at most 64 bytes. */
  readonly token: Uint8Array | undefined;
  /** How the asker's address looks from there (BEP 42). */
  readonly seenAs: Endpoint | undefined;
}

/** 201 generic, 202 server, 203 protocol (bad packet or arguments, bad token), 204 method unknown. */
export interface KrpcError {
  readonly type: "error";
  readonly transaction: Uint8Array;
  readonly code: number;
  readonly text: string;
}

/** A query that cannot be answered but by an error. */
export interface BadQuery extends Omit<KrpcError, "type" | "code"> {
  readonly type: "bad-query";
  readonly code: 203 | 204;
}

export type Krpc = Query | Response | KrpcError;

/** A contact in `nodes` and in `nodes6`: its id, its address and its port. */
export const CONTACT4_BYTES = NODE_ID_BYTES + 6;
export const CONTACT6_BYTES = NODE_ID_BYTES + 18;

/** Depth 3 and 200 peers are all that fits into a datagram. */
const LIMITS = { maxDepth: 8, maxTokens: 512, allowUnsortedKeys: true };

const MAX_TRANSACTION_BYTES = 16;
const MAX_TOKEN_BYTES = 64;
const MAX_ERROR_BYTES = 256;

/** Datagram of a message. `version`: our `v`, 4 bytes (BEP 20). Endpoints that are no IP literals with a port are a RangeError. */
export function encodeKrpc(message: Krpc, version: Uint8Array): Uint8Array {
  const { type, transaction: t } = message;
  switch (type) {
    case "query": {
      const { method: q, want, readOnly } = message;
      return encode({ t, y: "q", q, a: argumentsOf(message, want), v: version, ro: readOnly ? 1 : undefined });
    }
    case "response":
      return encode({ t, y: "r", r: returnsOf(message), v: version, ip: message.seenAs && compact(message.seenAs) });
    case "error":
      return encode({ t, y: "e", e: [message.code, message.text], v: version });
    default:
      return message satisfies never;
  }
}

/** Reads a datagram. Throws ProtocolError `bad-datagram` for what deserves no answer. */
export function parseKrpc(bytes: Uint8Array): Krpc | BadQuery {
  const root = rootOf(bytes);
  const transaction = bytesOf(root, "t");
  if (!transaction || transaction.length === 0 || transaction.length > MAX_TRANSACTION_BYTES)
    throw bad(`a transaction of 1 to ${MAX_TRANSACTION_BYTES} bytes is missing`);
  switch (textOf(root, "y")) {
    case "q":
      return parseQuery(root, transaction);
    case "r":
      return parseResponse(root, transaction);
    case "e": {
      const [code, text] = listOf(root, "e");
      return {
        type: "error",
        transaction,
        code: typeof code === "number" ? code : 201,
        text: text instanceof Uint8Array ? latin1(text.subarray(0, MAX_ERROR_BYTES)) : "",
      };
    }
    default:
      throw bad("neither a query nor an answer");
  }
}

function argumentsOf(query: Query, want: Query["want"]) {
  const { id } = query;
  switch (query.method) {
    case "ping":
      return { id };
    case "find_node":
      return { id, target: query.target, want };
    case "get_peers":
      return { id, info_hash: query.infoHash, want };
    case "announce_peer": {
      const { infoHash: info_hash, token, port } = query;
      // Who does not know `implied_port` reads `port`, which may then be no lie: 0 is refused.
      return { id, info_hash, token, port: port ?? 0, implied_port: port === undefined ? 1 : undefined };
    }
    default:
      return query satisfies never;
  }
}

function returnsOf({ id, nodes, peers, token }: Response) {
  const [v4, v6] = [nodes.filter(({ host }) => isIPv4(host)), nodes.filter(({ host }) => !isIPv4(host))];
  return {
    id,
    nodes: v4.length > 0 ? compactContacts(v4) : undefined,
    nodes6: v6.length > 0 ? compactContacts(v6) : undefined,
    token,
    values: peers.length > 0 ? peers.map(compact) : undefined,
  };
}

function parseQuery(root: BencodeDictionary, transaction: Uint8Array): Query | BadQuery {
  const refuse = (code: 203 | 204, text: string): BadQuery => ({ type: "bad-query", transaction, code, text });
  const a = root.get("a");
  if (!(a instanceof Map)) return refuse(203, "no arguments");
  const id = idOf(a, "id");
  if (!id) return refuse(203, "no id of 20 bytes");
  const wanted = listOf(a, "want").map((family) => (family instanceof Uint8Array ? latin1(family) : ""));
  const want = a.has("want") ? (["n4", "n6"] as const).filter((family) => wanted.includes(family)) : undefined;
  const asked = { type: "query", transaction, id: toNodeId(id), readOnly: root.get("ro") === 1, want } as const;
  const infoHash = idOf(a, "info_hash");
  switch (textOf(root, "q")) {
    case "ping":
      return { ...asked, method: "ping" };
    case "find_node": {
      const target = idOf(a, "target");
      return target
        ? { ...asked, method: "find_node", target: toNodeId(target) }
        : refuse(203, "no target of 20 bytes");
    }
    case "get_peers":
      if (!infoHash) return refuse(203, "no info_hash of 20 bytes");
      return { ...asked, method: "get_peers", infoHash: toInfoHash(infoHash) };
    case "announce_peer": {
      const token = bytesOf(a, "token");
      const implied = a.get("implied_port");
      const isImplied = typeof implied === "number" && implied !== 0;
      const port = a.get("port");
      if (!infoHash) return refuse(203, "no info_hash of 20 bytes");
      if (!token || token.length > MAX_TOKEN_BYTES) return refuse(203, "no token");
      const announced = { ...asked, method: "announce_peer", infoHash: toInfoHash(infoHash), token } as const;
      if (isImplied) return { ...announced, port: undefined };
      if (typeof port === "number" && port > 0 && port <= 65_535) return { ...announced, port };
      return refuse(203, "no port from 1 to 65535");
    }
    default:
      return refuse(204, "method unknown");
  }
}

function parseResponse(root: BencodeDictionary, transaction: Uint8Array): Response {
  const r = root.get("r");
  if (!(r instanceof Map)) throw bad("an answer without returns");
  const id = idOf(r, "id");
  if (!id) throw bad("an answer without an id of 20 bytes");
  const token = bytesOf(r, "token");
  const ip = bytesOf(root, "ip");
  return {
    type: "response",
    transaction,
    id: toNodeId(id),
    nodes: [
      ...contactsOf(bytesOf(r, "nodes"), CONTACT4_BYTES, parseCompact4),
      ...contactsOf(bytesOf(r, "nodes6"), CONTACT6_BYTES, parseCompact6),
    ],
    peers: listOf(r, "values").flatMap((value) => (value instanceof Uint8Array ? endpointOf(value) : [])),
    token: token && token.length <= MAX_TOKEN_BYTES ? token : undefined,
    seenAs: ip && endpointOf(ip)[0],
  };
}

/** Ids and addresses of a compact list, as many as are whole; without those of port 0. */
export function contactsOf(
  bytes: Uint8Array | undefined,
  size: number = CONTACT4_BYTES,
  parse: typeof parseCompact4 = parseCompact4,
): Contact[] {
  const contacts: Contact[] = [];
  if (!bytes) return contacts;
  for (let at = 0; at + size <= bytes.length; at += size) {
    const [endpoint] = parse(bytes.subarray(at + NODE_ID_BYTES, at + size)) ?? [];
    if (endpoint) contacts.push({ id: toNodeId(bytes.subarray(at, at + NODE_ID_BYTES)), ...endpoint });
  }
  return contacts;
}

/** 20 bytes of id and 6 of address each; 18 of an IPv6 address. */
export function compactContacts(contacts: readonly Contact[]): Uint8Array {
  return concatBytes(contacts.flatMap((contact) => [contact.id, compact(contact)]));
}

function compact(endpoint: Endpoint): Uint8Array {
  return isIPv4(endpoint.host) ? encodeCompact4(endpoint) : encodeCompact6(endpoint);
}

/** One endpoint, or none: of another length, or port 0. */
function endpointOf(bytes: Uint8Array): Endpoint[] {
  if (bytes.length === 6) return parseCompact4(bytes) ?? [];
  return bytes.length === 18 ? (parseCompact6(bytes) ?? []) : [];
}

function rootOf(bytes: Uint8Array): BencodeDictionary {
  try {
    const root = decode(bytes, LIMITS);
    if (root instanceof Map) return root;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw bad(error.message);
  }
  throw bad("no dictionary");
}

function bytesOf(dictionary: BencodeDictionary, key: string): Uint8Array | undefined {
  const value = dictionary.get(key);
  return value instanceof Uint8Array ? value : undefined;
}

function idOf(dictionary: BencodeDictionary, key: string): Uint8Array | undefined {
  const value = bytesOf(dictionary, key);
  return value?.length === NODE_ID_BYTES ? value : undefined;
}

/** What is too long to be a word of the protocol is none. */
function textOf(dictionary: BencodeDictionary, key: string): string | undefined {
  const value = bytesOf(dictionary, key);
  return value && value.length <= 20 ? latin1(value) : undefined;
}

function listOf(dictionary: BencodeDictionary, key: string): BencodeValue[] {
  const value = dictionary.get(key);
  return Array.isArray(value) ? value : [];
}

function bad(what: string): ProtocolError {
  return new ProtocolError("bad-datagram", what);
}
