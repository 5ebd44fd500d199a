import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ArrivingHash, MAX_LATE_BYTES } from "../../source/storage/arriving-hash.ts";

const BLOCK = 16_384;
const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");
const hex = (digest: Uint8Array | undefined) => digest && Buffer.from(digest).toString("hex");

function arriving(piece: Uint8Array, order: readonly number[]): string | undefined {
  const bytes = new Uint8Array(piece.length);
  const hash = new ArrivingHash(bytes);
  for (const block of order) {
    const begin = block * BLOCK;
    const data = piece.subarray(begin, begin + BLOCK);
    bytes.set(data, begin);
    hash.add(begin, begin + data.length);
  }
  return hex(hash.digest(piece.length));
}

describe("the hash of a piece that arrives", () => {
  const piece = new Uint8Array(randomBytes(4 * BLOCK + 5));

  it.each([
    ["in order", [0, 1, 2, 3, 4]],
    ["backwards", [4, 3, 2, 1, 0]],
    ["with the first block last", [1, 2, 3, 4, 0]],
    ["with two blocks exchanged", [0, 2, 1, 3, 4]],
  ])("is that of its bytes, %s", (_, order) => {
    expect(arriving(piece, order)).toBe(sha1(piece));
  });

  it("is that of its bytes however many are hashed at once", () => {
    const large = new Uint8Array(randomBytes(20 * BLOCK + 1));
    const inOrder = [...Array(21).keys()];
    expect(arriving(large, inOrder)).toBe(sha1(large));
    expect(arriving(large, [...inOrder.slice(0, 11), ...inOrder.slice(11).toReversed()])).toBe(sha1(large));
  });

  it("waits for gaps to be filled: pairs of blocks exchanged leave nothing to a thread", () => {
    const large = new Uint8Array(2 * MAX_LATE_BYTES).fill(7);
    const exchanged = [...Array(large.length / BLOCK).keys()].map((block) => block ^ 1);
    expect(arriving(large, exchanged)).toBe(sha1(large));
  });

  it("hashes no more at once than may be, when a gap is filled late", () => {
    const large = new Uint8Array(2 * MAX_LATE_BYTES).fill(7);
    const [first, ...others] = Array(large.length / BLOCK).keys();
    expect(arriving(large, [...others, first!])).toBeUndefined();
  });

  it.each([
    [MAX_LATE_BYTES, true],
    [MAX_LATE_BYTES + 1, false],
  ])("is left to a thread when %i bytes came out of order: %s", (late, isTaken) => {
    const large = new Uint8Array(BLOCK + late).fill(7);
    const hash = new ArrivingHash(large);
    hash.add(0, BLOCK);
    expect(hex(hash.digest(large.length))).toBe(isTaken ? sha1(large) : undefined);
  });
});
