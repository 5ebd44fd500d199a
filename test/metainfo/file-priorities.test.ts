import { expect, test } from "vitest";
import { type FilePriority, piecePriorities, wantedPieces } from "../../source/metainfo/file-priorities.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";

/** Pieces of 10: a has 0-2, b 2-3, c none, d 4-5. */
const LENGTHS = [25, 15, 0, 20];
const layout = new PieceLayout({
  length: 60,
  pieceLength: 10,
  files: LENGTHS.map((length, i) => ({
    path: [String(i)],
    length,
    offset: LENGTHS.slice(0, i).reduce((a, b) => a + b, 0),
  })),
});

test.each<[FilePriority[], number[]]>([
  [[], [1, 1, 1, 1, 1, 1]],
  [["off"], [0, 0, 1, 1, 1, 1]],
  [
    ["high", "off"],
    [2, 2, 2, 0, 1, 1],
  ],
  [
    ["off", "high", "off", "off"],
    [0, 0, 2, 2, 0, 0],
  ],
  [
    ["normal", "high"],
    [1, 1, 2, 2, 1, 1],
  ],
  [
    ["off", "off", "high", "off"],
    [0, 0, 0, 0, 0, 0],
  ],
])("of files that are %j the pieces are %j", (priorities, expected) => {
  expect([...piecePriorities(layout, priorities)]).toEqual(expected);
  const leftOut = new Set(priorities.flatMap((priority, file) => (priority === "off" ? [file] : [])));
  const wanted = expected.flatMap((rank, index) => (rank > 0 ? [index] : []));
  expect([...wantedPieces(layout, leftOut).held()]).toEqual(wanted);
});
