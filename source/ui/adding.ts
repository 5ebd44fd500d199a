// A torrent that was looked at and is not added yet: which of its files are wanted, and where they go. Pure.
import type { Command, InspectedTorrent } from "../control/contract.ts";
import { matches } from "./lists.ts";

export interface Adding {
  readonly torrent: InspectedTorrent;
  /** What the engine looked at. */
  readonly target: string;
  /** Where it goes, when a person said so; absolute. */
  readonly folder: string | undefined;
  /** Indexes of the files that are not wanted. */
  readonly off: ReadonlySet<number>;
  readonly sequential: boolean;
  readonly search: string;
  /** Indexes of the files that have all words of the search, in their order. */
  readonly shown: readonly number[];
  /** The row of `shown` with the cursor, and the first in the window. */
  readonly index: number;
  readonly top: number;
}

/** Rows above the files: where to, how much, in which order, one empty. */
const HEAD_ROWS = 4;

/** Rows of files in a frame of this height. */
export function addingHeight({ height }: { readonly height: number }): number {
  return Math.max(1, height - 2 - HEAD_ROWS);
}

/** All files are wanted at first. */
export function beginAdding(torrent: InspectedTorrent, target: string): Adding {
  const rest = { folder: undefined, off: new Set<number>(), sequential: false, search: "", index: 0, top: 0 };
  return { torrent, target, ...rest, shown: torrent.files.map((_, index) => index) };
}

export function searched(adding: Adding, search: string): Adding {
  const { files } = adding.torrent;
  const shown = files.flatMap(({ path }, index) => (matches(path, search) ? [index] : []));
  return { ...adding, search, shown, index: 0, top: 0 };
}

/** The cursor moves by `by` rows. */
export function movedIn(adding: Adding, by: number): Adding {
  return { ...adding, index: Math.max(0, Math.min(adding.shown.length - 1, adding.index + by)) };
}

/** The file with the cursor is wanted, or not any more; the cursor goes on to the next. */
export function chosenFile(adding: Adding): Adding {
  const file = adding.shown[adding.index];
  if (file === undefined) return adding;
  const off = new Set(adding.off);
  if (!off.delete(file)) off.add(file);
  return movedIn({ ...adding, off }, 1);
}

/** None of the files shown is wanted, or, when none is, all are. */
export function chosenFiles(adding: Adding): Adding {
  const off = new Set(adding.off);
  const someWanted = adding.shown.some((file) => !off.has(file));
  for (const file of adding.shown) {
    if (someWanted) off.add(file);
    else off.delete(file);
  }
  return { ...adding, off };
}

/** The cursor is in a window of `height` rows. */
export function settleAdding(adding: Adding, height: number): Adding {
  const lowest = Math.max(0, adding.index - height + 1);
  const top = Math.min(Math.max(0, adding.shown.length - height), Math.max(lowest, Math.min(adding.top, adding.index)));
  return top === adding.top ? adding : { ...adding, top };
}

/** How much is wanted, and by how many bytes it is more than what is free; 0 when it fits, or when nobody knows. */
export function chosen({ torrent, off }: Adding): { files: number; bytes: number; tooMuch: number } {
  const bytes = torrent.files.reduce((sum, { length }, index) => (off.has(index) ? sum : sum + length), 0);
  const tooMuch = torrent.freeBytes === null ? 0 : Math.max(0, bytes - torrent.freeBytes);
  return { files: torrent.files.length - off.size, bytes, tooMuch };
}

/** What starts it. The engine knows what it looked at by its hash; a magnet link also names peers. */
export function downloadOf({ torrent, target, folder, off, sequential }: Adding): Command {
  const wanted = torrent.files.flatMap((_, index) => (off.has(index) ? [] : [index]));
  return {
    method: "download",
    target: /^magnet:/i.test(target) ? target : torrent.infoHash,
    ...(folder !== undefined && { folder }),
    ...(off.size > 0 && { files: wanted }),
    ...(sequential && { sequential }),
  };
}
