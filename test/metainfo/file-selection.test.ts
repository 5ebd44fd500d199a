import { expect, test } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { type FilePriority, FileSelection } from "../../source/metainfo/file-selection.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";

/** Pieces of 10: a has 0-2, b 2-3, c none, d 4-5. */
const LENGTHS = [25, 15, 0, 15];
const layout = new PieceLayout({
  length: 55,
  pieceLength: 10,
  files: LENGTHS.map((length, i) => ({
    path: [String(i)],
    length,
    offset: LENGTHS.slice(0, i).reduce((a, b) => a + b, 0),
  })),
});

const selection = (priorities: readonly FilePriority[]) =>
  new FileSelection(layout).with(priorities.map((priority, index) => ({ index, priority })));

test.each<[FilePriority[], number[], number]>([
  [[], [1, 1, 1, 1, 1, 1], 55],
  [["off"], [0, 0, 1, 1, 1, 1], 30],
  [["high", "off"], [2, 2, 2, 0, 1, 1], 40],
  [["off", "high", "off", "off"], [0, 0, 2, 2, 0, 0], 15],
  [["normal", "high"], [1, 1, 2, 2, 1, 1], 55],
  [["off", "off", "high", "off"], [0, 0, 0, 0, 0, 0], 0],
])("of files that are %j the pieces are %j", (priorities, expected, bytes) => {
  const chosen = selection(priorities);
  expect([...chosen.piecePriorities()]).toEqual(expected);
  const wanted = expected.flatMap((rank, index) => (rank > 0 ? [index] : []));
  expect([...chosen.wanted.held()]).toEqual(wanted);
  expect(chosen.bytes).toBe(bytes);
  expect(chosen.heldBytes(Bitfield.full(6))).toBe(bytes);
  expect(chosen.isHeld(Bitfield.of(6, wanted))).toBe(true);
  expect(chosen.isHeld(Bitfield.of(6, wanted.slice(1)))).toBe(wanted.length === 0);
});

test("other pieces do not stand for those that are wanted", () => {
  const chosen = selection(["off", "high", "off", "off"]);
  expect(chosen.isHeld(Bitfield.of(6, [0, 1, 2]))).toBe(false);
  expect(chosen.heldBytes(Bitfield.of(6, [0, 1, 2]))).toBe(5);
  expect(chosen.isHeld(Bitfield.of(6, [2, 3]))).toBe(true);
});

test("padding is never wanted, whatever is asked", () => {
  const files = layout.files.map((file, i) => (i === 1 ? { ...file, padding: true as const } : file));
  const padded = new FileSelection(new PieceLayout({ length: 55, pieceLength: 10, files }));
  for (const chosen of [padded, padded.with([{ index: 1, priority: "high" }])]) {
    expect([...chosen.leftOut]).toEqual([1]);
    expect(chosen.priorityOf(1)).toBe("off");
    expect([...chosen.piecePriorities()]).toEqual([1, 1, 1, 0, 1, 1]);
    expect(chosen.bytes).toBe(40);
    expect(chosen.filesThatAre("off")).toEqual([]);
  }
});

test("a file that is wanted again is as the others", () => {
  const again = selection(["off", "high"]).with([{ index: 0, priority: "normal" }]);
  expect(again.filesThatAre("off")).toEqual([]);
  expect(again.filesThatAre("high")).toEqual([1]);
  expect([0, 1, 2, 3].map((file) => again.priorityOf(file))).toEqual(["normal", "high", "normal", "normal"]);
});

test.each([-1, 4, 1.5, Number.NaN])("there is no file %d", (index) => {
  expect(() => new FileSelection(layout).with([{ index, priority: "off" }])).toThrow(RangeError);
});
