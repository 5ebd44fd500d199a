// KnownFiles: notices when somebody else changes a file that is being read.
import type { FileStats } from "./safe-sync.ts";

/** A look is one system call a second and file; a changed byte may go out for as long, and the taker's hash refuses it. */
const LOOK_INTERVAL_MS = 1_000;

interface Known {
  readonly ino: number;
  readonly size: number;
  readonly ctimeMs: number;
  readonly lookedAtMs: number;
}

/** Files by their index. While we write a file ourselves, changes of others cannot be told from ours and are not noticed. */
export class KnownFiles {
  readonly #known = new Map<number, Known>();
  /** Our own writes of each file: how many run, and how many have ended. */
  readonly #running = new Map<number, number>();
  readonly #ended = new Map<number, number>();

  /** Was the file seen since our last write? */
  has(file: number): boolean {
    return this.#known.has(file);
  }

  /** Was the file looked at so lately that it need not be now? `now` in milliseconds, monotonic. */
  isFresh(file: number, now: number): boolean {
    const known = this.#known.get(file);
    return known !== undefined && now - known.lookedAtMs < LOOK_INTERVAL_MS;
  }

  /** To be called before each write of our own; `wrote` follows. */
  writes(file: number): void {
    this.#running.set(file, (this.#running.get(file) ?? 0) + 1);
    this.#known.delete(file);
  }

  /** To be called after each write of our own. */
  wrote(file: number): void {
    const running = this.#running.get(file)! - 1;
    if (running > 0) this.#running.set(file, running);
    else this.#running.delete(file);
    this.#ended.set(file, (this.#ended.get(file) ?? 0) + 1);
    this.#known.delete(file);
  }

  /** What the file was like before anything was read or written. */
  saw(file: number, { ino, size, ctimeMs }: FileStats): void {
    if (!this.#known.has(file)) this.#known.set(file, { ino, size, ctimeMs, lookedAtMs: Number.NEGATIVE_INFINITY });
  }

  /** Looks at a file and compares it with the last look. What has changed stays changed, for many read it at once, until it is forgotten. */
  async look(
    file: number,
    now: number,
    stat: () => Promise<FileStats | undefined>,
  ): Promise<"unchanged" | "changed" | "missing"> {
    const ended = this.#ended.get(file);
    const stats = await stat();
    if (!stats) return "missing";
    if (this.#running.has(file) || this.#ended.get(file) !== ended) return "unchanged";
    const before = this.#known.get(file);
    const { ino, size, ctimeMs } = stats;
    const same = !before || (before.ino === ino && before.size === size && before.ctimeMs === ctimeMs);
    if (same) this.#known.set(file, { ino, size, ctimeMs, lookedAtMs: now });
    else this.#known.set(file, { ...before, lookedAtMs: Number.NEGATIVE_INFINITY });
    return same ? "unchanged" : "changed";
  }

  /** Forgets what was seen of a file. */
  forget(file: number): void {
    this.#known.delete(file);
  }
}
