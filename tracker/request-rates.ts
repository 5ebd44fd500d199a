// How often one network may ask, or connect.
import { TokenBucket } from "../source/protocol/channel/token-bucket.ts";
import type { Asker } from "./asker.ts";

/** A bucket for each network that came lately. Loopback may come as often as it likes. */
export class RequestRates {
  /** Since the start. */
  refused = 0;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  allows({ loopback, network }: Asker, now: number): boolean {
    if (loopback) return true;
    let bucket = this.#buckets.get(network);
    if (!bucket) this.#buckets.set(network, (bucket = new TokenBucket(this.#perSecond, this.#burst, now)));
    if (bucket.take(now)) return true;
    this.refused++;
    return false;
  }

  /** Forgets those whose bucket is full again. */
  forget(now: number): void {
    for (const [network, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(network);
  }
}
