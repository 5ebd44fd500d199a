// Alarm: one timer that rings at the earliest time that was asked for. Keeps no process alive.

export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at `at`, in monotonic milliseconds, unless it rings before; undefined asks for nothing. */
  set(at: number | undefined): void {
    if (at === undefined || at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(() => this.#due(), Math.max(0, at - performance.now())).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
  }

  #due(): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#ring();
  }
}
