// Answers: what others are told who ask us. Sources: BEP 5, BEP 43.
import {
  type BadQuery,
  CONTACT4_BYTES,
  CONTACT6_BYTES,
  encodeKrpc,
  type Krpc,
  type Query,
  type Response,
} from "../../protocol/dht/krpc.ts";
import { type Endpoint, isIPv4 } from "../../protocol/tracker/endpoint.ts";
import { mayTell } from "./addresses.ts";
import { AMPLIFICATION, K, MAX_DATAGRAM_BYTES, MAX_PEERS_TOLD } from "./limits.ts";
import { PeerStore } from "./peer-store.ts";
import type { RoutingTable } from "./routing-table.ts";
import { Tokens } from "./tokens.ts";

export interface AnswersOptions {
  /** The table, which changes with our id. */
  readonly table: () => RoutingTable;
  readonly random: () => number;
  readonly version: Uint8Array;
  readonly now: number;
}

/** A peer in `values`: `6:` and its address, or `18:` and that. */
const [PEER4_BYTES, PEER6_BYTES] = [8, 21];

export class Answers {
  readonly store: PeerStore;
  readonly #options: AnswersOptions;
  readonly #tokens: Tokens;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.store = new PeerStore(options.random);
    this.#tokens = new Tokens(options.now);
  }

  /**
   * The datagram for who asked in `queryBytes` bytes; at most three times as long unless it has answered us before. Undefined when
   * that is too little for any.
   */
  to(query: Query | BadQuery, from: Endpoint, queryBytes: number, now: number): Uint8Array | undefined {
    const { version, table } = this.#options;
    const most = table().has(from) ? MAX_DATAGRAM_BYTES : Math.min(MAX_DATAGRAM_BYTES, AMPLIFICATION * queryBytes);
    const bytes = encodeKrpc(this.#answer(query, from, most, now), version);
    return bytes.length <= most ? bytes : undefined;
  }

  #answer(query: Query | BadQuery, from: Endpoint, mostBytes: number, now: number): Krpc {
    const { transaction } = query;
    if (query.type === "bad-query") return { ...query, type: "error" };
    const bare: Response = {
      type: "response",
      transaction,
      id: this.#options.table().id,
      nodes: [],
      peers: [],
      token: undefined,
      seenAs: from,
    };
    switch (query.method) {
      case "ping":
        return bare;
      case "find_node":
        return this.#withNodes(bare, query.target, query, from, mostBytes);
      case "get_peers": {
        const token = this.#tokens.for(from.host, query.infoHash, now);
        const withToken = { ...bare, token };
        // Nodes have half of the room: they lead on to whoever knows more.
        const room = mostBytes - this.#bytesOf(withToken);
        const most = Math.min(MAX_PEERS_TOLD, Math.floor(room / 2 / (isIPv4(from.host) ? PEER4_BYTES : PEER6_BYTES)));
        const peers = this.store
          .sample(query.infoHash, Math.max(0, most), now)
          .filter((peer) => mayTellAbout(peer, from));
        return this.#withNodes({ ...withToken, peers }, query.infoHash, query, from, mostBytes);
      }
      case "announce_peer": {
        const { infoHash, token, port = from.port } = query;
        if (!this.#tokens.isValid(token, from.host, infoHash, now))
          return { type: "error", transaction, code: 203, text: "bad token" };
        this.store.add(infoHash, { host: from.host, port }, now);
        return bare;
      }
      default:
        return query satisfies never;
    }
  }

  #withNodes(response: Response, target: Uint8Array, { want }: Query, from: Endpoint, mostBytes: number): Response {
    const isV4 = isIPv4(from.host);
    if (want && !want.includes(isV4 ? "n4" : "n6")) return response;
    const room = mostBytes - this.#bytesOf(response) - "6:nodes6304:".length;
    const most = Math.floor(room / (isV4 ? CONTACT4_BYTES : CONTACT6_BYTES));
    const nodes = this.#options.table().closest(target, Math.min(K, Math.max(0, most)));
    return { ...response, nodes: nodes.filter((node) => mayTellAbout(node, from)) };
  }

  #bytesOf(response: Response): number {
    return encodeKrpc(response, this.#options.version).length;
  }
}

/** Addresses of one's own network are told inside of it only. */
function mayTellAbout(endpoint: Endpoint, asker: Endpoint): boolean {
  return mayTell(endpoint, asker.host);
}
