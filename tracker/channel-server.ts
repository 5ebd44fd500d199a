// The swarm channel's tracker end: takes WebSocket connections, hands broadcasts to all, and cuts those that fell silent.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { MAX_TORRENT_FRAME } from "../source/protocol/channel/limits.ts";
import { CHANNEL_PATH, CHANNEL_SUBPROTOCOL } from "../source/protocol/channel/messages.ts";
import type { Asker } from "./asker.ts";
import { ChannelClient, type ChannelRoom } from "./channel-client.ts";
import { ChannelLine } from "./channel-line.ts";
import { ConnectionCount } from "./connection-count.ts";
import {
  CHANNELS_PER_SECOND,
  CHANNEL_BURST,
  MAX_CHANNEL_CLIENTS,
  MAX_CHANNEL_CLIENTS_PER_ADDRESS,
  MAX_FRAGMENTS,
  type Timing,
} from "./limits.ts";
import { RequestRates } from "./request-rates.ts";

/** A WebSocket that knows whose it is: its listeners are shared. Closures for each would be a tenth of what a client costs. */
class ClientSocket extends WebSocket {
  client: ChannelClient | undefined;
}

/** Takes upgraded connections until it is closed. */
export class ChannelServer {
  /** Connections beyond the limits, and clients that we ended, since the start. */
  refused = 0;
  cut = 0;
  readonly #room: ChannelRoom;
  readonly #timing: Timing;
  readonly #clients = new Set<ChannelClient>();
  readonly #count = new ConnectionCount(MAX_CHANNEL_CLIENTS, MAX_CHANNEL_CLIENTS_PER_ADDRESS);
  readonly #arrivals = new RequestRates(CHANNELS_PER_SECOND, CHANNEL_BURST);
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_TORRENT_FRAME,
    maxFragments: MAX_FRAGMENTS,
    autoPong: false,
    handleProtocols: () => CHANNEL_SUBPROTOCOL,
    WebSocket: ClientSocket,
  });
  readonly #closed: (this: WebSocket, code: number) => void;
  /** Those that did not say hello when they were last looked at, and when they came. */
  readonly #strangers = new Map<ChannelClient, number>();
  #saidProxy = false;
  readonly #pings: NodeJS.Timeout;
  #pingedAt: number;
  readonly #greetings: NodeJS.Timeout;

  constructor(room: ChannelRoom, timing: Timing) {
    this.#room = room;
    this.#timing = timing;
    const gone = (client: ChannelClient, code: number) => this.#gone(client, code);
    this.#closed = function (code) {
      gone(clientOf(this), code);
    };
    this.#pingedAt = room.now();
    this.#pings = setInterval(() => this.#ping(), timing.pingMs);
    this.#greetings = setInterval(() => this.#awaitHellos(), timing.helloMs / 5);
  }

  get size(): number {
    return this.#count.size;
  }

  /** Takes over a connection that asks to become a channel, or refuses it. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, asker: Asker): void {
    const { headers, url } = request;
    if (asker.isProxy) this.#sayProxy(asker);
    const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (url?.split("?")[0] !== CHANNEL_PATH) {
      refuse(stream, "404 Not Found", `the channel is at ${CHANNEL_PATH}`);
    } else if (!isOwnPage(headers)) {
      refuse(stream, "403 Forbidden", "a page of another site may not speak for its reader");
    } else if (!offered.includes(CHANNEL_SUBPROTOCOL)) {
      refuse(stream, "400 Bad Request", `speak the subprotocol ${CHANNEL_SUBPROTOCOL}`);
    } else if (!this.#arrivals.allows(asker, this.#room.now()) || !this.#count.enter(asker.network, asker.loopback)) {
      this.refused++;
      refuse(stream, "503 Service Unavailable", "too many connections");
    } else {
      let taken = false;
      this.#server.handleUpgrade(request, stream, head, (socket) => {
        taken = true;
        this.#connected(socket, stream, asker);
      });
      // A handshake that is none was refused at once.
      if (!taken) this.#count.leave(asker.network);
    }
  }

  /** To be called now and then: forgets who came, when it was long ago. */
  forget(): void {
    this.#arrivals.forget(this.#room.now());
  }

  /** Hands frames of broadcasts to everybody. */
  send(frames: Buffer): void {
    for (const client of this.#clients) client.broadcast(frames);
  }

  /** Tells every client that the tracker goes, and waits at most `graceMs` for them to answer. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.#pings);
    clearInterval(this.#greetings);
    const dismissed = [...this.#clients].map((client) => client.line.dismiss());
    const grace = setTimeout(() => {
      for (const client of this.#clients) client.line.cut("did not answer");
    }, graceMs);
    await Promise.all(dismissed);
    clearTimeout(grace);
    this.#server.close();
  }

  /** Once: whoever sends the header might be no proxy at all. */
  #sayProxy({ host }: Asker): void {
    if (this.#saidProxy) return;
    this.#saidProxy = true;
    const warning = "a proxy names its clients and is not believed, all of them have its address: see --trust-proxy";
    this.#room.log("warn", warning, { proxy: host });
  }

  #connected(socket: ClientSocket, stream: Duplex, asker: Asker): void {
    const client = new ChannelClient(new ChannelLine(socket, stream, this.#room.now), asker, this.#room);
    socket.client = client;
    this.#clients.add(client);
    this.#strangers.set(client, client.line.heardAt);
    socket.on("message", heard).on("ping", pinged).on("pong", ponged).on("error", failed).on("close", this.#closed);
  }

  #gone(client: ChannelClient, code: number): void {
    this.#clients.delete(client);
    this.#strangers.delete(client);
    this.#count.leave(client.asker.network);
    if (client.line.why !== undefined) this.cut++;
    client.gone(code);
  }

  #awaitHellos(): void {
    for (const [client, cameAt] of this.#strangers) {
      if (client.welcomed) this.#strangers.delete(client);
      else if (this.#room.now() - cameAt >= this.#timing.helloMs) client.line.reject("no hello in time");
    }
  }

  /** When we ourselves were stopped, as with a machine that was suspended, nobody was silent meanwhile. */
  #ping(): void {
    const { pingMs, silentMs } = this.#timing;
    const now = this.#room.now();
    const lateMs = now - this.#pingedAt - pingMs;
    this.#pingedAt = now;
    for (const { line } of this.#clients) {
      if (lateMs > pingMs) line.heardAt = Math.min(now, line.heardAt + lateMs);
      if (now - line.heardAt > silentMs) line.cut(`silent for ${Math.round(silentMs / 1000)} s`);
      else line.ping();
    }
  }
}

function clientOf(socket: WebSocket): ChannelClient {
  return (socket as ClientSocket).client!;
}

function heard(this: WebSocket, data: RawData, isBinary: boolean): void {
  // By default `ws` gives messages as buffers.
  if (isBinary) clientOf(this).line.reject("binary frame");
  else clientOf(this).heard(data as Buffer);
}

function pinged(this: WebSocket, data: Buffer): void {
  clientOf(this).pinged(data);
}

function ponged(this: WebSocket): void {
  clientOf(this).ponged();
}

/** A frame too large or malformed, or a reset; `close` follows. */
function failed(this: WebSocket, error: Error): void {
  clientOf(this).line.note(error.message);
}

/** Browsers name the site of the page that connects; programs name none. */
function isOwnPage({ origin, host }: IncomingMessage["headers"]): boolean {
  return origin === undefined || URL.parse(origin)?.host === host;
}

function refuse(stream: Duplex, status: string, reason: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${reason}\n`);
}
