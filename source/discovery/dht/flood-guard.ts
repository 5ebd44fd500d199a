// FloodGuard: how many datagrams are read, of one address and in all, and how many bytes go out as answers.
import { TokenBucket } from "../../protocol/channel/token-bucket.ts";
import { type Endpoint, isLoopback } from "../../protocol/tracker/endpoint.ts";
import { endpointKey } from "./addresses.ts";
import {
  ANSWER_BYTES_BURST,
  ANSWER_BYTES_PER_SECOND,
  MAX_COUNTED,
  PINGS_BURST,
  PINGS_PER_SECOND,
  READ_ALL_BURST,
  READ_ALL_PER_SECOND,
  READ_BURST,
  READ_PER_SECOND,
} from "./limits.ts";

export class FloodGuard {
  readonly #all: TokenBucket;
  readonly #answers: TokenBucket;
  readonly #byHost = new Map<string, TokenBucket>();
  readonly #pings: TokenBucket;
  /** For those that come when there is no room for more counts. */
  readonly #others: TokenBucket;

  constructor(now: number) {
    this.#all = new TokenBucket(READ_ALL_PER_SECOND, READ_ALL_BURST, now);
    this.#answers = new TokenBucket(ANSWER_BYTES_PER_SECOND, ANSWER_BYTES_BURST, now);
    this.#pings = new TokenBucket(PINGS_PER_SECOND, PINGS_BURST, now);
    this.#others = new TokenBucket(READ_PER_SECOND, READ_BURST, now);
  }

  /** Is a datagram from there read? One that is one too many of its address takes nothing from the others. */
  mayRead(from: Endpoint, now: number): boolean {
    // On one's own machine each program is somebody else.
    return this.#countOf(isLoopback(from.host) ? endpointKey(from) : from.host, now).take(now) && this.#all.take(now);
  }

  /** Does an answer of so many bytes go out? */
  mayAnswer(bytes: number, now: number): boolean {
    return this.#answers.take(now, bytes);
  }

  /** Is somebody asked because somebody said so? */
  mayPing(now: number): boolean {
    return this.#pings.take(now);
  }

  /** Forgets those that have been quiet. */
  tick(now: number): void {
    for (const [host, bucket] of this.#byHost) if (bucket.isFull(now)) this.#byHost.delete(host);
  }

  #countOf(host: string, now: number): TokenBucket {
    const known = this.#byHost.get(host);
    if (known) return known;
    if (this.#byHost.size >= MAX_COUNTED) return this.#others;
    const bucket = new TokenBucket(READ_PER_SECOND, READ_BURST, now);
    this.#byHost.set(host, bucket);
    return bucket;
  }
}
