// A terminal for whole screens: what is written is shown by @xterm/headless, what is typed goes to the viewer.
import { PassThrough, Writable } from "node:stream";
import xterm from "@xterm/headless";

/** A lone Esc is known as one after 20 ms, and the next frame comes up to 34 ms later. */
export const QUIET_MS = 65;

export class VirtualTerminal {
  /** Everything written to it. */
  bytes = "";
  lastWriteAt = 0;
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly #screen: xterm.Terminal;
  #writes = 0;

  constructor(columns: number, rows: number) {
    // Node leaves ONLCR on in raw mode: a line feed returns the carriage too.
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0, convertEol: true });
    const write = (chunk: Buffer | string, _encoding: string, done: () => void): void => {
      this.bytes += chunk.toString();
      this.#writes++;
      this.lastWriteAt = performance.now();
      this.#screen.write(chunk, done);
    };
    this.stdout = Object.assign(new Writable({ decodeStrings: false, write }), {
      isTTY: true,
      columns,
      rows,
    }) as unknown as NodeJS.WriteStream;
    this.stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: () => {},
      ref: () => {},
      unref: () => {},
    }) as unknown as NodeJS.ReadStream;
  }

  type(keys: string): void {
    (this.stdin as unknown as PassThrough).write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    Object.assign(this.stdout, { columns, rows });
    this.stdout.emit("resize");
  }

  /** Resolves when nothing has been written for `QUIET_MS`. */
  async settled(): Promise<void> {
    for (let seen = -1; seen !== this.#writes;) {
      seen = this.#writes;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      // On a busy machine timers come late, and all at once: what they wake is let run.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when the screen matches; rejects with the screen after five seconds. */
  async shows(what: RegExp | string): Promise<void> {
    const end = performance.now() + 5000;
    while (!(typeof what === "string" ? this.text().includes(what) : what.test(this.text()))) {
      if (performance.now() > end) throw new Error(`the screen never showed ${what}:\n${this.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The rows of the screen, spaces at their ends left out. */
  rows(): string[] {
    const buffer = this.#screen.buffer.active;
    return Array.from({ length: this.#screen.rows }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? "");
  }

  text(): string {
    return this.rows().join("\n");
  }

  get onAlternateScreen(): boolean {
    return this.#screen.buffer.active.type === "alternate";
  }
}
