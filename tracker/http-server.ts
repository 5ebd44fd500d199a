// One TCP port: plain GETs are answered by the lean reader; node:http takes over what that does not understand, and channels.
import { type IncomingMessage, type Server, type ServerResponse, createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { type Asker, type TrustedProxies, askerAt } from "./asker.ts";
import { ConnectionCount } from "./connection-count.ts";
import { type HttpAnswer, HttpReader, type HttpReaderRoom, type HttpRequest } from "./http-reader.ts";
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
  /** Whether an asker flooded, and is not even listened to. */
  readonly isLockedOut: (asker: Asker) => boolean;
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
  /** Undefined once node:http has it. */
  reader: HttpReader | undefined;
}

export class TrackerHttpServer {
  /** Connections beyond the limits, since the start. */
  refused = 0;
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #open = new Map<Socket, Open>();
  /** Connections that do not speak TLS yet, by their remote end. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #count = new ConnectionCount(MAX_HTTP_CONNECTIONS, MAX_HTTP_CONNECTIONS_PER_ADDRESS);
  readonly #readers: HttpReaderRoom;
  readonly #sweeps: NodeJS.Timeout;
  /** Shared: a closure for each connection would stay with it when it is a channel. */
  readonly #closed: (this: Socket) => void;
  /** What node:http does with a connection. */
  readonly #serve: (socket: Socket) => void;

  private constructor(options: HttpOptions) {
    this.#options = options;
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADER_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: SWEEP_MS,
      // Clients of Java offer HTTP/2 with each request. Node before 22.21 takes that for a channel.
      shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
    };
    const leave = (socket: Socket) => this.#leave(socket);
    this.#closed = function () {
      leave(this);
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
    if (options.tls) {
      const [shakeHands] = this.#server.listeners("connection");
      this.#server.removeAllListeners("connection");
      this.#server.on("connection", (socket: Socket) => {
        if (this.#mayShakeHands(socket)) shakeHands!.call(this.#server, socket);
      });
    }
    // A handshake that fails is the client's affair; Node closes the connection.
    this.#server.on("tlsClientError", () => undefined);
    this.#server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      this.#upgrade(request, stream, head);
    });
    this.#readers = {
      answer: (request, asker) => this.#answer(request, asker),
      handOver: (socket, unread) => this.#handOver(socket, unread),
      now: options.now,
    };
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
    for (const socket of [...this.#open.keys(), ...this.#handshakes.values()]) socket.destroy();
    this.#server.closeAllConnections();
    await closed;
  }

  #mayShakeHands(socket: Socket): boolean {
    const asker = this.#askerOf(socket);
    if (!asker) return false;
    if (this.#handshakes.size >= MAX_HTTP_CONNECTIONS) {
      this.refused++;
      socket.destroy();
      return false;
    }
    const end = remoteEnd(socket);
    this.#handshakes.set(end, socket);
    socket.once("close", () => this.#handshakes.delete(end));
    return true;
  }

  /** Who is at the other end. Undefined, and the socket is destroyed, when that is nobody, or not one to listen to. */
  #askerOf(socket: Socket): Asker | undefined {
    const { proxies, isLockedOut } = this.#options;
    // An address that is not there any more is that of a connection that is not.
    const asker = socket.remoteAddress === undefined ? undefined : askerAt(socket.remoteAddress);
    // A proxy is not to blame for whom it speaks.
    if (asker && (proxies.trusts(asker.host) || !isLockedOut(asker))) return asker;
    socket.destroy();
    return undefined;
  }

  #connected(socket: Socket): void {
    this.#handshakes.delete(remoteEnd(socket));
    const asker = this.#askerOf(socket);
    if (!asker) return;
    const exempt = asker.loopback || this.#options.proxies.trusts(asker.host);
    if (!this.#count.enter(asker.network, exempt)) {
      this.refused++;
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    socket.on("error", destroy);
    socket.on("close", this.#closed);
    this.#open.set(socket, { asker, reader: new HttpReader(socket, asker, this.#readers) });
  }

  /** A connection is closed, or no longer ours. */
  #leave(socket: Socket): void {
    const open = this.#open.get(socket);
    if (!open) return;
    this.#open.delete(socket);
    this.#count.leave(open.asker.network);
  }

  #answer(request: HttpRequest, asker: Asker): HttpAnswer {
    const { proxies, allows, answer } = this.#options;
    const client = proxies.clientOf(asker, request.forwardedFor);
    return allows(client) ? answer(request, client) : TOO_MANY;
  }

  #handOver(socket: Socket, unread: Buffer): void {
    this.#open.get(socket)!.reader = undefined;
    socket.unshift(unread);
    this.#serve(socket);
    socket.resume();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { asker } = this.#open.get(request.socket)!;
    const { status, type, body, headers } =
      request.method !== "GET"
        ? text(405, "only GET is answered")
        : hasBody(request)
          ? text(400, "a GET has no body")
          : this.#answer(requestOf(request), asker);
    response.writeHead(status, { "Content-Type": type, "Content-Length": body.length, ...headers });
    response.end(typeof body === "string" ? Buffer.from(body, "latin1") : body);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { asker } = this.#open.get(request.socket)!;
    // From here on it counts as a channel.
    this.#leave(request.socket);
    const { proxies, allows, upgrade } = this.#options;
    const client = proxies.clientOf(asker, requestOf(request).forwardedFor);
    if (allows(client)) upgrade(request, stream, head, client);
    else stream.end("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\r\n");
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const { reader } of this.#open.values()) reader?.sweep(now);
  }
}

function remoteEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function destroy(this: Socket): void {
  this.destroy();
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
