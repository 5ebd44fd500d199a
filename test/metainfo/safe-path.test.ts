import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_TWINS } from "../../source/metainfo/limits.ts";
import { safeComponent, safePaths } from "../../source/metainfo/safe-path.ts";

function pathsOf(paths: readonly (readonly string[])[], name = "t", style?: "portable" | "exact"): string[] {
  const files = paths.map((path) => ({ path, length: 1, offset: 0 }));
  return safePaths({ name, files, singleFile: false }, style).map((path) => path.join("/"));
}

describe("safeComponent", () => {
  test.each([
    ["plain.txt", "plain.txt", "plain.txt"],
    ["", "_", "_"],
    [".", "_", "_"],
    ["..", "__", "__"],
    ["...", "___", "..."],
    [".hidden", ".hidden", ".hidden"],
    ["/etc/passwd", "_etc_passwd", "_etc_passwd"],
    ["../up", ".._up", ".._up"],
    ["..\\up", ".._up", "..\\up"],
    ["C:\\x", "C:_x", "C:\\x"],
    ["a\0b", "a_b", "a_b"],
    ["a\nb\x1b[2J\x7f\x85", "a_b_[2J__", "a\nb\x1b[2J\x7f\x85"],
    ["dot.", "dot_", "dot."],
    ["dots. . ", "dots____", "dots. . "],
    [" ", "_", " "],
    ["con", "_con", "con"],
    ["CON.txt", "_CON.txt", "CON.txt"],
    ["Lpt1", "_Lpt1", "Lpt1"],
    ["com¹.x", "_com¹.x", "com¹.x"],
    ["console", "console", "console"],
    ["com10", "com10", "com10"],
    ["\ud800x", "\ufffdx", "\ufffdx"],
    ["~", "~", "~"],
    ["-rf", "-rf", "-rf"],
  ])("makes %j into %j, or %j where it is already", (text, portable, exact) => {
    expect(safeComponent(text)).toBe(portable);
    expect(safeComponent(text, "exact")).toBe(exact);
  });

  test("cuts at 255 bytes, between characters, and keeps the extension", () => {
    expect(safeComponent("x".repeat(255))).toBe("x".repeat(255));
    expect(safeComponent("x".repeat(256))).toBe("x".repeat(255));
    expect(safeComponent(`${"x".repeat(300)}.mkv`)).toBe(`${"x".repeat(251)}.mkv`);
    const emoji = safeComponent("😀".repeat(100));
    expect(emoji).toBe("😀".repeat(63));
    expect(safeComponent(`${"x".repeat(254)}. `)).toBe(`${"x".repeat(254)}_`);
    expect(Buffer.byteLength(safeComponent(`con.${"x".repeat(251)}`))).toBe(255);
  });

  test("of any text is one component that cannot lead elsewhere", () => {
    const hostile = fc.array(
      fc.constantFrom(".", "..", "/", "\\", "\0", " ", "a", "é", "😀", "\ud800", "\x1b", ":", "con"),
      { maxLength: 400 },
    );
    const any = fc.oneof(
      fc.string({ unit: "binary" }),
      hostile.map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(any, fc.constantFrom("portable", "exact"), (text, style) => {
        const safe = safeComponent(text, style as "portable" | "exact");
        expect(safe).not.toMatch(/^\.{0,2}$/);
        expect(safe).not.toMatch(/[/\0]/);
        expect(safe.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
        expect(safeComponent(safe, style as "portable" | "exact")).toBe(safe);
      }),
    );
  });
});

describe("safePaths", () => {
  test("puts many files below the torrent's name, and one file under it", () => {
    expect(pathsOf([["a"], ["b", "c"]])).toEqual(["t/a", "t/b/c"]);
    expect(safePaths({ name: "x/y", singleFile: true, files: [{ path: ["ignored"], length: 1, offset: 0 }] })).toEqual([
      ["x_y"],
    ]);
  });

  test("keeps twins in case and normal form apart, and files apart from folders", () => {
    expect(pathsOf([["a.txt"], ["A.txt"], ["a.TXT"], ["a.txt"]])).toEqual([
      "t/a.txt",
      "t/A (2).txt",
      "t/a (3).TXT",
      "t/a (4).txt",
    ]);
    expect(pathsOf([["\u00e9"], ["e\u0301"]])).toEqual(["t/\u00e9", "t/e\u0301 (2)"]);
    expect(pathsOf([["a"], ["a", "b"], ["A", "c"], ["a (2)"]])).toEqual([
      "t/a",
      "t/a (2)/b",
      "t/A (2)/c".replace("A", "a"),
      "t/a (2) (2)",
    ]);
    expect(pathsOf([["d", "x"], ["D", "y"], ["d"]])).toEqual(["t/d/x", "t/d/y", "t/d (2)"]);
    expect(pathsOf([["a/b"], ["a_b"]])).toEqual(["t/a_b", "t/a_b (2)"]);
  });

  test("renames a twin of 255 bytes into as many", () => {
    const long = `${"x".repeat(251)}.mkv`;
    expect(pathsOf([[long], [long]])[1]).toBe(`t/${"x".repeat(247)} (2).mkv`);
  });

  test("leaves exact names that differ in case alone, and still parts equal ones", () => {
    expect(pathsOf([["a"], ["A"], ["con"], ["a"]], "t", "exact")).toEqual(["t/a", "t/A", "t/con", "t/a (2)"]);
  });

  test("refuses one twin above the limit, and a path that is too long or too deep", () => {
    const twins = (count: number) => Array.from({ length: count + 1 }, () => ["a"]);
    expect(new Set(pathsOf(twins(MAX_TWINS))).size).toBe(MAX_TWINS + 1);
    expect(() => pathsOf(twins(MAX_TWINS + 1))).toThrow(/same name/);
    const deep = (count: number, length: number) => [Array.from({ length: count }, () => "x".repeat(length))];
    expect(pathsOf(deep(99, 1)).length).toBe(1);
    expect(pathsOf(deep(100, 1)).length).toBe(1);
    expect(() => pathsOf(deep(101, 1))).toThrow(/deeper/);
    expect(pathsOf([[...deep(15, 255)[0]!, "x".repeat(254)]]).map((path) => path.length)).toEqual([4_096]);
    expect(() => pathsOf(deep(16, 255))).toThrow(/longer/);
  });

  test("keeps padding apart by its number, however much of it is called the same", () => {
    const padding = { path: [".pad", "9"], length: 1, offset: 0, padding: true as const };
    const files = Array.from({ length: 2 * MAX_TWINS }, () => padding);
    const paths = safePaths({ name: "t", files, singleFile: false }).map((path) => path.join("/"));
    expect(paths.slice(0, 3)).toEqual(["t/.pad/9", "t/.pad/9 1", "t/.pad/9 2"]);
    expect(new Set(paths).size).toBe(files.length);
  });

  test("gives no two files one path, whatever they are called", () => {
    const part = fc.constantFrom("a", "A", "a (2)", "b", "B", "..", "", "con", "a.", "a_");
    const paths = fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(paths, (list) => {
        const made = pathsOf(list).map((path) => path.toLowerCase());
        expect(new Set(made).size).toBe(list.length);
        for (const path of made) for (const other of made) expect(other.startsWith(`${path}/`)).toBe(false);
      }),
    );
  });
});
