// What the tracker answers to a GET: announces, scrapes, and what an operator or a reader asks.
import { ProtocolError } from "../source/protocol/errors.ts";
import {
  encodeAnnounceResponse,
  encodeCompactAnnounce,
  encodeFailure,
  encodeScrapeResponse,
  parseAnnounceQuery,
  parseScrapeQuery,
  tokenOfQuery,
} from "../source/protocol/tracker/http-announce.ts";
import { idFromHex, toPeerId } from "../source/protocol/ids.ts";
import type { Announces } from "./announces.ts";
import type { Asker } from "./asker.ts";
import type { HttpAnswer, HttpRequest } from "./http-reader.ts";
import { endpointOf, isIPv4Key, peerKey } from "./peer-key.ts";
import { RequestError } from "./request-error.ts";

export interface RouteOptions {
  readonly announces: Announces;
  /** JSON of all entries. */
  readonly catalogue: () => Buffer;
  readonly admits: (token: string | undefined) => boolean;
  /** The live catalogue for a browser. */
  readonly page: HttpAnswer;
  /** What keeps the tracker from doing its work, in a sentence. */
  readonly trouble: () => string | undefined;
  /** Prometheus text. */
  readonly metrics: () => string;
}

/** Answers one GET. Never throws for what the client sent. */
export function route(options: RouteOptions, { path, query }: HttpRequest, asker: Asker): HttpAnswer {
  switch (path) {
    case "/announce":
      return bencoded(() => announce(options, query, asker));
    case "/scrape":
      return bencoded(() => scrape(options, query));
    case "/health":
      return health(options.trouble());
    case "/metrics":
      return { status: 200, type: "text/plain; version=0.0.4", body: Buffer.from(options.metrics()) };
    case "/catalogue.json":
      return catalogue(options, query);
    case "/":
      return options.page;
    default:
      return text(404, "there is /, /announce, /scrape, /catalogue.json, /health, /metrics, and the channel at /swarm");
  }
}

function health(trouble: string | undefined): HttpAnswer {
  return trouble === undefined ? text(200, "ok") : text(503, trouble);
}

/** A sentence, as plain text. */
export function text(status: number, sentence: string): HttpAnswer {
  return { status, type: "text/plain; charset=utf-8", body: Buffer.from(`${sentence}\n`) };
}

const BENCODED = "text/plain";
const MIN_INTERVAL = 60;
const WRONG_TOKEN = "this tracker asks for a token: add &token=... to its announce URL";

function announce({ announces, admits }: RouteOptions, query: string, { address }: Asker): Uint8Array | string {
  const wanted = parseAnnounceQuery(query);
  if (!admits(wanted.token)) return encodeFailure(WRONG_TOKEN);
  const { interval, complete, incomplete, peers } = announces.announce(wanted, peerKey(address, wanted.port), "both");
  const figures = { interval, minInterval: MIN_INTERVAL, complete, incomplete };
  if (!wanted.compact) {
    const named = peers.map(({ key, peerId }) => ({ ...endpointOf(key), peerId: toPeerId(idFromHex(peerId)!) }));
    return encodeAnnounceResponse({ ...figures, peers: named }, false);
  }
  let [ipv4, ipv6] = ["", ""];
  for (const { key } of peers) {
    if (isIPv4Key(key)) ipv4 += key;
    else ipv6 += key;
  }
  return encodeCompactAnnounce(figures, ipv4, ipv6);
}

function scrape({ announces, admits }: RouteOptions, query: string): Uint8Array {
  const { infoHashes, token } = parseScrapeQuery(query);
  if (!admits(token)) return encodeFailure(WRONG_TOKEN);
  return encodeScrapeResponse(infoHashes.map((infoHash) => [infoHash, announces.scrape(infoHash)]));
}

/** Refusals are bencoded too, with status 200: clients show a `failure reason` and hide an HTTP error. */
function bencoded(body: () => Uint8Array | string): HttpAnswer {
  try {
    return { status: 200, type: BENCODED, body: body() };
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof RequestError)) throw error;
    return { status: 200, type: BENCODED, body: encodeFailure(error.message) };
  }
}

function catalogue({ catalogue: body, admits }: RouteOptions, query: string): HttpAnswer {
  if (!admits(tokenOfQuery(query))) return text(403, WRONG_TOKEN);
  return { status: 200, type: "application/json", body: body() };
}
