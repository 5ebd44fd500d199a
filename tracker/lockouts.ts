// Networks that flooded: refused on every wire, for twice as long each time.
import { LOCKOUT_MS, LOCKOUT_REMEMBERED_MS, MAX_LOCKOUTS, MAX_LOCKOUT_MS } from "./limits.ts";

interface Lockout {
  readonly until: number;
  readonly ms: number;
}

/** Times are monotonic milliseconds. */
export class Lockouts {
  /** Connections and requests that were turned away, since the start. */
  refused = 0;
  /** The one that flooded longest ago first. */
  readonly #byNetwork = new Map<string, Lockout>();

  /** Networks that are refused now or were lately. */
  get size(): number {
    return this.#byNetwork.size;
  }

  /** A network flooded. Returns for how long it is refused; several connections of it that flood at once count once. */
  add(network: string, now: number): number {
    const known = this.#byNetwork.get(network);
    if (known && now < known.until) return known.until - now;
    const ms = known ? Math.min(2 * known.ms, MAX_LOCKOUT_MS) : LOCKOUT_MS;
    this.#byNetwork.delete(network);
    if (this.#byNetwork.size >= MAX_LOCKOUTS) this.#forgetOldest();
    this.#byNetwork.set(network, { until: now + ms, ms });
    return ms;
  }

  refuses(network: string, now: number): boolean {
    const lockout = this.#byNetwork.get(network);
    if (!lockout || now >= lockout.until) return false;
    this.refused++;
    return true;
  }

  /** Forgets those that have kept the rules since. */
  forget(now: number): void {
    for (const [network, { until }] of this.#byNetwork) {
      if (now >= until + LOCKOUT_REMEMBERED_MS) this.#byNetwork.delete(network);
    }
  }

  #forgetOldest(): void {
    for (const network of this.#byNetwork.keys()) {
      this.#byNetwork.delete(network);
      return;
    }
  }
}
