import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SPARE_PIECE_BYTES } from "../../source/engine/limits.ts";
import { PieceBuffers } from "../../source/engine/piece-buffers.ts";
import { BLOCK_BYTES, PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { MAX_LATE_BYTES } from "../../source/storage/arriving-hash.ts";

const layout = (length: number, pieceLength: number) =>
  new PieceLayout({ length, pieceLength, files: [{ path: ["f"], length, offset: 0 }] });

describe("piece buffers", () => {
  it("put blocks together, in whatever order they come, and copy them", () => {
    const buffers = new PieceBuffers(layout(3 * BLOCK_BYTES + 5, 2 * BLOCK_BYTES));
    const block = new Uint8Array(BLOCK_BYTES).fill(2);
    buffers.store(0, BLOCK_BYTES, block);
    block.fill(1);
    buffers.store(0, 0, block);
    const bytes = buffers.bytes(0);
    expect([bytes.length, bytes[0], bytes[BLOCK_BYTES]]).toEqual([2 * BLOCK_BYTES, 1, 2]);
    buffers.store(1, BLOCK_BYTES, new Uint8Array(5));
    expect(buffers.bytes(1).length).toBe(BLOCK_BYTES + 5);
  });

  it("of large pieces lie in shared memory, where other threads can hash them", () => {
    const length = MAX_LATE_BYTES + BLOCK_BYTES;
    const buffers = new PieceBuffers(layout(length, length));
    for (let begin = 0; begin < length; begin += BLOCK_BYTES) {
      buffers.store(0, begin, new Uint8Array(BLOCK_BYTES));
    }
    expect(buffers.bytes(0).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(buffers.digest(0)?.length).toBe(20);
    const backwards = new PieceBuffers(layout(2 * length, 2 * length));
    backwards.store(0, length, new Uint8Array(length));
    backwards.store(0, 0, new Uint8Array(length).subarray(1));
    expect(backwards.digest(0)).toBeUndefined();
  });

  it("know the hash of a piece when it is whole, and of another one that lies there later", () => {
    const buffers = new PieceBuffers(layout(64, 16));
    for (const [index, value] of [
      [0, 1],
      [1, 2],
    ] as const) {
      const piece = new Uint8Array(16).fill(value);
      buffers.store(index, 0, piece);
      expect(buffers.digest(index)).toEqual(createHash("sha1").update(piece).digest());
      buffers.release(index);
    }
  });

  it("are used again", () => {
    const buffers = new PieceBuffers(layout(64, 16));
    buffers.store(0, 0, new Uint8Array(16));
    const { buffer } = buffers.bytes(0);
    buffers.release(0);
    buffers.release(0);
    expect(() => buffers.bytes(0)).toThrow(RangeError);
    buffers.store(3, 0, new Uint8Array(16));
    expect(buffers.bytes(3).buffer).toBe(buffer);
    buffers.store(1, 0, new Uint8Array(16));
    expect(buffers.bytes(1).buffer).not.toBe(buffer);
  });

  it("are not kept beyond their bound, nor after they were let go", () => {
    const pieceLength = SPARE_PIECE_BYTES / 2;
    const buffers = new PieceBuffers(layout(4 * pieceLength, pieceLength));
    const seen = new Set<ArrayBufferLike>();
    for (const index of [0, 1, 2]) {
      buffers.store(index, 0, new Uint8Array(1));
      seen.add(buffers.bytes(index).buffer);
    }
    for (const index of [0, 1, 2]) buffers.release(index);
    const again = [0, 1, 2].map((index) => {
      buffers.store(index, 0, new Uint8Array(1));
      return buffers.bytes(index).buffer;
    });
    expect(again.filter((buffer) => seen.has(buffer))).toHaveLength(2);
    buffers.release(0);
    buffers.dropSpare();
    buffers.store(3, 0, new Uint8Array(1));
    expect(again).not.toContain(buffers.bytes(3).buffer);
  });
});
