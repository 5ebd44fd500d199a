// Charts: values over time as filled areas of cells.
import type { Glyphs } from "../theme.ts";

/**
 * `values`, oldest first, as a filled area of `width` x `height` cells, the uppermost row first; `scale` is the value at its upper
 * edge. A cell's height is told by `glyphs.spark`, in ASCII too; of several values in one column the highest is drawn, so that no
 * peak is lost. Of a value above 0 at least something is seen.
 */
export function areaChart(
  values: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
  scale: number,
  glyphs: Glyphs,
): string[] {
  const steps = [...glyphs.spark];
  const heights = Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width);
    const to = Math.max(from + 1, Math.ceil(((column + 1) * values.length) / width));
    const value = Math.max(0, ...values.slice(from, to));
    if (value <= 0) return 0;
    return Math.max(1, Math.min(height * steps.length, Math.round((value / scale) * height * steps.length)));
  });
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * steps.length;
    return heights
      .map((filled) => (filled <= below ? " " : steps[Math.min(steps.length, filled - below) - 1]!))
      .join("");
  });
}

/** The next of 1, 2, 5, 10, 20, ... at or above `value`; 1 000 at least, so that a trickle is drawn as one. */
export function roundedUp(value: number): number {
  if (value <= 1000) return 1000;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5].map((factor) => factor * power).find((step) => step >= value) ?? 10 * power;
}
