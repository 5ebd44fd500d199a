// A torrent that was looked at and is not added yet: which of its files are wanted, and where they go. Pure.
import type { Command, InspectedTorrent } from "../control/contract.ts";
import {
  flatRows,
  stepInto,
  stepOut,
  treeRows,
  withOpened,
  withTurned,
  type TreeFile,
  type TreeRow,
} from "./file-tree.ts";
import { matches } from "./lists.ts";

export interface Adding {
  readonly torrent: InspectedTorrent;
  /** What the engine looked at. */
  readonly target: string;
  /** Where it goes, when a person said so; absolute. */
  readonly folder: string | undefined;
  readonly sequential: boolean;
  readonly files: readonly TreeFile[];
  /** Indexes of the files that are not wanted. */
  readonly off: ReadonlySet<number>;
  /** How much of all is wanted, and of each folder that is shown, by its key. */
  readonly wanted: Sum;
  readonly wantedBelow: ReadonlyMap<string, Sum>;
  /** Keys of folders that were opened or closed. */
  readonly turned: ReadonlySet<string>;
  readonly search: string;
  /** The tree; with a search the files that have all its words. */
  readonly rows: readonly TreeRow[];
  /** The row with the cursor, and the first in the window. */
  readonly index: number;
  readonly top: number;
}

interface Sum {
  readonly files: number;
  readonly bytes: number;
}

/** Rows above the files: where to, how much, in which order, one empty. */
const HEAD_ROWS = 4;

/** Rows of files in a frame of this height. */
export function addingHeight({ height }: { readonly height: number }): number {
  return Math.max(1, height - 2 - HEAD_ROWS);
}

/** All files are wanted at first, or those that the magnet link chooses. */
export function beginAdding(torrent: InspectedTorrent, target: string): Adding {
  const files = torrent.files.map((file) => ({ ...file, heldBytes: 0 }));
  const off = new Set(torrent.files.flatMap((file) => (file.off ? [file.index] : [])));
  const choice = { off, wanted: { files: 0, bytes: 0 }, wantedBelow: new Map() };
  const view = { turned: new Set<string>(), search: "", rows: [], index: 0, top: 0 };
  return withRows({ torrent, target, folder: undefined, sequential: false, files, ...choice, ...view });
}

/** The cursor stays on its row where that is shown; of a tree that comes back, the folders are open that it lies in. */
export function searched(adding: Adding, search: string): Adding {
  const row = adding.rows[adding.index];
  const turned =
    search === "" && row !== undefined ? withOpened(adding.turned, row.path, adding.files.length) : adding.turned;
  const found = withRows({ ...adding, turned, search, top: 0 });
  return {
    ...found,
    index: Math.max(
      0,
      found.rows.findIndex(({ key }) => key === row?.key),
    ),
  };
}

/** The cursor moves by `by` rows. */
export function movedIn(adding: Adding, by: number): Adding {
  return { ...adding, index: Math.max(0, Math.min(adding.rows.length - 1, adding.index + by)) };
}

/** The folder with the cursor is opened or closed, or the cursor goes into it or out of it. */
export function steppedIn(adding: Adding, way: "into" | "out"): Adding {
  const step = (way === "into" ? stepInto : stepOut)(adding.rows, adding.index);
  if (step === null) return adding;
  return step.type === "select"
    ? { ...adding, index: step.index }
    : withRows({ ...adding, turned: withTurned(adding.turned, step.key) });
}

/** None of the files with the cursor is wanted, or, when none is, all are; the cursor goes on behind them. */
export function chosenFile(adding: Adding): Adding {
  const { rows, index } = adding;
  const row = rows[index];
  if (row === undefined) return adding;
  const next = rows.findIndex(({ depth }, place) => place > index && depth <= row.depth);
  return { ...toggled(adding, row.files), index: next < 0 ? index : next };
}

/** The same with all files that are shown. */
export function chosenFiles(adding: Adding): Adding {
  return toggled(adding, adding.search === "" ? adding.files : adding.rows.flatMap(({ files }) => files));
}

function toggled(adding: Adding, files: readonly TreeFile[]): Adding {
  const off = new Set(adding.off);
  const someWanted = files.some(({ index }) => !off.has(index));
  for (const { index } of files) {
    if (someWanted) off.add(index);
    else off.delete(index);
  }
  return withSums({ ...adding, off });
}

function withRows(adding: Adding): Adding {
  const { files, search, turned } = adding;
  const rows =
    search === ""
      ? treeRows(files, turned, asInTorrent)
      : flatRows(
          files.filter(({ path }) => matches(path, search)),
          asInTorrent,
        );
  return withSums({ ...adding, rows });
}

function asInTorrent(a: TreeFile, b: TreeFile): number {
  return a.index - b.index;
}

function withSums(adding: Adding): Adding {
  const { files, rows, off } = adding;
  const folders = rows.filter(({ open }) => open !== null);
  return {
    ...adding,
    wanted: sumOf(files, off),
    wantedBelow: new Map(folders.map((row) => [row.key, sumOf(row.files, off)])),
  };
}

function sumOf(files: readonly TreeFile[], off: ReadonlySet<number>): Sum {
  const sum = { files: 0, bytes: 0 };
  for (const { index, length } of files) {
    if (off.has(index)) continue;
    sum.files++;
    sum.bytes += length;
  }
  return sum;
}

/** The cursor is in a window of `height` rows. */
export function settleAdding(adding: Adding, height: number): Adding {
  const lowest = Math.max(0, adding.index - height + 1);
  const top = Math.min(Math.max(0, adding.rows.length - height), Math.max(lowest, Math.min(adding.top, adding.index)));
  return top === adding.top ? adding : { ...adding, top };
}

/** By how many bytes what is wanted is more than what is free; 0 when it fits, or when nobody knows. */
export function tooMuch({ torrent: { freeBytes }, wanted }: Adding): number {
  return freeBytes === null ? 0 : Math.max(0, wanted.bytes - freeBytes);
}

/** What starts it. The engine knows what it looked at by its hash; a magnet link also names peers, and files that a person may not want. */
export function downloadOf({ torrent, target, folder, off, sequential }: Adding): Command {
  const wanted = torrent.files.flatMap(({ index }) => (off.has(index) ? [] : [index]));
  return {
    method: "download",
    target: /^magnet:/i.test(target) ? target : torrent.infoHash,
    ...(folder !== undefined && { folder }),
    ...(off.size > 0 ? { files: wanted } : torrent.files.some((file) => file.off) && { files: "all" as const }),
    ...(sequential && { sequential }),
  };
}
