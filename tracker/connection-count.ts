// Caps on connections, in all and from one network.

/** Counts what is open. Who is exempt is counted in all, but may have any share of it. */
export class ConnectionCount {
  readonly #max: number;
  readonly #maxPerNetwork: number;
  readonly #byNetwork = new Map<string, number>();
  #size = 0;

  constructor(max: number, maxPerNetwork: number) {
    this.#max = max;
    this.#maxPerNetwork = maxPerNetwork;
  }

  get size(): number {
    return this.#size;
  }

  /** Counts one more, or says false when that is too many. */
  enter(network: string, exempt: boolean): boolean {
    const open = this.#byNetwork.get(network) ?? 0;
    if (this.#size >= this.#max || (open >= this.#maxPerNetwork && !exempt)) return false;
    this.#byNetwork.set(network, open + 1);
    this.#size++;
    return true;
  }

  leave(network: string): void {
    const open = this.#byNetwork.get(network) ?? 0;
    if (open === 0) return;
    if (open === 1) this.#byNetwork.delete(network);
    else this.#byNetwork.set(network, open - 1);
    this.#size--;
  }
}
