// The keyboard, one step at a time.
import { Readable } from "node:stream";

/** Runs of text, each control by itself, each escape sequence whole. */
// oxlint-disable-next-line no-control-regex -- what terminals send for keys
const STEPS = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O.)|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/gsu;

/**
 * A terminal's input for Ink that hands on one key, or one run of text, at a time. Over SSH many come in one chunk, and Ink reports all
 * of a chunk before React draws: the text input would apply each to the value before the first.
 */
export class KeyStream extends Readable {
  readonly isTTY = true;
  readonly #terminal: NodeJS.ReadStream;
  readonly #steps: string[] = [];
  #handing = false;

  constructor(terminal: NodeJS.ReadStream) {
    super({ encoding: "utf8" });
    this.#terminal = terminal;
    terminal.setEncoding("utf8");
    terminal.on("data", this.#received);
  }

  /** Reads no more; the terminal may be read by others. */
  close(): void {
    this.#terminal.off("data", this.#received);
    this.#terminal.pause();
    this.#steps.length = 0;
  }

  setRawMode(raw: boolean): this {
    this.#terminal.setRawMode(raw);
    return this;
  }

  ref(): this {
    this.#terminal.ref();
    return this;
  }

  unref(): this {
    this.#terminal.unref();
    return this;
  }

  override _read(): void {}

  readonly #received = (chunk: string): void => {
    this.#steps.push(...(chunk.match(STEPS) ?? []));
    if (!this.#handing) this.#handOn();
  };

  #handOn(): void {
    const step = this.#steps.shift();
    this.#handing = step !== undefined;
    if (step === undefined) return;
    this.push(step);
    setImmediate(() => this.#handOn());
  }
}
