// Outstanding: questions of ours that are on their way, until each is answered by whom it was asked, or too old.
import type { Response } from "../../protocol/dht/krpc.ts";
import type { Endpoint } from "../../protocol/tracker/endpoint.ts";
import { endpointKey } from "./addresses.ts";
import { ANSWER_MS, MAX_OUTSTANDING, SLOW_MS } from "./limits.ts";

/** What becomes of a question: `slow` at most once, then one of the others. */
export interface Hears {
  readonly answered: (response: Response) => void;
  /** Nothing came, or an error. */
  readonly failed: () => void;
  readonly slow: () => void;
}

interface Sent extends Hears {
  readonly to: Endpoint;
  readonly sentAt: number;
  isSlow: boolean;
}

export class Outstanding {
  readonly #random: () => number;
  /** By transaction, oldest first. */
  readonly #sent = new Map<number, Sent>();

  constructor(random: () => number) {
    this.#random = random;
  }

  get hasRoom(): boolean {
    return this.#sent.size < MAX_OUTSTANDING;
  }

  /** Begins to wait; returns the transaction, which nobody can guess from those before. */
  add(to: Endpoint, hears: Hears, now: number): Uint8Array {
    let transaction: number;
    do transaction = Math.floor(this.#random() * 65_536);
    while (this.#sent.has(transaction));
    this.#sent.set(transaction, { ...hears, to, sentAt: now, isSlow: false });
    return Uint8Array.of(transaction >> 8, transaction & 0xff);
  }

  /** Who waits for this answer, which is taken off; undefined when nobody asked for it there. */
  take(transaction: Uint8Array, from: Endpoint): Hears | undefined {
    const key = transaction.length === 2 ? transaction[0]! * 256 + transaction[1]! : -1;
    const sent = this.#sent.get(key);
    if (!sent || endpointKey(sent.to) !== endpointKey(from)) return undefined;
    this.#sent.delete(key);
    return sent;
  }

  /** Tells of those that are slow or too old. */
  tick(now: number): void {
    for (const [key, sent] of this.#sent) {
      const age = now - sent.sentAt;
      if (age < SLOW_MS) return;
      if (age >= ANSWER_MS) {
        this.#sent.delete(key);
        sent.failed();
      } else if (!sent.isSlow) {
        sent.isSlow = true;
        sent.slow();
      }
    }
  }

  nextTick(): number | undefined {
    let due: number | undefined;
    for (const { sentAt, isSlow } of this.#sent.values()) {
      due = Math.min(due ?? Infinity, sentAt + (isSlow ? ANSWER_MS : SLOW_MS));
      if (!isSlow) break;
    }
    return due;
  }
}
