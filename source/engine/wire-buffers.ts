// WireBuffers: buffers for batches of blocks on their way out, used again by all uploads of an engine.
// A fresh MiB for each batch cost the seeder more than all the rest of its work: page faults, and garbage outside the heap.
import { BLOCK_BYTES } from "../protocol/peer/limits.ts";
import { PIECE_HEADER_BYTES } from "../protocol/peer/messages.ts";
import { MAX_SPARE_WIRE_BUFFERS, UPLOAD_BATCH_BYTES } from "./limits.ts";

/** A batch of full blocks with their headers. */
const FULL_BYTES = (UPLOAD_BATCH_BYTES / BLOCK_BYTES) * (BLOCK_BYTES + PIECE_HEADER_BYTES);

export class WireBuffers {
  readonly #spare: ArrayBuffer[] = [];

  /** A buffer of `bytes`, with anything in it; give it back with `release` once it has left. */
  take(bytes: number): Uint8Array {
    if (bytes > FULL_BYTES) return new Uint8Array(bytes);
    return new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(FULL_BYTES), 0, bytes);
  }

  release({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== FULL_BYTES) return;
    if (this.#spare.length < MAX_SPARE_WIRE_BUFFERS) this.#spare.push(buffer);
  }
}
