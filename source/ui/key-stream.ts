// The keyboard, one step at a time.
import { Readable } from "node:stream";

/* oxlint-disable no-control-regex -- what terminals send */

/** Runs of text, each control by itself, each escape sequence whole. */
const STEPS = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O.)|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/gsu;

/** What a terminal answers to a program before this one, over a slow link: OSC and DCS. No key sends it. */
const ANSWERS = /\u001b[\]P][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** What one of those begins with, when its rest is still on its way; more than Esc, which is a key. */
const UNFINISHED = /\u001b(?:\[[0-?]*[ -/]*|O|[\]P][^\u0007\u001b]*\u001b?)$/;

/** The rest of a sequence comes within so long, as readline takes it, or never. */
const REST_MS = 500;

/**
 * A terminal's input for Ink that hands on one key, or one run of text, at a time. Over SSH many come in one chunk, and Ink reports all
 * of a chunk before React draws: the text input would apply each to the value before the first. A sequence that a slow link cut behind its `ESC [` is handed on whole.
 */
export class KeyStream extends Readable {
  readonly isTTY = true;
  readonly #terminal: NodeJS.ReadStream;
  readonly #steps: string[] = [];
  #handing = false;
  #unfinished = "";
  #givesUp: NodeJS.Timeout | undefined;

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
    this.#dropUnfinished();
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
    const text = (this.#unfinished + chunk).replaceAll(ANSWERS, "");
    const unfinished = UNFINISHED.exec(text)?.[0] ?? "";
    this.#steps.push(...(text.slice(0, text.length - unfinished.length).match(STEPS) ?? []));
    if (unfinished === "") this.#dropUnfinished();
    else this.#givesUp ??= setTimeout(() => this.#dropUnfinished(), REST_MS);
    this.#unfinished = unfinished;
    if (!this.#handing) this.#handOn();
  };

  #dropUnfinished(): void {
    clearTimeout(this.#givesUp);
    this.#givesUp = undefined;
    this.#unfinished = "";
  }

  #handOn(): void {
    const step = this.#steps.shift();
    this.#handing = step !== undefined;
    if (step === undefined) return;
    this.push(step);
    setImmediate(() => this.#handOn());
  }
}
