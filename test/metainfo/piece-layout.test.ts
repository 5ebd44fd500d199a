import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { BLOCK_BYTES, PieceLayout } from "../../source/metainfo/piece-layout.ts";

function layoutOf(lengths: readonly number[], pieceLength: number): PieceLayout {
  let offset = 0;
  const files = lengths.map((length, index) => {
    const file = { path: [`f${index}`], length, offset };
    offset += length;
    return file;
  });
  return new PieceLayout({ files, length: offset, pieceLength });
}

const lengths = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50_000 })), {
  minLength: 1,
  maxLength: 30,
});

describe("PieceLayout", () => {
  test("cuts any files into pieces whose segments cover every byte once and in order", () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 70_000 }), (files, pieceLength) => {
        fc.pre(files.some((length) => length > 0) && files.reduce((a, b) => a + b) / pieceLength < 5_000);
        const layout = layoutOf(files, pieceLength);
        const next = files.map(() => 0);
        let total = 0;
        for (let index = 0; index < layout.pieceCount; index++) {
          let position = 0;
          for (const segment of layout.filesOfPiece(index)) {
            expect(segment.pieceOffset).toBe(position);
            expect(segment.fileOffset).toBe(next[segment.file]);
            expect(segment.length).toBeGreaterThan(0);
            next[segment.file]! += segment.length;
            position += segment.length;
          }
          expect(position).toBe(layout.pieceLengthAt(index));
          total += position;
        }
        expect(next).toEqual(files);
        expect(total).toBe(layout.length);
      }),
    );
  });

  test("knows the pieces of a file as those whose segments name it", () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 500, max: 70_000 }), (files, pieceLength) => {
        fc.pre(files.some((length) => length > 0));
        const layout = layoutOf(files, pieceLength);
        const expected = files.map(() => [] as number[]);
        for (let index = 0; index < layout.pieceCount; index++) {
          for (const { file } of layout.filesOfPiece(index)) expected[file]!.push(index);
        }
        files.forEach((_, file) => {
          const { first, end } = layout.piecesOfFile(file);
          expect(Array.from({ length: end - first }, (_, i) => first + i)).toEqual(expected[file]);
        });
      }),
    );
  });

  test("counts the bytes of a file in some pieces as their segments do", () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 500, max: 70_000 }), fc.nat(), (files, pieceLength, seed) => {
        fc.pre(files.some((length) => length > 0));
        const layout = layoutOf(files, pieceLength);
        const pieces = Bitfield.empty(layout.pieceCount);
        const expected = files.map(() => 0);
        for (let index = 0; index < layout.pieceCount; index++) {
          if (((seed >>> (index % 29)) & 1) === 0) continue;
          pieces.set(index);
          for (const { file, length } of layout.filesOfPiece(index)) expected[file]! += length;
        }
        expect(files.map((_, file) => layout.bytesOfFileIn(file, pieces))).toEqual(expected);
      }),
    );
  });

  test("cuts a piece into blocks of 16 KiB and a shorter last one", () => {
    const layout = layoutOf([3 * BLOCK_BYTES + 5], 2 * BLOCK_BYTES);
    expect(layout.pieceCount).toBe(2);
    expect(layout.blockCount(0)).toBe(2);
    expect(layout.blockCount(1)).toBe(2);
    expect(layout.blockLengthAt(1, 0)).toBe(BLOCK_BYTES);
    expect(layout.blockLengthAt(1, 1)).toBe(5);
    expect(() => layout.blockLengthAt(1, 2)).toThrow(RangeError);
    expect(() => layout.pieceLengthAt(2)).toThrow(RangeError);
    expect(layout.isBlock(1, BLOCK_BYTES, 5)).toBe(true);
    for (const [index, begin, length] of [
      [1, BLOCK_BYTES, 6],
      [1, 0, 5],
      [0, 5, 5],
      [2, 0, 5],
      [1, 2 * BLOCK_BYTES, 0],
      [0, -BLOCK_BYTES, BLOCK_BYTES],
    ] as const) {
      expect(layout.isBlock(index, begin, length)).toBe(false);
    }
  });

  test.each([
    [0, 0, 1, true],
    [0, 0, BLOCK_BYTES, true],
    [0, 0, BLOCK_BYTES + 1, false],
    [0, 0, 0, false],
    [0, 7, BLOCK_BYTES, true],
    [0, BLOCK_BYTES, BLOCK_BYTES, true],
    [0, BLOCK_BYTES + 1, BLOCK_BYTES, false],
    [1, BLOCK_BYTES, 5, true],
    [1, BLOCK_BYTES, 6, false],
    [2, 0, 1, false],
    [0xffffffff, 0, 1, false],
    [0, 0xffffffff, 0xffffffff, false],
    [-1, 0, 1, false],
    [0.5, 0, 1, false],
    [0, Number.NaN, 1, false],
  ])("answers a request of piece %d, begin %d, length %d with %s", (index, begin, length, valid) => {
    expect(layoutOf([3 * BLOCK_BYTES + 5], 2 * BLOCK_BYTES).isValidRequest(index, begin, length)).toBe(valid);
  });

  test("finds the files of 20 000 pieces among 500 000 files without looking at all of them", () => {
    const layout = layoutOf(
      Array.from({ length: 500_000 }, (_, i) => (i % 3 === 0 ? 0 : 1_000)),
      16_384,
    );
    let segments = 0;
    for (let index = 0; index < layout.pieceCount; index++) segments += layout.filesOfPiece(index).length;
    expect(segments).toBeGreaterThan(333_333);
    expect(segments).toBeLessThan(333_334 + layout.pieceCount);
  });

  test("refuses to cut bytes that are not in the torrent", () => {
    const layout = layoutOf([0, 10, 0], 4);
    expect(layout.segments(10, 0)).toEqual([]);
    expect(layout.segments(0, 10)).toEqual([{ file: 1, fileOffset: 0, pieceOffset: 0, length: 10 }]);
    expect(() => layout.segments(0, 11)).toThrow(RangeError);
    expect(() => layout.segments(-1, 2)).toThrow(RangeError);
  });
});
