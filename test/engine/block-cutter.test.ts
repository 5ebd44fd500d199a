import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BlockCutter } from "../../source/engine/block-cutter.ts";
import { makeTorrent } from "../storage/fixtures.ts";

const BLOCKS = [
  { index: 0, begin: 0, length: 16_384 },
  { index: 0, begin: 16_384, length: 100 },
  { index: 1, begin: 0, length: 1 },
  { index: 1, begin: 16_384, length: 16_384 },
];
const { data } = makeTorrent([{ length: 16_384 + 100 + 1 + 16_384 }]);

function cut(parts: readonly Uint8Array[]): { blocks: (typeof BLOCKS)[number][]; bytes: Uint8Array } {
  const blocks: (typeof BLOCKS)[number][] = [];
  const bytes: Uint8Array[] = [];
  const cutter = new BlockCutter(BLOCKS, (block, of) => {
    expect(of.length).toBe(block.length);
    blocks.push(block);
    bytes.push(of.slice());
  });
  for (const part of parts) cutter.add(part);
  return { blocks, bytes: Buffer.concat(bytes) };
}

test("bytes become their blocks however they are split", () => {
  const splits = fc.array(fc.nat(data.length), { maxLength: 12 }).map((places) => places.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(splits, (places) => {
      const parts = [...places, data.length].map((end, i) => data.subarray(places[i - 1] ?? 0, end));
      const { blocks, bytes } = cut(parts);
      expect(blocks).toEqual(BLOCKS);
      expect(Buffer.compare(bytes, data)).toBe(0);
    }),
  );
});

test("byte by byte", () => {
  expect(Buffer.compare(cut(Array.from(data, (byte) => Uint8Array.of(byte))).bytes, data)).toBe(0);
});

test("a block whose last byte has not come is none", () => {
  expect(cut([data.subarray(0, 16_383)]).blocks).toEqual([]);
});

test("more bytes than the blocks have are a mistake of ours", () => {
  expect(() => cut([data, Uint8Array.of(0)])).toThrow(RangeError);
});
