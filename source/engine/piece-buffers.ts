// PieceBuffers: the bytes of pieces that are arriving, each in one buffer that is used again.
// In shared memory, so that another thread can hash them where they are.
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { sharedBytes } from "../storage/piece-io.ts";
import { SPARE_PIECE_BYTES } from "./limits.ts";

export class PieceBuffers {
  readonly #layout: PieceLayout;
  readonly #byPiece = new Map<number, Uint8Array>();
  readonly #spare: Uint8Array[] = [];

  constructor(layout: PieceLayout) {
    this.#layout = layout;
  }

  /** Copies a block to its place. `index` and `begin` were checked by the swarm. */
  store(index: number, begin: number, data: Uint8Array): void {
    let buffer = this.#byPiece.get(index);
    if (!buffer) {
      buffer = this.#spare.pop() ?? sharedBytes(Math.min(this.#layout.pieceLength, this.#layout.length));
      this.#byPiece.set(index, buffer);
    }
    buffer.set(data, begin);
  }

  /** The bytes of a piece; they stay until `release`. Throws RangeError when no block of it was stored. */
  bytes(index: number): Uint8Array {
    const buffer = this.#byPiece.get(index);
    if (!buffer) throw new RangeError(`no block of piece ${index} is here`);
    return buffer.subarray(0, this.#layout.pieceLengthAt(index));
  }

  release(index: number): void {
    const buffer = this.#byPiece.get(index);
    if (!buffer) return;
    this.#byPiece.delete(index);
    if ((this.#spare.length + 1) * buffer.length <= SPARE_PIECE_BYTES) this.#spare.push(buffer);
  }

  /** Lets go of buffers that nothing needs: nothing is arriving any more. */
  dropSpare(): void {
    this.#spare.length = 0;
  }
}
