// What goes out to one tracker, no faster than it allows: what was posted first, then what is owed.
import { MESSAGES_PER_SECOND, MESSAGE_BURST } from "../protocol/channel/limits.ts";
import { type ClientMessage, encodeMessage } from "../protocol/channel/messages.ts";
import { TokenBucket } from "../protocol/channel/token-bucket.ts";

export interface PacedOutboxOptions {
  /** Between two flushes. */
  readonly gatherMs: number;
  readonly send: (frame: string) => void;
  /** Asked anew each time; a message is taken from it only if it can be sent. `updates`: also what was left to be gathered. */
  readonly owed: (updates: boolean) => Iterable<ClientMessage>;
}

/** Closed at first: then nothing goes out, and nothing is kept but what is owed. */
export class PacedOutbox {
  readonly #options: PacedOutboxOptions;
  readonly #posted: string[] = [];
  /** Undefined while closed. */
  #bucket: TokenBucket | undefined;
  #flush: NodeJS.Timeout | undefined;

  constructor(options: PacedOutboxOptions) {
    this.#options = options;
  }

  /** For a new connection: the tracker counts from zero. */
  open(): void {
    // A little below what the tracker allows, so that no clock of ours makes it cut us.
    this.#bucket = new TokenBucket(0.8 * MESSAGES_PER_SECOND, 0.8 * MESSAGE_BURST, performance.now());
  }

  /** Drops what was posted and did not go out. */
  close(): void {
    this.#bucket = undefined;
    this.#posted.length = 0;
    clearTimeout(this.#flush);
    this.#flush = undefined;
  }

  post(message: ClientMessage): void {
    if (!this.#bucket) return;
    this.#posted.push(encodeMessage(message));
    this.pump();
  }

  /** Sends what may be sent now; what would be too fast follows with the next flush. */
  pump(updates = false): void {
    while (this.#posted.length > 0) {
      if (!this.#send(this.#posted[0]!)) return;
      this.#posted.shift();
    }
    if (!this.#bucket) return;
    for (const message of this.#options.owed(updates)) if (!this.#send(encodeMessage(message))) return;
  }

  /** Pumps once in `gatherMs`, updates too. */
  flushLater(): void {
    if (!this.#bucket) return;
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.pump(true);
    }, this.#options.gatherMs);
  }

  #send(frame: string): boolean {
    if (this.#bucket?.take(performance.now())) {
      this.#options.send(frame);
      return true;
    }
    this.flushLater();
    return false;
  }
}
