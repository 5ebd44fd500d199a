// Lines for people, their parts one below the other.
import { columnsAtMost } from "../protocol/display-text.ts";

/** A longer part moves what follows it, not what stands above and below. */
const WIDEST = 40;

/** One line a row, two spaces between its parts. */
export function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, part] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, Math.min(WIDEST, columnsAtMost(part)));
  }
  return rows.map((row) =>
    row
      .map((part, i) => part + " ".repeat(Math.max(0, i === row.length - 1 ? 0 : widths[i]! - columnsAtMost(part))))
      .join("  "),
  );
}
