// Requests that wait for a tracker's reply: each ends once, by its reply, an error, its time or the end of the connection.
import type { TrackerMessage } from "../protocol/channel/messages.ts";
import { TrackerError } from "../protocol/errors.ts";

/** A message that answers a request. */
export type Reply = Extract<TrackerMessage, { type: "published" | "torrent" | "holders" | "peers" }>;

/** The reply to a request that asks for this type. */
export type ReplyOf<Type extends Reply["type"]> = Extract<Reply, { type: Type }>;

/** Requests that may wait for a reply at once. */
export const MAX_PENDING = 1_000;

interface Pending {
  readonly expects: Reply["type"];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: TrackerError) => void;
  readonly timer: NodeJS.Timeout;
}

export class PendingRequests {
  readonly #address: string;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  /** `address` stands in the errors. */
  constructor(address: string, timeoutMs: number) {
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * `send` gets the id that the reply is to name, unused so far. Rejects with TrackerError: `timeout`, also when MAX_PENDING wait already
   * (nothing is sent then); `malformed` for a reply of another type; and what `fail` and `failAll` are given.
   */
  ask<Type extends Reply["type"]>(expects: Type, send: (id: number) => void): Promise<ReplyOf<Type>> {
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= MAX_PENDING) {
        reject(new TrackerError("timeout", `${MAX_PENDING} requests wait for ${this.#address} already.`));
        return;
      }
      const id = ++this.#lastId;
      const timer = setTimeout(() => {
        const text = `${this.#address} did not answer within ${this.#timeoutMs / 1000} s.`;
        this.fail(id, new TrackerError("timeout", text));
      }, this.#timeoutMs);
      this.#pending.set(id, {
        expects,
        // `expects` was compared when the reply came.
        resolve: (reply) => resolve(reply as ReplyOf<Type>),
        reject,
        timer,
      });
      send(id);
    });
  }

  /** A reply to nothing we wait for is dropped. */
  reply(reply: Reply): void {
    const request = this.#settle(reply.re);
    if (!request) return;
    if (request.expects === reply.type) request.resolve(reply);
    else {
      const text = `${this.#address} answered ${request.expects} with ${reply.type}.`;
      request.reject(new TrackerError("malformed", text));
    }
  }

  fail(id: number, error: TrackerError): void {
    this.#settle(id)?.reject(error);
  }

  failAll(error: TrackerError): void {
    for (const id of this.#pending.keys()) this.fail(id, error);
  }

  #settle(id: number): Pending | undefined {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(request?.timer);
    return request;
  }
}
