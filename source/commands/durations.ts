// Spans of time of the command line.
import { parseSeconds } from "../control/quantities.ts";
import { UsageError } from "./usage-error.ts";

/** Whole seconds, as `parseSeconds` reads them. Throws UsageError that names `what`. */
export function parseDuration(text: string, what: string): number {
  const seconds = parseSeconds(text);
  if (seconds === null) throw new UsageError(`Wrong format: "${text}" is no time for ${what}; 90s, 30m, 2h or 3d are.`);
  return seconds;
}
