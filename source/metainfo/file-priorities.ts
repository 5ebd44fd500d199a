// What of a torrent is wanted: priorities of files, and what follows from them for its pieces.
import { Bitfield } from "./bitfield.ts";
import type { PieceLayout } from "./piece-layout.ts";

/** How much a file is wanted: `off` not at all, `high` before the others. */
export type FilePriority = "high" | "normal" | "off";

const RANKS: Readonly<Record<FilePriority, number>> = { off: 0, normal: 1, high: 2 };

/**
 * One byte a piece: 0 not wanted, 1 wanted, 2 wanted first. A piece that files share has the highest of theirs. Files behind the end
 * of `priorities` are `normal`.
 */
export function piecePriorities(layout: PieceLayout, priorities: readonly FilePriority[]): Uint8Array {
  const ranks = new Uint8Array(layout.pieceCount);
  for (const file of layout.files.keys()) {
    const rank = RANKS[priorities[file] ?? "normal"];
    const { first, end } = layout.piecesOfFile(file);
    for (let index = first; index < end; index++) if (ranks[index]! < rank) ranks[index] = rank;
  }
  return ranks;
}

/** The pieces that hold bytes of any file that is not in `leftOut`. */
export function wantedPieces(layout: PieceLayout, leftOut: ReadonlySet<number>): Bitfield {
  const wanted = Bitfield.empty(layout.pieceCount);
  for (const file of layout.files.keys()) {
    if (leftOut.has(file)) continue;
    const { first, end } = layout.piecesOfFile(file);
    for (let index = first; index < end; index++) wanted.set(index);
  }
  return wanted;
}
