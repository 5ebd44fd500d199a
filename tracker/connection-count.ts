// Caps on connections, in all and from one address, and a token bucket for what comes over them.
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

/** `rate` tokens a second, at most `burst` saved. Starts full. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes one token, or says false. */
  take(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** True when nothing was taken for so long that it need not be remembered. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#burst;
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
  }
}
