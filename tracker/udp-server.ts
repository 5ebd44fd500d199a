// Announces and scrapes over UDP (BEP 15, 41). Nobody gets more bytes than were sent before the address is proved, and a wrong proof no answer.
import { type RemoteInfo, type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { ProtocolError } from "../source/protocol/errors.ts";
import { tokenOfQuery } from "../source/protocol/tracker/http-announce.ts";
import {
  type UdpAnnounce,
  type UdpRequest,
  type UdpResponse,
  encodeUdpResponse,
  parseUdpRequest,
} from "../source/protocol/tracker/udp.ts";
import type { Announces } from "./announces.ts";
import { type Asker, askerAt } from "./asker.ts";
import { ConnectionIds } from "./connection-ids.ts";
import { peerKey } from "./peer-key.ts";
import { RequestError } from "./request-error.ts";

export interface UdpOptions {
  readonly announces: Announces;
  readonly admits: (token: string | undefined) => boolean;
  /** Whether one more request of an asker is answered now. */
  readonly allows: (asker: Asker) => boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Hears what kept an answer from being sent. */
  readonly failed: (error: Error) => void;
}

/** Takes what the system buffers while the process is busy: 10 000 announces. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

const WRONG_TOKEN = "this tracker asks for a token: add ?token=... to its URL";

export class UdpServer {
  /** Datagrams without an answer, since the start. */
  ignored = 0;
  readonly #options: UdpOptions;
  readonly #ids = new ConnectionIds();
  readonly #socket: Socket;

  private constructor(options: UdpOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on("message", (datagram, from) => this.#received(datagram, from));
    socket.on("error", options.failed);
  }

  /** Takes datagrams at an IP literal; `::` takes IPv4 too. Rejects with the system's error when the port cannot be had. */
  static async open(options: UdpOptions, host: string, port: number): Promise<UdpServer> {
    const isIPv6 = host.includes(":");
    const socket = createSocket({
      type: isIPv6 ? "udp6" : "udp4",
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // Addresses come from datagrams: there is nothing to look up.
      lookup: (address, _options, found) => found(null, address, isIPv6 ? 6 : 4),
    });
    const listening = once(socket, "listening");
    socket.bind(port, host);
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new UdpServer(options, socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #received(datagram: Buffer, from: RemoteInfo): void {
    let request: UdpRequest;
    try {
      request = parseUdpRequest(datagram);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.ignored++;
      return;
    }
    const { now, allows } = this.#options;
    const asker = askerAt(from.address);
    if (request.type === "connect") {
      const connection = this.#ids.give(asker.host, now());
      this.#send({ type: "connect", transaction: request.transaction, connection }, "", from);
    } else if (this.#ids.isValid(request.connection, asker.host, now()) && allows(asker)) {
      this.#answer(request, asker, from);
    } else {
      this.ignored++;
    }
  }

  #answer(request: Exclude<UdpRequest, { type: "connect" }>, asker: Asker, from: RemoteInfo): void {
    const { transaction } = request;
    try {
      if (request.type === "announce") {
        this.#announce(request, asker, from);
      } else {
        const entries = request.infoHashes.map((infoHash) => this.#options.announces.scrape(infoHash));
        this.#send({ type: "scrape", transaction, entries }, "", from);
      }
    } catch (error) {
      if (!(error instanceof RequestError || error instanceof ProtocolError)) throw error;
      this.#send({ type: "error", transaction, text: error.message }, "", from);
    }
  }

  #announce(request: UdpAnnounce, { address }: Asker, from: RemoteInfo): void {
    const { announces, admits } = this.#options;
    const { transaction, urlData = "" } = request;
    if (!admits(tokenOfQuery(urlData.slice(urlData.indexOf("?") + 1)))) {
      this.#send({ type: "error", transaction, text: WRONG_TOKEN }, "", from);
      return;
    }
    const family = address.length === 4 ? "ipv4" : "ipv6";
    const { interval, complete, incomplete, peers } = announces.announce(
      request,
      peerKey(address, request.port),
      family,
    );
    let keys = "";
    for (const { key } of peers) keys += key;
    this.#send({ type: "announce", transaction, interval, complete, incomplete, peers: [] }, keys, from);
  }

  /** `tail`: what stands behind it on the wire, a byte a character. Peers are kept as they are sent. */
  #send(response: UdpResponse, tail: string, { address, port }: RemoteInfo): void {
    // A datagram can name port 0, but none can be sent there.
    if (port === 0) return;
    const head = encodeUdpResponse(response, 4);
    const datagram = Buffer.allocUnsafe(head.length + tail.length);
    datagram.set(head);
    datagram.write(tail, head.length, "latin1");
    this.#socket.send(datagram, port, address);
  }
}
