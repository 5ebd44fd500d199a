// Last words: a mistake of ours that ends the engine is kept in its log, for an engine in the background has nobody to tell.
import { appendFileSync } from "node:fs";

/** From now on what ends this process is a line of the file first, with where it was; returns the way to stop. */
export function keepLastWords(log: string): () => void {
  const keep = (error: unknown) => {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    try {
      appendFileSync(log, `${new Date().toISOString()} This is a mistake of sta itself: ${words}\n`, { mode: 0o600 });
    } catch {
      // The process ends with the mistake itself, on stderr.
    }
  };
  process.on("uncaughtExceptionMonitor", keep);
  return () => void process.off("uncaughtExceptionMonitor", keep);
}
