// BlockCutter: bytes as they are read -> the blocks they make up.
import type { BlockRange } from "../protocol/peer/messages.ts";
import { BLOCK_BYTES } from "../protocol/peer/limits.ts";

export class BlockCutter {
  readonly #blocks: readonly BlockRange[];
  readonly #gotBlock: (block: BlockRange, data: Uint8Array) => void;
  /** The block that is arriving, and what of it came in earlier reads. */
  #next = 0;
  #filled = 0;
  readonly #begun = new Uint8Array(BLOCK_BYTES);

  /** `blocks`: of 16 384 bytes at most, in the order of the bytes. `gotBlock`: the data is valid only meanwhile. */
  constructor(blocks: readonly BlockRange[], gotBlock: (block: BlockRange, data: Uint8Array) => void) {
    this.#blocks = blocks;
    this.#gotBlock = gotBlock;
  }

  /** Takes the next bytes; throws RangeError when they are more than the blocks have. */
  add(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      const block = this.#blocks[this.#next];
      if (!block) throw new RangeError("more bytes than the blocks have");
      const part = bytes.subarray(offset, offset + block.length - this.#filled);
      offset += part.length;
      if (part.length === block.length) this.#got(block, part);
      else {
        this.#begun.set(part, this.#filled);
        this.#filled += part.length;
        if (this.#filled === block.length) this.#got(block, this.#begun.subarray(0, block.length));
      }
    }
  }

  #got(block: BlockRange, data: Uint8Array): void {
    this.#next++;
    this.#filled = 0;
    this.#gotBlock(block, data);
  }
}
