// EngineLog: engine.log in the state folder: an engine in the background has nobody to tell. What was said before a full one stays in
// engine.log.old, and what was before that goes: no peer and no tracker fills a disk with what it makes us say.
import { appendFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { tell } from "./output.ts";

/** A month of figures, one line each ten minutes. */
export const MAX_LOG_BYTES = 4 * 1024 * 1024;

export class EngineLog {
  readonly #path: string;
  readonly #maxBytes: number;
  /** Undefined until it was looked. */
  #bytes: number | undefined;
  /** One line behind the other. */
  #last: Promise<void> = Promise.resolve();

  /** In the state folder `home`. */
  constructor(home: string, maxBytes: number = MAX_LOG_BYTES) {
    this.#path = logOf(home);
    this.#maxBytes = maxBytes;
  }

  /** One line, behind the time. A log that cannot be written is said on stderr. */
  write(text: string): void {
    const line = Buffer.from(`${new Date().toISOString()} ${text}\n`);
    this.#last = this.#last
      .then(() => this.#append(line))
      .catch((error: unknown) => tell(`sta: engine.log cannot be written: ${(error as Error).message}`));
  }

  /** Resolves when all is written that can be. */
  close(): Promise<void> {
    return this.#last;
  }

  async #append(line: Buffer): Promise<void> {
    this.#bytes ??= await stat(this.#path).then(
      ({ size }) => size,
      () => 0,
    );
    if (this.#bytes > 0 && this.#bytes + line.length > this.#maxBytes) {
      await rename(this.#path, `${this.#path}.old`);
      this.#bytes = 0;
    }
    await appendFile(this.#path, line, { mode: 0o600 });
    this.#bytes += line.length;
  }
}

export function logOf(home: string): string {
  return join(home, "engine.log");
}
