// Medians, ranges, and a table of them.
import type { Run } from "./transfer.ts";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `1.05 (1.01-1.30)` */
function spread(values: readonly number[]): string {
  if (values.every((value) => value === 0)) return "";
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)})`;
}

function ratio(ours: readonly number[], theirs: readonly number[] | undefined): string {
  if (!theirs || median(theirs) === 0 || median(ours) === 0) return "";
  return (median(ours) / median(theirs)).toFixed(2);
}

export interface Row {
  readonly name: string;
  readonly runs: readonly Run[];
  /** What it is compared with. */
  readonly baseline: readonly Run[] | undefined;
}

const COLUMNS = ["", "wall s", "x", "leecher CPU s", "x", "seeder CPU s", "x", "RSS MB", "runs"] as const;

/** The whole table as text; every `x` is the ratio of medians to the row's baseline. */
export function tableText(rows: readonly Row[]): string {
  const cells = rows.map(({ name, runs, baseline }) => {
    const both = (of: (run: Run) => number) => [spread(runs.map(of)), ratio(runs.map(of), baseline?.map(of))];
    const rss = median(runs.map((run) => run.rss)) / 1e6;
    return [
      name,
      ...both((run) => run.wall),
      ...both((run) => run.leecherCpu),
      ...both((run) => run.seederCpu),
      rss === 0 ? "" : rss.toFixed(0),
      String(runs.length),
    ];
  });
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return [line(COLUMNS), ...cells.map(line)].join("\n");
}
