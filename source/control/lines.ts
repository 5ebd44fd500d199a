// NDJSON: one JSON value a line.

/** Puts lines together from what a socket reads. Throws RangeError for a line above `maxChars`. */
export class LineReader {
  readonly #maxChars: number;
  #rest = "";

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** The lines that end in `text`, without their ends; the rest is kept. */
  *read(text: string): Iterable<string> {
    // Only what is new is searched, or a line of megabytes would be searched again with every read.
    const [first = "", ...others] = text.split("\n");
    this.#append(first);
    for (const next of others) {
      const line = this.#rest;
      this.#rest = "";
      this.#append(next);
      if (line.trim() !== "") yield line;
    }
  }

  #append(text: string): void {
    this.#rest += text;
    if (this.#rest.length > this.#maxChars) throw new RangeError(`line of more than ${this.#maxChars} characters`);
  }
}

/** The value of a line, or undefined when it is not JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A value as a line. */
export function toLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
