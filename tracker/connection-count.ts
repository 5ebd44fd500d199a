// Caps on connections, in all and from one address.
import { isIPv4, normalizeHost } from "../source/protocol/tracker/endpoint.ts";

/** 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  const plain = normalizeHost(host);
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

/** Counts what is open. Loopback is counted in all, but may have any share of it. */
export class ConnectionCount {
  readonly #max: number;
  readonly #maxPerHost: number;
  readonly #byHost = new Map<string, number>();
  #size = 0;

  constructor(max: number, maxPerHost: number) {
    this.#max = max;
    this.#maxPerHost = maxPerHost;
  }

  get size(): number {
    return this.#size;
  }

  /** Counts one more, or says false when that is too many. */
  enter(host: string): boolean {
    const open = this.#byHost.get(host) ?? 0;
    if (this.#size >= this.#max || (open >= this.#maxPerHost && !isLoopback(host))) return false;
    this.#byHost.set(host, open + 1);
    this.#size++;
    return true;
  }

  leave(host: string): void {
    const open = this.#byHost.get(host) ?? 0;
    if (open === 0) return;
    if (open === 1) this.#byHost.delete(host);
    else this.#byHost.set(host, open - 1);
    this.#size--;
  }
}
