// Sizes and rates as people write them.
import { UsageError } from "./usage-error.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
};

/**
 * Bytes of `500K`, `1.5MB`, `512KiB`, `0`: K, M, G alone are powers of 1024 (as curl and aria2), with B powers of 1000.
 * A `/s` at the end is allowed. Throws UsageError that names `what`.
 */
export function parseSize(text: string, what: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)(?:\/s)?$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ""];
  const bytes = Math.round(Number(match?.[1]) * (unit ?? Number.NaN));
  if (!Number.isSafeInteger(bytes))
    throw new UsageError(`Wrong format: "${text}" is no size for ${what}; 500K, 2M or 1.5MB are.`);
  return bytes;
}
