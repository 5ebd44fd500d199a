// udpAnnounce: one announce over UDP (BEP 15): a connection id is asked for, then the announce is sent, each again when nothing comes back.
import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { TrackerError } from "../protocol/errors.ts";
import {
  type AddressBytes,
  encodeUdpRequest,
  parseUdpResponse,
  type UdpAnnounce,
  type UdpRequest,
  type UdpResponse,
} from "../protocol/tracker/udp.ts";
import { type AddressOptions, addressesAt } from "./resolve.ts";

/** When a datagram is sent again, and again: BEP 15 says 15 s and doubles; nobody waits for that any more. */
export const UDP_RESEND_MS: readonly number[] = [3_000, 6_000, 12_000];

/** What an announce says; the rest is the conversation's. */
export type UdpAnnounceRequest = Omit<UdpAnnounce, "type" | "connection" | "transaction" | "urlData">;

export interface UdpOptions extends AddressOptions {
  readonly resendMs?: readonly number[] | undefined;
}

type Answer<Type extends UdpResponse["type"]> = Extract<UdpResponse, { type: Type }>;

/** Rejects with TrackerError: `unreachable`, `timeout`, `malformed`, or `refused` with the tracker's words. */
export async function udpAnnounce(
  url: URL,
  announce: UdpAnnounceRequest,
  options: UdpOptions,
): Promise<Answer<"announce">> {
  const { address, family } = (await addressesAt(url, options))[0]!;
  if (!(Number(url.port) > 0))
    throw new TrackerError("malformed", `${url.host} names no port, which a UDP tracker needs`);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error) => reject(unreachable(url, error));
      // No descriptor is left for it, or its address is not here.
      socket.once("error", failed);
      if (options.localAddress !== undefined) socket.bind(0, options.localAddress);
      // Only what comes from there is heard. The callback is given what goes wrong, which the types do not know: no route, or a broadcast.
      const connected = (error?: Error) => (error ? failed(error) : resolve());
      socket.connect(Number(url.port), address, connected);
    });
    const talk = new Talk(socket, url, family === 6 ? 16 : 4, options);
    const { connection } = await talk.ask("connect", (transaction) => ({ type: "connect", transaction }));
    const path = url.pathname + url.search;
    // What every tracker is called anyway need not be said (BEP 41).
    const urlData = ["", "/", "/announce"].includes(path) ? {} : { urlData: path };
    return await talk.ask("announce", (transaction) => ({
      type: "announce",
      connection,
      transaction,
      ...announce,
      ...urlData,
    }));
  } finally {
    socket.close();
  }
}

/** Questions and answers over one connected socket. */
class Talk {
  readonly #socket: Socket;
  readonly #url: URL;
  readonly #addressBytes: AddressBytes;
  readonly #options: UdpOptions;

  constructor(socket: Socket, url: URL, addressBytes: AddressBytes, options: UdpOptions) {
    this.#socket = socket;
    this.#url = url;
    this.#addressBytes = addressBytes;
    this.#options = options;
  }

  ask<Type extends "connect" | "announce">(
    type: Type,
    request: (transaction: number) => UdpRequest,
  ): Promise<Answer<Type>> {
    const { signal, resendMs = UDP_RESEND_MS } = this.#options;
    const transaction = randomInt(2 ** 32);
    const datagram = encodeUdpRequest(request(transaction));
    return new Promise((resolve, reject) => {
      let sent = 0;
      let timer: NodeJS.Timeout | undefined;
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#socket.off("message", heard).off("error", failed);
        signal.removeEventListener("abort", silent);
        action();
      };
      const silent = () =>
        settle(() => reject(new TrackerError("timeout", `${this.#url.host} did not answer in time`)));
      const failed = (error: Error) => settle(() => reject(unreachable(this.#url, error)));
      const send = () => {
        const wait = resendMs[sent++];
        if (wait === undefined) return silent();
        this.#socket.send(datagram, (error) => error && failed(error));
        timer = setTimeout(send, wait);
      };
      const heard = (bytes: Uint8Array) => {
        try {
          const answer = parseUdpResponse(bytes, this.#addressBytes);
          // A late answer to another question.
          if (answer.transaction !== transaction) return;
          if (answer.type === "error") settle(() => reject(new TrackerError("refused", answer.text)));
          else if (answer.type === type) settle(() => resolve(answer as Answer<Type>));
        } catch (error) {
          settle(() => reject(error as Error));
        }
      };
      if (signal.aborted) return silent();
      signal.addEventListener("abort", silent, { once: true });
      this.#socket.on("message", heard).on("error", failed);
      send();
    });
  }
}

function unreachable(url: URL, cause: Error): TrackerError {
  const refused = "code" in cause && cause.code === "ECONNREFUSED";
  const text = refused ? `no tracker answers at ${url.host}` : `${url.host} cannot be reached: ${cause.message}`;
  return new TrackerError("unreachable", text, { cause });
}
