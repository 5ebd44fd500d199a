// What sta wants to be, in ratios to others and in absolute figures, and what it was in this run.
import type { Run } from "./run.ts";
import { median } from "./table.ts";

type Figure = "wall" | "leecherCpu" | "seederCpu" | "rss";

interface Goal {
  readonly what: string;
  readonly row: string;
  readonly of: Figure;
  /** Row it is measured by; undefined: `most` is absolute, in seconds or MB. */
  readonly by?: string;
  readonly most: number;
}

const GOALS: readonly Goal[] = [
  { what: "sta -> sta, to libtorrent -> libtorrent", row: "sta -> sta", of: "wall", by: "lt -> lt", most: 0.5 },
  { what: "libtorrent -> sta, to libtorrent -> libtorrent", row: "lt -> sta", of: "wall", by: "lt -> lt", most: 0.65 },
  { what: "sta -> libtorrent, to libtorrent -> libtorrent", row: "sta -> lt", of: "wall", by: "lt -> lt", most: 1 },
  { what: "CPU of sta as leecher, to aria2", row: "lt -> sta", of: "leecherCpu", by: "lt -> aria2", most: 1 },
  { what: "CPU of sta as seeder, to libtorrent", row: "sta -> lt", of: "seederCpu", by: "lt -> lt", most: 0.4 },
  { what: "1 seeder and 4 leechers, to libtorrent", row: "sta -> 4 sta", of: "wall", by: "lt -> 4 lt", most: 0.6 },
  { what: "checking, to openssl on as many cores", row: "sta check", of: "wall", by: "openssl sha1", most: 1.2 },
  { what: "MB of an idle engine", row: "an idle sta", of: "rss", most: 90 },
  { what: "MB for one download", row: "lt -> sta", of: "rss", most: 160 },
  { what: "MB with 1 000 idle torrents", row: "1 000 idle torrents", of: "rss", most: 250 },
  { what: "CPU seconds of 10 with 1 000 idle torrents", row: "1 000 idle torrents", of: "leecherCpu", most: 0.1 },
];

/** A line for each goal whose rows were run. */
export function goalsText(results: ReadonlyMap<string, readonly Run[]>): string {
  const figure = (row: string, of: Figure) => {
    const values = (results.get(row) ?? []).map((run) => run[of]).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values) / (of === "rss" ? 1e6 : 1);
  };
  return GOALS.flatMap(({ what, row, of, by, most }) => {
    const [ours, theirs] = [figure(row, of), by === undefined ? 1 : figure(by, of)];
    if (ours === undefined || theirs === undefined) return [];
    const reached = ours / theirs;
    return [`${reached <= most ? "reached " : "not yet "} ${reached.toFixed(2).padStart(7)}  of ${most}: ${what}`];
  }).join("\n");
}
