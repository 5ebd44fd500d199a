// A terminal for whole screens: what is written is shown by @xterm/headless, what is typed goes to the viewer.
import { PassThrough, Writable } from "node:stream";
import stringWidth from "string-width";
import xterm from "@xterm/headless";

/** A lone Esc is known as one after 20 ms, and the next frame comes up to 34 ms later. */
export const QUIET_MS = 65;

/** Widths as terminals and tmux have them today, a code point at a time; its own table is that of 2007. */
const TODAYS_WIDTHS: xterm.IUnicodeVersionProvider & {
  charProperties(codepoint: number, preceding: number): number;
} = {
  version: "today",
  wcwidth(codepoint: number): 0 | 1 | 2 {
    if (codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0)) return 0;
    // Vowels and finals of Hangul join the consonant before them.
    if ((codepoint >= 0x1160 && codepoint <= 0x11ff) || (codepoint >= 0xd7b0 && codepoint <= 0xd7ff)) return 0;
    if (/^\p{Mc}$/u.test(String.fromCodePoint(codepoint))) return 1;
    return Math.min(2, stringWidth(String.fromCodePoint(codepoint))) as 0 | 1 | 2;
  },
  /** As xterm packs them: bit 0 joins the character before, bits 1 and 2 are the width. */
  charProperties(codepoint: number, preceding: number): number {
    const width = this.wcwidth(codepoint);
    const widthBefore = (preceding >> 1) & 3;
    const joins = width === 0 && preceding !== 0 && widthBefore !== 0;
    return ((joins ? Math.max(width, widthBefore) : width) << 1) | (joins ? 1 : 0);
  },
};

export class VirtualTerminal {
  /** Everything written to it. */
  bytes = "";
  lastWriteAt = 0;
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly #screen: xterm.Terminal;
  #writes = 0;

  /** `beside`: columns beyond those that the viewer is told of, where what drifts to the right can be seen. */
  constructor(columns: number, rows: number, beside = 0) {
    // Node leaves ONLCR on in raw mode: a line feed returns the carriage too.
    this.#screen = new xterm.Terminal({
      cols: columns + beside,
      rows,
      allowProposedApi: true,
      scrollback: 0,
      convertEol: true,
    });
    this.#screen.unicode.register(TODAYS_WIDTHS);
    this.#screen.unicode.activeVersion = TODAYS_WIDTHS.version;
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
    const { rows, cols } = this.#screen;
    // After the screen became narrower, xterm keeps what stood beyond it.
    return Array.from(
      { length: rows },
      (_, row) => buffer.getLine(row)?.translateToString(true, 0, cols).trimEnd() ?? "",
    );
  }

  /** The characters of each cell, row by row; nothing where a wide one goes on. */
  cells(): string[][] {
    const buffer = this.#screen.buffer.active;
    return Array.from({ length: this.#screen.rows }, (_, row) =>
      Array.from(
        { length: this.#screen.cols },
        (_cell, column) => buffer.getLine(row)?.getCell(column)?.getChars() ?? "",
      ),
    );
  }

  text(): string {
    return this.rows().join("\n");
  }

  get onAlternateScreen(): boolean {
    return this.#screen.buffer.active.type === "alternate";
  }
}
