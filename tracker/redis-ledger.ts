// Several trackers that are one: all changes go through one stream in Redis, and each tracker applies all of them in its order.
// A tracker keeps what its own clients said, and says it again to one that comes later. Its heartbeat ends with it.
import { fromBase64, toBase64 } from "../source/protocol/channel/bitfield.ts";
import type { Change } from "./changes.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import { HEARTBEAT_MS, MAX_STREAM_CHANGES, TRACKER_LOST_MS } from "./limits.ts";
import type { Redis } from "./redis.ts";
import type { Swarms } from "./swarms.ts";
import { answerOf } from "./unusable-redis.ts";

const STREAM = "sta:changes";
const heartbeatOf = (name: string) => `sta:tracker:${name}`;

/** How long one read of the stream waits: what a close waits for at most. */
const READ_MS = 500;
const READ_COUNT = 1_000;

/** An entry of the stream: a change, or a tracker that asks all others to say again what they have. */
interface Entry {
  readonly tracker: string;
  /** Counts the entries of its tracker, from 1. */
  readonly n: number;
  readonly change?: Change;
}

export interface RedisLedgerOptions {
  readonly redis: Redis;
  /** A connection of its own: reading waits. */
  readonly reader: Redis;
  /** This tracker: unique for each run. */
  readonly name: string;
  readonly log: Log;
}

export class RedisLedger implements Ledger {
  readonly #options: RedisLedgerOptions;
  /** The last entry that was seen of each other tracker that lives. */
  readonly #others = new Map<string, number>();
  /** Entries of ours that were not seen again yet. */
  readonly #waiting = new Map<number, () => void>();
  #said = 0;
  #last = "0";
  #swarms: Swarms | undefined;
  #reading: Promise<void> | undefined;
  #heartbeats: NodeJS.Timeout | undefined;

  constructor(options: RedisLedgerOptions) {
    this.#options = options;
  }

  async open(swarms: Swarms, load: () => Promise<void>): Promise<void> {
    const { redis } = this.#options;
    const newest = await answerOf(redis.xRevRange(STREAM, "+", "-", { COUNT: 1 }));
    this.#last = newest?.[0]?.id ?? "0";
    // What is published meanwhile is read from the stream.
    await load();
    this.#swarms = swarms;
    await answerOf(this.#beat());
    this.#heartbeats = setInterval(() => void this.#beat().catch(this.#failed), HEARTBEAT_MS);
    this.#reading = this.#read();
    this.#say(undefined);
  }

  record(change: Change): Promise<void> {
    // While Redis is away this many wait; what clients say beyond that, they have to say again.
    if (!this.#swarms || this.#waiting.size >= MAX_STREAM_CHANGES) return Promise.resolve();
    const n = this.#say(change);
    return new Promise((resolve) => this.#waiting.set(n, resolve));
  }

  trouble(): string | undefined {
    return this.#options.redis.isReady ? undefined : "Redis cannot be reached";
  }

  async close(): Promise<void> {
    const { redis, reader, name } = this.#options;
    if (!this.#swarms) return reader.destroy();
    clearInterval(this.#heartbeats);
    // What waits to be said is said before: a connection keeps its order.
    this.#say({ type: "tracker-lost", tracker: name });
    this.#swarms = undefined;
    for (const resolve of this.#waiting.values()) resolve();
    if (redis.isReady) await redis.del(heartbeatOf(name)).catch(this.#failed);
    reader.destroy();
    await this.#reading;
  }

  #say(change: Change | undefined): number {
    const n = ++this.#said;
    void this.#add(encode({ tracker: this.#options.name, n, ...(change ? { change } : {}) }));
    return n;
  }

  /** Until it is there: what was under way when a connection broke may be there twice, and changes nothing then. */
  async #add(entry: string): Promise<void> {
    const { redis } = this.#options;
    const trim = { strategy: "MAXLEN", strategyModifier: "~", threshold: MAX_STREAM_CHANGES } as const;
    for (;;) {
      try {
        await redis.xAdd(STREAM, "*", { entry }, { TRIM: trim });
        return;
      } catch (error) {
        if (!this.#swarms) return;
        this.#failed(error);
        await new Promise((again) => setTimeout(again, READ_MS));
      }
    }
  }

  async #read(): Promise<void> {
    const { reader } = this.#options;
    while (this.#swarms) {
      try {
        const streams = await reader.xRead({ key: STREAM, id: this.#last }, { BLOCK: READ_MS, COUNT: READ_COUNT });
        for (const { id, message } of streams?.[0]?.messages ?? []) {
          this.#last = id;
          this.#heard(decode(message["entry"]!));
        }
      } catch (error) {
        if (!this.#swarms) return;
        this.#failed(error);
        await new Promise((again) => setTimeout(again, READ_MS));
      }
    }
  }

  #heard({ tracker, n, change }: Entry): void {
    const { name } = this.#options;
    if (!this.#swarms) return;
    if (tracker === name) {
      if (change) this.#swarms.apply(change);
      this.#waiting.get(n)?.();
      this.#waiting.delete(n);
      return;
    }
    const seen = this.#others.get(tracker) ?? n - 1;
    this.#others.set(tracker, Math.max(seen, n));
    // One that comes twice or late was said anew after its connection broke: it counts, and changes nothing that is so already.
    if (n > seen + 1) this.#missed(tracker);
    if (change?.type === "tracker-lost") this.#lost(change.tracker);
    else if (change) this.#swarms.apply(change);
    else this.#sayAgain();
  }

  /** The stream was cut before we had read it all: what that tracker's clients have is not known any longer. */
  #missed(tracker: string): void {
    this.#options.log("warn", "changes of another tracker were missed; they are asked for again", { tracker });
    this.#swarms?.apply({ type: "tracker-lost", tracker });
    this.#say(undefined);
  }

  #lost(tracker: string): void {
    // Somebody thinks that we are gone: we were only slow.
    if (tracker === this.#options.name) return this.#sayAgain();
    this.#others.delete(tracker);
    this.#options.log("info", "another tracker is gone", { tracker });
    this.#swarms?.apply({ type: "tracker-lost", tracker });
  }

  /** What our own clients have. Whoever knows it already is not changed by it. */
  #sayAgain(): void {
    for (const change of this.#swarms?.ownFacts() ?? []) this.#say(change);
  }

  /** Shows that we live, and looks whether the others do. */
  async #beat(): Promise<void> {
    const { redis, name } = this.#options;
    await redis.set(heartbeatOf(name), "1", { expiration: { type: "PX", value: TRACKER_LOST_MS } });
    for (const tracker of this.#others.keys()) {
      if ((await redis.exists(heartbeatOf(tracker))) === 1) continue;
      this.#others.delete(tracker);
      void this.record({ type: "tracker-lost", tracker });
    }
  }

  readonly #failed = (error: unknown): void => {
    if (this.#swarms) this.#options.log("error", "Redis did not take a change", { error: String(error) });
  };
}

/** Bitfields as base64; all else is JSON as it stands. */
function encode(entry: Entry): string {
  return JSON.stringify(entry, (name, value: unknown) =>
    name === "pieces" && value instanceof Uint8Array ? toBase64(value) : value,
  );
}

function decode(text: string): Entry {
  return JSON.parse(text, (name, value: unknown) =>
    name === "pieces" && typeof value === "string" ? fromBase64(value) : value,
  ) as Entry;
}
