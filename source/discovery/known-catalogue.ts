// The catalogue as one tracker tells it, and our place in its broadcasts: a gap loses the place, and the next hello asks for all.
import { MAX_CATALOGUE_ENTRIES } from "../protocol/channel/limits.ts";
import type { Broadcast, CatalogueEntry, TrackerMessage } from "../protocol/channel/messages.ts";
import type { InfoHashHex } from "../protocol/ids.ts";

export class KnownCatalogue {
  readonly #gatherMs: number;
  readonly #onChanged: () => void;
  readonly #entries = new Map<InfoHashHex, CatalogueEntry>();
  #list: readonly CatalogueEntry[] | undefined;
  #seq: number | undefined;
  #epoch = "";
  #told: NodeJS.Timeout | undefined;
  #movedSince = false;

  /** `onChanged` is called at once, then at most once in `gatherMs`. */
  constructor(gatherMs: number, onChanged: () => void) {
    this.#gatherMs = gatherMs;
    this.#onChanged = onChanged;
  }

  /** The same array until something changes. */
  list(): readonly CatalogueEntry[] {
    return (this.#list ??= [...this.#entries.values()]);
  }

  get(infoHash: InfoHashHex): CatalogueEntry | undefined {
    return this.#entries.get(infoHash);
  }

  has(infoHash: InfoHashHex): boolean {
    return this.#entries.has(infoHash);
  }

  /** For `hello`: the last broadcast heard, or nothing when there is no place to go on from. */
  get place(): { readonly resume?: number; readonly epoch?: string } {
    return this.#seq === undefined ? {} : { resume: this.#seq, epoch: this.#epoch };
  }

  /** A catalogue in `welcome` replaces what was known; without one that stands, and what was missed follows. */
  welcomed(welcome: Extract<TrackerMessage, { type: "welcome" }>): void {
    this.#seq = welcome.seq;
    this.#epoch = welcome.epoch;
    if (!welcome.catalogue) return;
    this.#entries.clear();
    this.learn(welcome.catalogue);
  }

  /** New entries beyond MAX_CATALOGUE_ENTRIES are dropped. */
  learn(entries: readonly CatalogueEntry[]): void {
    for (const entry of entries) {
      if (this.#entries.size < MAX_CATALOGUE_ENTRIES || this.#entries.has(entry.infoHash)) {
        this.#entries.set(entry.infoHash, entry);
      }
    }
    this.#changed();
  }

  forget(infoHash: InfoHashHex): void {
    if (this.#entries.delete(infoHash)) this.#changed();
  }

  /** Takes a broadcast in. False, and nothing is taken, when one before it was missed: the place is lost then. */
  hear(broadcast: Broadcast): boolean {
    if (this.#seq === undefined || broadcast.seq !== this.#seq + 1) {
      this.losePlace();
      return false;
    }
    this.#seq = broadcast.seq;
    switch (broadcast.type) {
      case "available":
        this.learn([broadcast.entry]);
        return true;
      case "changed":
        this.learn(broadcast.entries);
        return true;
      case "unavailable":
        if (broadcast.forgotten) this.forget(broadcast.infoHash);
        return true;
      case "notice":
        return true;
      default:
        return broadcast satisfies never;
    }
  }

  /** The next hello asks for all. */
  losePlace(): void {
    this.#seq = undefined;
  }

  close(): void {
    clearTimeout(this.#told);
  }

  #changed(): void {
    this.#list = undefined;
    this.#movedSince = true;
    if (this.#told) return;
    this.#movedSince = false;
    this.#told = setTimeout(() => {
      this.#told = undefined;
      if (this.#movedSince) this.#changed();
    }, this.#gatherMs);
    this.#onChanged();
  }
}
