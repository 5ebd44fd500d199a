// Sizes and rates of the command line.
import { parseBytes } from "../control/quantities.ts";
import { UsageError } from "./usage-error.ts";

/** Bytes, as `parseBytes` reads them. Throws UsageError that names `what`. */
export function parseSize(text: string, what: string): number {
  const bytes = parseBytes(text);
  if (bytes === null) throw new UsageError(`Wrong format: "${text}" is no size for ${what}; 500k, 1.5MB or 2MiB are.`);
  return bytes;
}
