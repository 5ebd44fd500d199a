// A terminal session as an asciinema v2 recording (.cast): a header, then a line for each moment something was written.

/** Steps of a recording; what happens in between happens with the next. */
const STEP_SECONDS = 0.1;
/** Nobody wants to watch a longer pause. */
const LONGEST_PAUSE_SECONDS = 1.5;

export class Cast {
  readonly #lines: string[];
  #writtenAt: number | undefined;
  #seconds = 0;

  constructor(columns: number, rows: number, title: string) {
    this.#lines = [
      JSON.stringify({ version: 2, width: columns, height: rows, title, env: { TERM: "xterm-256color" } }),
    ];
  }

  /** `data` was written at `now`, monotonic milliseconds. */
  wrote(data: string, now: number): void {
    const pause = Math.min(LONGEST_PAUSE_SECONDS, (now - (this.#writtenAt ?? now)) / 1000);
    this.#seconds += Math.round(pause / STEP_SECONDS) * STEP_SECONDS;
    this.#writtenAt = now;
    this.#lines.push(JSON.stringify([Number(this.#seconds.toFixed(1)), "o", data]));
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
