import { expect, test } from "vitest";
import {
  filesOf,
  flatRows,
  stepInto,
  stepOut,
  treeRows,
  withOpened,
  withTurned,
  type TreeFile,
  type TreeRow,
} from "../../source/ui/file-tree.ts";

const NONE: ReadonlySet<string> = new Set();
const byPlace = (a: TreeFile, b: TreeFile): number => a.index - b.index;
const bySize = (a: TreeFile, b: TreeFile): number => b.length - a.length;

function filesAt(...paths: string[]): TreeFile[] {
  return paths.map((path, index) => ({ index, path, length: 10 ** index, heldBytes: index }));
}

/** As indented text, a `+` before what is closed. */
function drawn(rows: readonly TreeRow[]): string[] {
  return rows.map(({ name, depth, open }) => `${"  ".repeat(depth)}${open === false ? "+" : ""}${name}`);
}

const FILES = filesAt("readme", "disc 1/a.flac", "disc 1/art/front.png", "disc 2/b.flac", "disc 1/c.flac");

test("files stand below their folders, in the order of the torrent", () => {
  const rows = treeRows(FILES, NONE, byPlace);
  expect(drawn(rows)).toEqual([
    "readme",
    "disc 1/",
    "  a.flac",
    "  art/",
    "    front.png",
    "  c.flac",
    "disc 2/",
    "  b.flac",
  ]);
  expect(rows.map(({ key }) => key)).toEqual(["0", "disc 1/", "1", "disc 1/art/", "2", "4", "disc 2/", "3"]);
});

test("a folder has the sums of all below it, open or closed", () => {
  for (const turned of [NONE, new Set(["disc 1/"])]) {
    const folder = treeRows(FILES, turned, byPlace).find(({ key }) => key === "disc 1/")!;
    expect(folder).toMatchObject({ index: 1, length: 10_110, heldBytes: 7, depth: 0 });
    expect(folder.files.map(({ index }) => index)).toEqual([1, 2, 4]);
  }
});

test("each folder is sorted by itself, folders by their sums", () => {
  expect(drawn(treeRows(FILES, NONE, bySize))).toEqual([
    "disc 1/",
    "  c.flac",
    "  art/",
    "    front.png",
    "  a.flac",
    "disc 2/",
    "  b.flac",
    "readme",
  ]);
});

test("a closed folder hides what lies in it", () => {
  const turned = withTurned(withTurned(NONE, "disc 1/"), "disc 1/art/");
  expect(drawn(treeRows(FILES, turned, byPlace))).toEqual(["readme", "+disc 1/", "disc 2/", "  b.flac"]);
  expect(drawn(treeRows(FILES, withTurned(turned, "disc 1/"), byPlace)).slice(1, 4)).toEqual([
    "disc 1/",
    "  a.flac",
    "  +art/",
  ]);
});

test("of many files the folders are closed at first, and one is opened with those around it", () => {
  const files = filesAt(...Array.from({ length: 300 }, (_, index) => `a/${index % 3}/${index}`));
  expect(drawn(treeRows(files, NONE, byPlace))).toEqual(["+a/"]);
  const turned = withOpened(NONE, "a/1/1", files.length);
  expect(drawn(treeRows(files, turned, byPlace)).slice(0, 4)).toEqual(["a/", "  +0/", "  1/", "    1"]);
  expect(withOpened(withTurned(NONE, "a/"), "a/b", 2)).toEqual(NONE);
  expect(withOpened(NONE, "a/b/", files.length)).toEqual(new Set(["a/"]));
});

test("one goes into folders and out of them", () => {
  const rows = treeRows(FILES, withTurned(NONE, "disc 2/"), byPlace);
  const at = (key: string): number => rows.findIndex((row) => row.key === key);
  expect(stepInto(rows, at("disc 1/"))).toEqual({ type: "select", index: at("1") });
  expect(stepInto(rows, at("disc 2/"))).toEqual({ type: "turn", key: "disc 2/" });
  expect(stepInto(rows, at("1"))).toBeNull();
  expect(stepOut(rows, at("disc 1/"))).toEqual({ type: "turn", key: "disc 1/" });
  expect(stepOut(rows, at("4"))).toEqual({ type: "select", index: at("disc 1/") });
  expect(stepOut(rows, at("disc 2/"))).toBeNull();
  expect(stepOut(rows, at("0"))).toBeNull();
  expect(stepInto([], 0)).toBeNull();
  expect(stepOut([], 0)).toBeNull();
});

test("what is chosen together is named once", () => {
  const rows = treeRows(FILES, NONE, byPlace);
  expect(filesOf(rows).map(({ index }) => index)).toEqual([0, 1, 2, 4, 3]);
});

test("without folders a file has its whole path", () => {
  expect(drawn(flatRows(FILES.slice(1, 3), bySize))).toEqual(["disc 1/art/front.png", "disc 1/a.flac"]);
});

test.each([["//"], ["/a"], ["a//b"], ["a/"], [""], ["/"]])(
  "the strange path %j is a file, whatever its folders",
  (path) => {
    const rows = treeRows(filesAt(path, path), NONE, byPlace);
    expect(filesOf(rows)).toHaveLength(2);
    expect(rows.filter(({ open }) => open === null)).toHaveLength(2);
  },
);

test("a file and a folder that look alike are two rows", () => {
  expect(treeRows(filesAt("a", "a/b", "a"), NONE, byPlace).map(({ key }) => key)).toEqual(["0", "a/", "1", "2"]);
});

test("paths of a thousand parts make no more than eight rows each", () => {
  const files = filesAt(...Array.from({ length: 100 }, (_, index) => `${index}/`.repeat(1000) + "end"));
  const rows = treeRows(files, NONE, byPlace);
  expect(rows).toHaveLength(900);
  expect(rows[8]!.name).toBe(`${"0/".repeat(992)}end`);
});
