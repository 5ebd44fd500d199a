// FileSelection: which files of a torrent are wanted, and what follows from that for its pieces.
import { Bitfield } from "./bitfield.ts";
import type { PieceLayout } from "./piece-layout.ts";

/** How much a file is wanted: `off` not at all, `high` before the others. */
export type FilePriority = "high" | "normal" | "off";

const RANKS: Readonly<Record<FilePriority, number>> = { off: 0, normal: 1, high: 2 };

/** A choice that does not change; `with` makes another. Padding is never wanted. */
export class FileSelection {
  /** Files that are not wanted. */
  readonly leftOut: ReadonlySet<number>;
  /** Pieces with bytes of any file that is wanted. */
  readonly wanted: Bitfield;
  /** Bytes of the files that are wanted. */
  readonly bytes: number;
  readonly #layout: PieceLayout;
  readonly #priorities: ReadonlyMap<number, FilePriority>;

  /** Files that are not in `priorities` are `normal`. */
  constructor(layout: PieceLayout, priorities: ReadonlyMap<number, FilePriority> = new Map()) {
    this.#layout = layout;
    this.#priorities = priorities;
    this.leftOut = new Set([...this.filesThatAre("off"), ...paddingOf(layout)]);
    this.wanted = wantedPieces(layout, this.leftOut);
    this.bytes = layout.length;
    for (const file of this.leftOut) this.bytes -= layout.files[file]!.length;
  }

  /** How many files are wanted. */
  get fileCount(): number {
    return this.#layout.files.length - this.leftOut.size;
  }

  priorityOf(file: number): FilePriority {
    return this.#layout.isPadding(file) ? "off" : (this.#priorities.get(file) ?? "normal");
  }

  /** Files of that priority, rising; `normal` are all that are not named otherwise. */
  filesThatAre(priority: "high" | "off"): number[] {
    return [...this.#priorities]
      .flatMap(([file, given]) => (given === priority && file < this.#layout.files.length ? [file] : []))
      .toSorted((a, b) => a - b);
  }

  /** The same with other priorities for some files. Throws RangeError for a file that the torrent does not have. */
  with(changes: Iterable<{ readonly index: number; readonly priority: FilePriority }>): FileSelection {
    const priorities = new Map(this.#priorities);
    for (const { index, priority } of changes) {
      if (!Number.isInteger(index) || index < 0 || index >= this.#layout.files.length) {
        throw new RangeError(`no file ${index} among ${this.#layout.files.length}`);
      }
      priorities.set(index, priority);
    }
    return new FileSelection(this.#layout, priorities);
  }

  /** One byte a piece: 0 not wanted, 1 wanted, 2 wanted first. A piece that files share has the highest of theirs. */
  piecePriorities(): Uint8Array {
    const ranks = new Uint8Array(this.#layout.pieceCount);
    for (const file of this.#layout.files.keys()) {
      const rank = RANKS[this.priorityOf(file)];
      const { first, end } = this.#layout.piecesOfFile(file);
      for (let index = first; index < end; index++) if (ranks[index]! < rank) ranks[index] = rank;
    }
    return ranks;
  }

  /** Is all that is wanted among these pieces? */
  isHeld(held: Bitfield): boolean {
    if (held.count < this.wanted.count) return false;
    return this.leftOut.size === 0 || this.wanted.without(held).next().done === true;
  }

  /** Bytes of the wanted files that lie in these pieces. */
  heldBytes(held: Bitfield): number {
    const layout = this.#layout;
    if (this.leftOut.size === 0) return layout.bytesIn(held);
    let bytes = 0;
    for (const file of layout.files.keys()) if (!this.leftOut.has(file)) bytes += layout.bytesOfFileIn(file, held);
    return bytes;
  }
}

function paddingOf(layout: PieceLayout): number[] {
  return [...layout.files.keys()].filter((file) => layout.isPadding(file));
}

/** The pieces that hold bytes of any file that is not in `leftOut`. */
export function wantedPieces(layout: PieceLayout, leftOut: ReadonlySet<number>): Bitfield {
  if (leftOut.size === 0) return Bitfield.full(layout.pieceCount);
  const wanted = Bitfield.empty(layout.pieceCount);
  for (const file of layout.files.keys()) {
    if (leftOut.has(file)) continue;
    const { first, end } = layout.piecesOfFile(file);
    for (let index = first; index < end; index++) wanted.set(index);
  }
  return wanted;
}
