// How often one address may ask.
import { TokenBucket } from "../source/protocol/channel/token-bucket.ts";
import type { Asker } from "./asker.ts";
import { REQUESTS_PER_SECOND, REQUEST_BURST } from "./limits.ts";

/** A bucket for each network that asked lately. Loopback may ask as much as it likes. */
export class RequestRates {
  /** Since the start. */
  refused = 0;
  readonly #buckets = new Map<string, TokenBucket>();

  allows({ loopback, network }: Asker, now: number): boolean {
    if (loopback) return true;
    let bucket = this.#buckets.get(network);
    if (!bucket) this.#buckets.set(network, (bucket = new TokenBucket(REQUESTS_PER_SECOND, REQUEST_BURST, now)));
    if (bucket.take(now)) return true;
    this.refused++;
    return false;
  }

  /** Forgets those whose bucket is full again. */
  forget(now: number): void {
    for (const [network, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(network);
  }
}
