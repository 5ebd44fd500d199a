// Sizes and rates for people: decimal units, three digits, so that volatile numbers repeat and rows stay the same.

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** `bytes` as `0 B`, `950 B`, `12.1 MB`, `212 GB`. */
export function formatBytes(bytes: number): string {
  const { value, unit } = scaled(bytes);
  return `${value} ${unit}`;
}

/** `bytesPerSecond` as `84.2 MB/s`; nothing below one byte a second is `0`. */
export function formatRate(bytesPerSecond: number): string {
  return bytesPerSecond < 1 ? "0" : `${formatBytes(bytesPerSecond)}/s`;
}

/** `7.5 of 12.1 MB`; `950 kB of 12.1 MB` when the units differ. */
export function formatPart(bytes: number, whole: number): string {
  const part = scaled(bytes);
  const all = scaled(whole);
  if (bytes <= 0) return `0 of ${all.value} ${all.unit}`;
  const unit = part.unit === all.unit ? "" : ` ${part.unit}`;
  return `${part.value}${unit} of ${all.value} ${all.unit}`;
}

function scaled(bytes: number): { value: string; unit: string } {
  let value = Math.max(0, bytes);
  let power = 0;
  while (value >= 999.5 && power < UNITS.length - 1) {
    value /= 1000;
    power++;
  }
  const digits = power === 0 || value >= 99.95 ? 0 : 1;
  return { value: value.toFixed(digits), unit: UNITS[power]! };
}
