// Medians, ranges, and a table of them.
import type { Run } from "./run.ts";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `1.05 (1.01-1.30)` */
function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)})`;
}

function ratio(ours: readonly number[], theirs: readonly number[] | undefined): string {
  if (!theirs || theirs.length === 0 || ours.length === 0) return "";
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
    const figures = (of: (run: Run) => number | undefined, from: readonly Run[]) =>
      from.map(of).filter((value) => value !== undefined);
    const both = (of: (run: Run) => number | undefined) => {
      const ours = figures(of, runs);
      return [spread(ours), ratio(ours, baseline && figures(of, baseline))];
    };
    const rss = figures((run) => run.rss, runs);
    return [
      name,
      ...both((run) => run.wall),
      ...both((run) => run.leecherCpu),
      ...both((run) => run.seederCpu),
      rss.length === 0 ? "" : (median(rss) / 1e6).toFixed(0),
      String(runs.length),
    ];
  });
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return [line(COLUMNS), ...cells.map(line)].join("\n");
}
