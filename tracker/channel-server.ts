// The swarm channel's tracker end: WebSocket clients, their queues and their manners. What they say goes to `Tracker`.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { fromBase64, toBase64 } from "../source/protocol/channel/bitfield.ts";
import {
  MAX_ENTRIES_IN_FRAME,
  MAX_FRAME,
  MAX_TORRENT_FRAME,
  MESSAGES_PER_SECOND,
  MESSAGE_BURST,
} from "../source/protocol/channel/limits.ts";
import {
  CHANNEL_SUBPROTOCOL,
  type CatalogueEntry,
  type ClientMessage,
  type TrackerMessage,
  encodeMessage,
  parseClientMessage,
} from "../source/protocol/channel/messages.ts";
import { TokenBucket } from "../source/protocol/channel/token-bucket.ts";
import { ProtocolError } from "../source/protocol/errors.ts";
import { normalizeHost } from "../source/protocol/tracker/endpoint.ts";
import type { Broadcaster } from "./broadcaster.ts";
import { ConnectionCount } from "./connection-count.ts";
import { MAX_CHANNEL_CLIENTS, MAX_CHANNEL_CLIENTS_PER_ADDRESS, MAX_QUEUED_BYTES, type Timing } from "./limits.ts";
import { type Member, RequestError, type Tracker } from "./tracker.ts";

/** Close codes of RFC 6455. */
const GOING_AWAY = 1001;
const POLICY = 1008;

export interface ChannelServerOptions {
  readonly tracker: Tracker;
  readonly broadcaster: Broadcaster;
  /** Names this run of the tracker: numbers of broadcasts mean nothing in another. */
  readonly epoch: string;
  readonly timing: Timing;
  readonly now: () => number;
  /** Whether a client may come in with this token. */
  readonly admits: (token: string | undefined) => boolean;
  readonly log: (line: string) => void;
}

/** One connection. A member once its `hello` was welcomed. */
interface Client {
  readonly socket: WebSocket;
  readonly host: string;
  readonly bucket: TokenBucket;
  member: Member | undefined;
  heardAt: number;
  /** Requests are answered in order, one at a time. */
  answering: Promise<void>;
  /** Characters of requests that are not answered yet. */
  waiting: number;
  /** Bytes of torrents and catalogue pages on their way: they do not count as a queue. */
  bulkBytes: number;
  /** Why it goes, once we know better than "connection lost". */
  why: string | undefined;
}

type Request = Extract<ClientMessage, { type: "publish" | "torrent" | "holders" | "peers" }>;

/** What a short request counts: 64 of them may wait for their answers. */
const REQUEST_SIZE = MAX_TORRENT_FRAME / 64;

/** Frames of the catalogue, made one by one. */
type Pages = Generator<{ readonly entries: CatalogueEntry[]; readonly more: boolean }, undefined>;

/** Takes upgraded connections until it is closed. */
export class ChannelServer {
  readonly #options: ChannelServerOptions;
  readonly #clients = new Set<Client>();
  readonly #count = new ConnectionCount(MAX_CHANNEL_CLIENTS, MAX_CHANNEL_CLIENTS_PER_ADDRESS);
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_TORRENT_FRAME,
    handleProtocols: () => CHANNEL_SUBPROTOCOL,
  });
  readonly #pings: NodeJS.Timeout;
  #connections = 0;

  constructor(options: ChannelServerOptions) {
    this.#options = options;
    this.#pings = setInterval(() => this.#ping(), options.timing.pingMs);
  }

  /** Takes over a connection that asks to become a channel, or refuses it. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const host = normalizeHost(request.socket.remoteAddress ?? "");
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (!offered.includes(CHANNEL_SUBPROTOCOL)) {
      refuseUpgrade(stream, "400 Bad Request", `speak the subprotocol ${CHANNEL_SUBPROTOCOL}`);
    } else if (!this.#count.enter(host)) {
      refuseUpgrade(stream, "503 Service Unavailable", "too many connections");
    } else {
      stream.once("close", () => this.#count.leave(host));
      this.#server.handleUpgrade(request, stream, head, (socket) => this.#connected(socket, host));
    }
  }

  /** Hands one broadcast to every member; cuts those that do not read. */
  send(frame: Buffer): void {
    for (const client of this.#clients) if (client.member) this.#write(client, frame);
  }

  /** Tells every client that the tracker goes, and waits at most `graceMs` for them to answer. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.#pings);
    const closed = [...this.#clients].map(
      ({ socket }) =>
        new Promise<void>((resolve) => {
          socket.once("close", () => resolve());
          socket.close(GOING_AWAY, "the tracker stops");
        }),
    );
    const grace = setTimeout(() => {
      for (const { socket } of this.#clients) socket.terminate();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(grace);
    this.#server.close();
  }

  #connected(socket: WebSocket, host: string): void {
    const { now, timing, tracker, log } = this.#options;
    const client: Client = {
      socket,
      host,
      bucket: new TokenBucket(MESSAGES_PER_SECOND, MESSAGE_BURST, now()),
      member: undefined,
      heardAt: now(),
      answering: Promise.resolve(),
      waiting: 0,
      bulkBytes: 0,
      why: undefined,
    };
    this.#clients.add(client);
    const hello = setTimeout(() => {
      if (!client.member) reject(client, "no hello in time");
    }, timing.helloMs);
    socket.on("pong", () => (client.heardAt = now()));
    socket.on("message", (data, isBinary) => {
      client.heardAt = now();
      if (isBinary) reject(client, "binary frame");
      else this.#heard(client, String(data));
    });
    // A frame too large or malformed, or a reset; `close` follows.
    socket.on("error", (error) => (client.why ??= error.message));
    socket.on("close", (code) => {
      clearTimeout(hello);
      this.#clients.delete(client);
      if (!client.member) return;
      const why = client.why ?? (code === 1000 || code === GOING_AWAY ? "left" : "connection lost");
      log(`${client.member.peerId} at ${host}:${client.member.port} is gone: ${why}`);
      tracker.removeInfo(client.member, why);
    });
  }

  #heard(client: Client, frame: string): void {
    if (client.socket.readyState !== client.socket.OPEN) return;
    if (!client.bucket.take(this.#options.now())) {
      reject(client, `more than ${MESSAGES_PER_SECOND} messages a second`);
      return;
    }
    try {
      const message = parseClientMessage(frame);
      if (!message) return;
      if (message.type === "hello") this.#hello(client, message);
      else if (client.member) this.#act(client, client.member, message);
      else reject(client, "hello must come first");
    } catch (error) {
      this.#failed(client, error, undefined);
    }
  }

  #hello(client: Client, hello: Extract<ClientMessage, { type: "hello" }>): void {
    const { tracker, broadcaster, epoch, admits, log } = this.#options;
    if (client.member) throw new ProtocolError("hello-twice", "hello came twice");
    if (!admits(hello.token)) {
      reply(client, { type: "error", code: "refused", text: "this tracker asks for a token, and this is not it" });
      reject(client, "wrong token");
      return;
    }
    const member: Member = {
      connection: ++this.#connections,
      peerId: hello.peerId,
      host: client.host,
      port: hello.port,
      shares: new Set(),
    };
    client.member = member;
    tracker.members.set(member.connection, member);
    log(`${hello.peerId} at ${client.host}:${hello.port} is here: ${JSON.stringify(hello.agent)}`);
    const missed = hello.resume !== undefined && hello.epoch === epoch ? broadcaster.since(hello.resume) : undefined;
    const pages = missed ? undefined : this.#pages();
    const first = pages?.next().value;
    reply(client, {
      type: "welcome",
      seq: missed ? hello.resume! : broadcaster.seq,
      epoch,
      you: { address: client.host, port: hello.port },
      peers: tracker.members.size,
      ...(first ? { catalogue: first.entries } : {}),
      more: first?.more ?? false,
      limits: { messagesPerSecond: MESSAGES_PER_SECOND, frame: MAX_FRAME },
    });
    for (const frame of missed ?? []) this.#write(client, frame);
    if (pages && first?.more) void this.#sendPages(client, pages);
  }

  /** The catalogue in frames. Each is read from it when its turn comes, so it is never older than the broadcasts before it. */
  *#pages(): Pages {
    const { catalogue } = this.#options.tracker;
    const infoHashes = [...catalogue.infoHashes()];
    for (let i = 0; i === 0 || i < infoHashes.length; i += MAX_ENTRIES_IN_FRAME) {
      const page = infoHashes.slice(i, i + MAX_ENTRIES_IN_FRAME);
      yield {
        entries: page.flatMap((infoHash) => catalogue.entry(infoHash) ?? []),
        more: i + page.length < infoHashes.length,
      };
    }
  }

  async #sendPages(client: Client, pages: Pages): Promise<void> {
    for (const page of pages) await this.#sendBulk(client, { type: "catalogue", ...page });
  }

  #act(client: Client, member: Member, message: Exclude<ClientMessage, { type: "hello" }>): void {
    const { tracker } = this.#options;
    switch (message.type) {
      case "have":
        tracker.have(member, message.infoHash, message.pieces);
        return;
      case "update":
        tracker.update(member, message.infoHash, message.gained, message.lost);
        return;
      case "publish":
      case "torrent":
      case "holders":
      case "peers":
        this.#queue(client, member, message);
        return;
      default:
        message satisfies never;
    }
  }

  /** A client that asks faster than it takes answers is not read until it has taken them. */
  #queue(client: Client, member: Member, request: Request): void {
    const size = request.type === "publish" ? request.torrent.length : REQUEST_SIZE;
    client.waiting += size;
    if (client.waiting > MAX_TORRENT_FRAME) client.socket.pause();
    client.answering = client.answering.then(async () => {
      await this.#answer(client, member, request);
      client.waiting -= size;
      if (client.socket.isPaused && client.waiting <= MAX_TORRENT_FRAME) client.socket.resume();
    });
  }

  async #answer(client: Client, member: Member, message: Request): Promise<void> {
    const { tracker } = this.#options;
    const re = message.id;
    if (client.socket.readyState !== client.socket.OPEN) return;
    try {
      switch (message.type) {
        case "publish":
          reply(client, { type: "published", re, infoHash: await tracker.publish(fromBase64(message.torrent)) });
          return;
        case "torrent": {
          const torrent = toBase64(await tracker.torrent(message));
          await this.#sendBulk(client, { type: "torrent", re, torrent });
          return;
        }
        case "holders":
          await this.#sendBulk(client, {
            type: "holders",
            re,
            peers: [...tracker.holders(member, message.infoHash, message.piece)],
          });
          return;
        case "peers":
          await this.#sendBulk(client, { type: "peers", re, peers: [...tracker.peers(member)] });
          return;
        default:
          message satisfies never;
      }
    } catch (error) {
      this.#failed(client, error, re);
    }
  }

  /** A wrong request is answered, a broken rule ends the connection, a failing disk is said; anything else is our own mistake. */
  #failed(client: Client, error: unknown, re: number | undefined): void {
    const to = re === undefined ? {} : { re };
    if (error instanceof RequestError) {
      const about = error.infoHash === undefined ? {} : { infoHash: error.infoHash };
      reply(client, { type: "error", ...to, code: error.code, text: error.message.slice(0, 1024), ...about });
    } else if (error instanceof ProtocolError) {
      reject(client, error.message);
    } else if (error instanceof Error && "syscall" in error) {
      this.#options.log(`the torrent folder cannot be used: ${error.message}`);
      reply(client, { type: "error", ...to, code: "full", text: "the tracker cannot use its torrent folder now" });
    } else {
      throw error;
    }
  }

  #write(client: Client, frame: Buffer): void {
    const { socket } = client;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount - client.bulkBytes > MAX_QUEUED_BYTES) {
      client.why ??= "did not read";
      socket.terminate();
      return;
    }
    socket.send(frame, { binary: false });
  }

  /** Resolves when the frame is handed to the system, or the connection is gone. */
  #sendBulk(client: Client, message: TrackerMessage): Promise<void> {
    if (client.socket.readyState !== client.socket.OPEN) return Promise.resolve();
    const frame = Buffer.from(encodeMessage(message));
    client.bulkBytes += frame.length;
    return new Promise((resolve) => {
      client.socket.send(frame, { binary: false }, () => {
        client.bulkBytes -= frame.length;
        resolve();
      });
    });
  }

  #ping(): void {
    const { now, timing } = this.#options;
    for (const client of this.#clients) {
      if (now() - client.heardAt > timing.silentMs) {
        client.why ??= `silent for ${Math.round(timing.silentMs / 1000)} s`;
        client.socket.terminate();
      } else if (client.socket.readyState === client.socket.OPEN) {
        client.socket.ping();
      }
    }
  }
}

function reply(client: Client, message: TrackerMessage): void {
  if (client.socket.readyState === client.socket.OPEN) client.socket.send(encodeMessage(message));
}

/** Ends a connection that broke a rule. A reason has at most 123 bytes. */
function reject(client: Client, reason: string): void {
  client.why ??= reason;
  client.socket.close(POLICY, reason.replaceAll(/[^ -~]/g, "?").slice(0, 123));
}

function refuseUpgrade(stream: Duplex, status: string, reason: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${reason}\n`);
}
