// A running tracker: one port for HTTP and for the swarm channel, from start to close.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { CHANNEL_PATH } from "../source/protocol/channel/messages.ts";
import { TokenBucket } from "../source/protocol/channel/token-bucket.ts";
import { normalizeHost } from "../source/protocol/tracker/endpoint.ts";
import { Broadcaster } from "./broadcaster.ts";
import { ChannelServer } from "./channel-server.ts";
import { ConnectionCount, isLoopback } from "./connection-count.ts";
import { answer } from "./http-routes.ts";
import {
  HEADER_MS,
  MAX_HEADER_BYTES,
  MAX_HTTP_CONNECTIONS,
  MAX_HTTP_CONNECTIONS_PER_ADDRESS,
  REPLAY_BROADCASTS,
  REQUESTS_PER_SECOND,
  REQUEST_BURST,
  REQUEST_MS,
  TIMING,
  type Timing,
} from "./limits.ts";
import { TorrentStore } from "./torrent-store.ts";
import { Tracker } from "./tracker.ts";

export interface CreateTrackerOptions {
  /** An IP literal of this machine; `::` takes IPv4 too. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the published metainfo; made when missing. */
  readonly dir: string;
  /** Serve announces of torrents nobody published, too. */
  readonly open?: boolean;
  /** Shared secret that every client must name. */
  readonly token?: string | undefined;
  /** Hears one line for each client that comes or goes, and warnings. */
  readonly log?: (line: string) => void;
  readonly warn?: (sentence: string) => void;
  readonly timing?: Partial<Timing>;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface RunningTracker {
  readonly host: string;
  readonly port: number;
  /** Says something to every client. */
  notice(text: string): void;
  /** Closes every client with code 1001 and frees the port, within a second. */
  close(): Promise<void>;
}

/** Clients have this long to answer our close. */
const CLOSE_GRACE_MS = 500;

/** Starts a tracker. Rejects with the system's error when the port cannot be had or the folder cannot be used. */
export async function createTracker(options: CreateTrackerOptions): Promise<RunningTracker> {
  const { log = () => undefined, warn = log, now = () => performance.now(), random = Math.random } = options;
  const timing = { ...TIMING, ...options.timing };
  const admits = admission(options.token);
  const broadcaster = new Broadcaster((frame) => channel.send(frame), REPLAY_BROADCASTS);
  const tracker = new Tracker({
    store: new TorrentStore(options.dir),
    open: options.open ?? false,
    timing,
    broadcast: (announcement) => broadcaster.broadcast(announcement),
    now,
    wallTime: Date.now,
    random,
  });
  await tracker.load(warn);

  const requests = new RequestRates();
  const http = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADER_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request: IncomingMessage, response: ServerResponse) => {
      const host = normalizeHost(request.socket.remoteAddress ?? "");
      if (requests.allow(host, now())) answer({ tracker, seq: () => broadcaster.seq, admits }, request, response, host);
      else response.writeHead(429, { "Retry-After": "1", Connection: "close" }).end("too many requests\n");
    },
  );
  const connections = new ConnectionCount(MAX_HTTP_CONNECTIONS, MAX_HTTP_CONNECTIONS_PER_ADDRESS);
  const leaveOf = new WeakMap<Duplex, () => void>();
  http.on("connection", (socket: Socket) => {
    const host = normalizeHost(socket.remoteAddress ?? "");
    if (!connections.enter(host)) {
      socket.destroy();
      return;
    }
    let open = true;
    const leave = () => {
      if (open) connections.leave(host);
      open = false;
    };
    leaveOf.set(socket, leave);
    socket.once("close", leave);
  });
  http.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // From here on it counts as a channel.
    leaveOf.get(stream)?.();
    stream.on("error", () => stream.destroy());
    if (request.url?.split("?")[0] === CHANNEL_PATH) channel.upgrade(request, stream, head);
    else stream.end(`HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nthe channel is at ${CHANNEL_PATH}\n`);
  });

  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(options.port, options.host, () => resolve());
  });
  http.on("error", (error) => warn(`a connection could not be taken: ${error.message}.`));
  const channel = new ChannelServer({
    tracker,
    broadcaster,
    epoch: randomBytes(8).toString("hex"),
    timing,
    now,
    admits,
    log,
  });
  const flush = setInterval(() => tracker.flushChanged(), timing.gatherMs);
  const expire = setInterval(() => {
    tracker.expire();
    requests.forget(now());
  }, timing.announceIntervalMs / 10);
  const { address, port } = http.address() as AddressInfo;

  return {
    host: address,
    port,
    notice: (text) => broadcaster.broadcast({ type: "notice", text }),
    async close() {
      clearInterval(flush);
      clearInterval(expire);
      const freed = new Promise<void>((resolve) => http.close(() => resolve()));
      await channel.close(CLOSE_GRACE_MS);
      http.closeAllConnections();
      await freed;
    },
  };
}

/** Compares tokens by their hashes, in constant time: neither their length nor their first letters can be measured. */
function admission(secret: string | undefined): (token: string | undefined) => boolean {
  if (secret === undefined) return () => true;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(secret);
  return (token) => timingSafeEqual(digest(token ?? ""), expected);
}

/** A bucket for each address that asked lately. Loopback may ask as much as it likes. */
class RequestRates {
  readonly #buckets = new Map<string, TokenBucket>();

  allow(host: string, now: number): boolean {
    if (isLoopback(host)) return true;
    let bucket = this.#buckets.get(host);
    if (!bucket) this.#buckets.set(host, (bucket = new TokenBucket(REQUESTS_PER_SECOND, REQUEST_BURST, now)));
    return bucket.take(now);
  }

  /** Forgets addresses whose bucket is full again. */
  forget(now: number): void {
    for (const [host, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(host);
  }
}
