// Announcements: the pieces that peers have yet to hear of. Those that follow one another closely are told together.
import type { PeerKey, SwarmCommand } from "./events.ts";
import { HAVE_GATHER_MS } from "./limits.ts";

interface AnnouncementsOptions {
  readonly peers: ReadonlyMap<PeerKey, unknown>;
  readonly emit: (command: SwarmCommand) => void;
}

export class Announcements {
  readonly #options: AnnouncementsOptions;
  #waiting: number[] = [];
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** When what waits is to be told; undefined: nothing waits. */
  get dueAt(): number | undefined {
    return this.#waiting.length === 0 ? undefined : this.#toldAt + HAVE_GATHER_MS;
  }

  /** We hold `index` now: told at once when nothing was told just before. */
  add(index: number, now: number): void {
    this.#waiting.push(index);
    this.tellDue(now);
  }

  tellDue(now: number): void {
    if (now >= (this.dueAt ?? Number.POSITIVE_INFINITY)) this.tell(now);
  }

  /** Tells everybody all that waits, one peer after the other: each hears it in one write. */
  tell(now: number): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#toldAt = now;
    for (const peer of this.#options.peers.keys()) {
      for (const index of waiting) this.#options.emit({ type: "send", peer, message: { type: "have", index } });
    }
  }
}
