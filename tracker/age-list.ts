// PURE: things in the order they were last heard of. A Map whose entries are deleted and set again keeps that order, too, but walks
// over all its deleted entries to find the oldest: measured, 100 us each with 50 000 swarms.

/** What a thing needs to stand in one list. */
export interface Links<Item> {
  older: Item | undefined;
  younger: Item | undefined;
}

export class AgeList<Item extends Links<Item>> {
  #oldest: Item | undefined;
  #youngest: Item | undefined;

  get oldest(): Item | undefined {
    return this.#oldest;
  }

  /** Adds what is in no list. */
  add(item: Item): void {
    item.older = this.#youngest;
    item.younger = undefined;
    if (this.#youngest) this.#youngest.younger = item;
    else this.#oldest = item;
    this.#youngest = item;
  }

  /** Removes what is in this list. */
  remove(item: Item): void {
    const { older, younger } = item;
    if (older) older.younger = younger;
    else this.#oldest = younger;
    if (younger) younger.older = older;
    else this.#youngest = older;
  }

  /** What is in this list was heard of just now. */
  renew(item: Item): void {
    if (item === this.#youngest) return;
    this.remove(item);
    this.add(item);
  }

  /** Oldest first. The one that was given may be removed. */
  *[Symbol.iterator](): Generator<Item> {
    for (let item = this.#oldest; item;) {
      const { younger } = item;
      yield item;
      item = younger;
    }
  }
}
