// Spans of time as people write them.
import { UsageError } from "./usage-error.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** Whole seconds of `90`, `90s`, `30m`, `2h`, `1.5d`. Throws UsageError that names `what`. */
export function parseDuration(text: string, what: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([smhd]?)$/i.exec(text.trim());
  const seconds = Math.round(Number(match?.[1]) * UNITS[match?.[2]?.toLowerCase() ?? ""]!);
  if (!Number.isSafeInteger(seconds))
    throw new UsageError(`Wrong format: "${text}" is no time for ${what}; 90s, 30m, 2h or 3d are.`);
  return seconds;
}
