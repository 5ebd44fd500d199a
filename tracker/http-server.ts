// One TCP port: plain GETs are answered by the lean reader; node:http takes over what that does not understand, and channels.
import { type IncomingMessage, type Server, type ServerResponse, createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { type Asker, type TrustedProxies, askerAt } from "./asker.ts";
import { ConnectionCount } from "./connection-count.ts";
import { type HttpAnswer, HttpReader, type HttpRequest } from "./http-reader.ts";
import { text } from "./http-routes.ts";
import {
  HEADER_MS,
  MAX_HEADER_BYTES,
  MAX_HTTP_CONNECTIONS,
  MAX_HTTP_CONNECTIONS_PER_ADDRESS,
  REQUEST_MS,
} from "./limits.ts";

export interface HttpOptions {
  readonly answer: (request: HttpRequest, asker: Asker) => HttpAnswer;
  /** Takes a connection that asks to become a channel. */
  readonly upgrade: (request: IncomingMessage, stream: Duplex, head: Buffer, asker: Asker) => void;
  /** Whether one more request of an asker is answered now. */
  readonly allows: (asker: Asker) => boolean;
  readonly proxies: TrustedProxies;
  /** Certificate and key; plain HTTP without. */
  readonly tls: SecureContextOptions | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Hears what kept a connection from being taken. */
  readonly failed: (error: Error) => void;
}

const SWEEP_MS = 1_000;
const TOO_MANY = text(429, "too many requests");

/** A connection before it is closed or a channel. */
interface Open {
  readonly asker: Asker;
  /** It is none of ours any longer. */
  readonly leave: () => void;
  /** Undefined once node:http has it. */
  reader: HttpReader | undefined;
}

export class TrackerHttpServer {
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #open = new Map<Socket, Open>();
  readonly #count = new ConnectionCount(MAX_HTTP_CONNECTIONS, MAX_HTTP_CONNECTIONS_PER_ADDRESS);
  readonly #sweeps: NodeJS.Timeout;
  /** What node:http does with a connection. */
  readonly #serve: (socket: Socket) => void;

  private constructor(options: HttpOptions) {
    this.#options = options;
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADER_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: SWEEP_MS,
    };
    const serve = (request: IncomingMessage, response: ServerResponse) => this.#request(request, response);
    this.#server = options.tls
      ? createHttps({ ...limits, ...options.tls, handshakeTimeout: HEADER_MS }, serve)
      : createHttp(limits, serve);
    const connected = options.tls ? "secureConnection" : "connection";
    const [handler] = this.#server.listeners(connected);
    this.#serve = (socket) => handler!.call(this.#server, socket);
    this.#server.removeAllListeners(connected);
    this.#server.on(connected, (socket: Socket) => this.#connected(socket));
    // A handshake that fails is the client's affair; Node closes the connection.
    this.#server.on("tlsClientError", () => undefined);
    this.#server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      this.#upgrade(request, stream, head);
    });
    this.#sweeps = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Listens at an IP literal; `::` takes IPv4 too. Rejects with the system's error when the port cannot be had. */
  static async listen(options: HttpOptions, host: string, port: number): Promise<TrackerHttpServer> {
    const server = new TrackerHttpServer(options);
    try {
      await new Promise<void>((resolve, reject) => {
        server.#server.once("error", reject);
        server.#server.listen(port, host, resolve);
      });
    } catch (error) {
      clearInterval(server.#sweeps);
      throw error;
    }
    server.#server.on("error", options.failed);
    return server;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Connections that are no channels. */
  get connections(): number {
    return this.#count.size;
  }

  /** Takes a new certificate for connections to come. */
  setCertificate(tls: SecureContextOptions): void {
    if ("setSecureContext" in this.#server) (this.#server.setSecureContext as (tls: SecureContextOptions) => void)(tls);
  }

  /** Takes no connection any longer. Resolves when the last one is gone. */
  async close(): Promise<void> {
    clearInterval(this.#sweeps);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open.keys()) socket.destroy();
    this.#server.closeAllConnections();
    await closed;
  }

  #connected(socket: Socket): void {
    const { proxies, allows, answer, now } = this.#options;
    // An address that is not there any more is that of a connection that is not.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const asker = askerAt(socket.remoteAddress);
    if (!this.#count.enter(asker.network, asker.loopback || proxies.trusts(asker.host))) return void socket.destroy();
    const leave = () => {
      if (this.#open.delete(socket)) this.#count.leave(asker.network);
    };
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("close", leave);
    const reader = new HttpReader(socket, {
      answer: (request) => {
        const client = proxies.clientOf(asker, request.forwardedFor);
        return allows(client) ? answer(request, client) : TOO_MANY;
      },
      handOver: (socket, unread) => {
        this.#open.get(socket)!.reader = undefined;
        socket.unshift(unread);
        this.#serve(socket);
        socket.resume();
      },
      now,
    });
    this.#open.set(socket, { asker, leave, reader });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { answer, allows } = this.#options;
    const asker = this.#askerOf(request);
    const { status, type, body, headers } = !allows(asker)
      ? TOO_MANY
      : request.method !== "GET"
        ? text(405, "only GET is answered")
        : hasBody(request)
          ? text(400, "a GET has no body")
          : answer(requestOf(request), asker);
    response.writeHead(status, { "Content-Type": type, "Content-Length": body.length, ...headers });
    response.end(typeof body === "string" ? Buffer.from(body, "latin1") : body);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const asker = this.#askerOf(request);
    // From here on it counts as a channel.
    this.#open.get(request.socket)?.leave();
    this.#options.upgrade(request, stream, head, asker);
  }

  #askerOf({ socket, headers }: IncomingMessage): Asker {
    const asker = this.#open.get(socket)!.asker;
    return this.#options.proxies.clientOf(asker, headers["x-forwarded-for"]?.toString());
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const { reader } of this.#open.values()) reader?.sweep(now);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

function requestOf({ url = "", headers }: IncomingMessage): HttpRequest {
  const mark = url.indexOf("?");
  return {
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    forwardedFor: headers["x-forwarded-for"]?.toString(),
  };
}
