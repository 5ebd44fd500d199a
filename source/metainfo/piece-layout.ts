// PieceLayout: all arithmetic of pieces, blocks and files. An index from outside becomes usable only through its checks.
import { BLOCK_BYTES } from "../protocol/peer/limits.ts";
import type { Bitfield } from "./bitfield.ts";
import type { Metainfo, TorrentFile } from "./metainfo.ts";

export { BLOCK_BYTES };

/** The part of a run of bytes that lies in one file. */
export interface FileSegment {
  /** Index into `files`. */
  readonly file: number;
  /** Where the part begins in that file. */
  readonly fileOffset: number;
  /** Where the part begins in the run (for `filesOfPiece`: in the piece). */
  readonly pieceOffset: number;
  /** At least 1. */
  readonly length: number;
}

/** Blocks of a piece that are there, by their numbers, rising; not all of them. */
export interface BegunPiece {
  readonly index: number;
  readonly blocks: readonly number[];
}

export class PieceLayout {
  /** Bytes of all files together. */
  readonly length: number;
  /** Bytes of each piece but the last. */
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly files: readonly TorrentFile[];
  /** Files that people see: all but padding. */
  readonly fileCount: number;
  /** What these take. */
  readonly fileBytes: number;

  constructor(metainfo: Pick<Metainfo, "length" | "pieceLength" | "files">) {
    this.length = metainfo.length;
    this.pieceLength = metainfo.pieceLength;
    this.files = metainfo.files;
    const seen = metainfo.files.filter(({ padding }) => !padding);
    this.fileCount = seen.length;
    this.fileBytes = seen.reduce((sum, { length }) => sum + length, 0);
    this.pieceCount = Math.ceil(metainfo.length / metainfo.pieceLength);
  }

  /** May `index` from outside be used as the index of a piece? */
  isPiece(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.pieceCount;
  }

  /** May these three of a `request` or `cancel` be used: 1 to 16 384 bytes, inside one piece of this torrent? Need not be on the block grid. */
  isValidRequest(index: number, begin: number, length: number): boolean {
    return (
      this.isPiece(index) &&
      Number.isInteger(begin) &&
      Number.isInteger(length) &&
      begin >= 0 &&
      length > 0 &&
      length <= BLOCK_BYTES &&
      begin + length <= this.pieceLengthAt(index)
    );
  }

  /** Is this exactly one of the blocks that we ask for: on the grid of 16 384, and as long as it must be? */
  isBlock(index: number, begin: number, length: number): boolean {
    return (
      this.isPiece(index) &&
      begin >= 0 &&
      begin % BLOCK_BYTES === 0 &&
      begin < this.pieceLengthAt(index) &&
      length === this.blockLengthAt(index, begin / BLOCK_BYTES)
    );
  }

  /** Bytes of piece `index`; throws RangeError when there is none. */
  pieceLengthAt(index: number): number {
    this.#requirePiece(index);
    return index === this.pieceCount - 1 ? this.length - index * this.pieceLength : this.pieceLength;
  }

  /** Where piece `index` begins among the bytes of all files. */
  pieceStart(index: number): number {
    this.#requirePiece(index);
    return index * this.pieceLength;
  }

  /** Blocks of piece `index`. */
  blockCount(index: number): number {
    return Math.ceil(this.pieceLengthAt(index) / BLOCK_BYTES);
  }

  /** Bytes of block number `block` of piece `index`; throws RangeError when there is none. */
  blockLengthAt(index: number, block: number): number {
    const left = this.pieceLengthAt(index) - block * BLOCK_BYTES;
    if (block < 0 || left <= 0) throw new RangeError(`piece ${index} has no block ${block}`);
    return Math.min(BLOCK_BYTES, left);
  }

  /** The parts of files that make up piece `index`, in order; empty files have none. */
  filesOfPiece(index: number): FileSegment[] {
    return this.segments(this.pieceStart(index), this.pieceLengthAt(index));
  }

  /**
   * The parts of files that make up `length` bytes from `start` among the bytes of all files, in order.
   * Throws RangeError when they are not all inside the torrent.
   */
  segments(start: number, length: number): FileSegment[] {
    const end = start + length;
    if (start < 0 || length < 0 || end > this.length)
      throw new RangeError(`no bytes ${start} to ${end} in the torrent`);
    const found: FileSegment[] = [];
    let position = start;
    for (let index = length > 0 ? this.#fileAt(start) : 0; position < end; index++) {
      const file = this.files[index]!;
      const upTo = Math.min(end, file.offset + file.length);
      if (upTo === position) continue;
      found.push({
        file: index,
        fileOffset: position - file.offset,
        pieceOffset: position - start,
        length: upTo - position,
      });
      position = upTo;
    }
    return found;
  }

  /** Is the file nothing but zeros that stand nowhere on a disk (BEP 47)? */
  isPadding(file: number): boolean {
    return this.files[file]?.padding === true;
  }

  /** The pieces that hold bytes of file `file`: from `first` up to and without `end`; both are equal for an empty file. */
  piecesOfFile(file: number): { first: number; end: number } {
    const { offset, length } = this.files[file]!;
    const first = Math.floor(offset / this.pieceLength);
    return { first, end: length === 0 ? first : Math.ceil((offset + length) / this.pieceLength) };
  }

  /** Bytes of file `file` that lie in `pieces`. */
  bytesOfFileIn(file: number, pieces: Bitfield): number {
    const { offset, length } = this.files[file]!;
    const { first, end } = this.piecesOfFile(file);
    if (first === end) return 0;
    let bytes = pieces.countIn(first, end) * this.pieceLength;
    if (pieces.get(first)) bytes -= offset - first * this.pieceLength;
    if (pieces.get(end - 1)) bytes -= end * this.pieceLength - (offset + length);
    return bytes;
  }

  /** Bytes of the pieces in `indexes` together. */
  bytesOf(indexes: Iterable<number>): number {
    let bytes = 0;
    for (const index of indexes) bytes += this.pieceLengthAt(index);
    return bytes;
  }

  /** As `bytesOf`, without looking at each: all but the last piece have the same length. */
  bytesIn(pieces: Bitfield): number {
    if (pieces.isEmpty) return 0;
    const last = this.pieceCount - 1;
    const short = pieces.get(last) ? this.pieceLength - this.pieceLengthAt(last) : 0;
    return pieces.count * this.pieceLength - short;
  }

  /** Index of the file that holds the byte at `position`: the last one that begins at or before it, so never an empty one. */
  #fileAt(position: number): number {
    let low = 0;
    let high = this.files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.files[middle]!.offset <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #requirePiece(index: number): void {
    if (!this.isPiece(index)) throw new RangeError(`no piece ${index} among ${this.pieceCount}`);
  }
}
