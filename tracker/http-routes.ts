// What the tracker answers to plain HTTP: announces, scrapes, and what an operator asks.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ProtocolError } from "../source/protocol/errors.ts";
import { toHex } from "../source/protocol/ids.ts";
import {
  encodeAnnounceResponse,
  encodeFailure,
  encodeScrapeResponse,
  parseAnnounceQuery,
  parseScrapeQuery,
  percentDecode,
} from "../source/protocol/tracker/http-announce.ts";
import { RequestError, type Tracker } from "./tracker.ts";

export interface RouteOptions {
  readonly tracker: Tracker;
  /** Number of the latest broadcast. */
  readonly seq: () => number;
  readonly admits: (token: string | undefined) => boolean;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
}

/** Answers one request from `host`. Never throws for what the client sent. */
export function answer(options: RouteOptions, request: IncomingMessage, response: ServerResponse, host: string): void {
  const { status, type, body } = route(options, request, host);
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

function route(options: RouteOptions, request: IncomingMessage, host: string): Answer {
  if (request.method !== "GET") return text(405, "only GET is answered");
  if (request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) !== 0) {
    return text(400, "a GET has no body");
  }
  const [path = "", query = ""] = splitOnce(request.url ?? "", "?");
  switch (path) {
    case "/announce":
      return bencoded(() => announce(options, query, host));
    case "/scrape":
      return bencoded(() => scrape(options, query));
    case "/health":
      return text(200, "ok");
    case "/metrics":
      return { status: 200, type: "text/plain; version=0.0.4", body: metrics(options) };
    case "/catalogue.json":
      return catalogue(options, query);
    default:
      return text(404, "there is /announce, /scrape, /catalogue.json, /health, /metrics, and the channel at /swarm");
  }
}

function announce({ tracker, admits }: RouteOptions, query: string, host: string): Uint8Array {
  const wanted = parseAnnounceQuery(query);
  if (!admits(wanted.token)) return encodeFailure(WRONG_TOKEN);
  return encodeAnnounceResponse(tracker.announce(wanted, host), wanted.compact);
}

function scrape({ tracker, admits }: RouteOptions, query: string): Uint8Array {
  const { infoHashes, token } = parseScrapeQuery(query);
  if (!admits(token)) return encodeFailure(WRONG_TOKEN);
  return encodeScrapeResponse(infoHashes.map((infoHash) => [infoHash, tracker.dictionary.counts(toHex(infoHash))]));
}

const WRONG_TOKEN = "this tracker asks for a token: add &token=... to its announce URL";

/** Refusals are bencoded too, with status 200: clients show a `failure reason` and hide an HTTP error. */
function bencoded(body: () => Uint8Array): Answer {
  try {
    return { status: 200, type: "text/plain", body: body() };
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof RequestError)) throw error;
    return { status: 200, type: "text/plain", body: encodeFailure(error.message) };
  }
}

function catalogue({ tracker, seq, admits }: RouteOptions, query: string): Answer {
  const token = /(?:^|&)token=([^&]*)/.exec(query)?.[1];
  if (!admits(token === undefined ? undefined : Buffer.from(percentDecode(token) ?? []).toString())) {
    return text(403, WRONG_TOKEN);
  }
  const entries = [...tracker.catalogue.infoHashes()].map((infoHash) => tracker.catalogue.entry(infoHash));
  return { status: 200, type: "application/json", body: JSON.stringify({ seq: seq(), entries }) };
}

/** Prometheus text. */
function metrics({ tracker, seq }: RouteOptions): string {
  const gauges: readonly (readonly [string, string, number])[] = [
    ["sta_tracker_torrents", "Torrents in the catalogue", tracker.catalogue.size],
    ["sta_tracker_swarms", "Swarms with at least one peer", tracker.dictionary.swarmCount],
    ["sta_tracker_peers", "Peers of all swarms", tracker.dictionary.size],
    ["sta_tracker_channel_clients", "Clients on the swarm channel", tracker.members.size],
    ["sta_tracker_broadcasts", "Broadcasts since the start", seq()],
    ["sta_tracker_resident_bytes", "Memory of the process", process.memoryUsage.rss()],
  ];
  return gauges
    .map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`)
    .join("");
}

function text(status: number, sentence: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${sentence}\n` };
}

function splitOnce(textToSplit: string, separator: string): readonly string[] {
  const at = textToSplit.indexOf(separator);
  return at < 0 ? [textToSplit] : [textToSplit.slice(0, at), textToSplit.slice(at + 1)];
}
