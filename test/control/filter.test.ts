import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FILTER_FIELDS, type FilteredRow, parseFilter } from "../../source/control/filter.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { broadcastRow, catalogueRow, peerRow, sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";

const { catalogue, transfers, broadcasts } = sampleSnapshot();

function names(text: string, rows: readonly FilteredRow[] = catalogue): string[] {
  const filter = parseFilter(text);
  if (!filter.ok) throw new Error(`${filter.text} at ${filter.at}`);
  return rows.filter((row) => filter.matches(row)).map((row) => ("name" in row ? row.name : row.text));
}

test.for([
  ["", 7],
  ["mkv", ["video.mkv", "backup.mkv"]],
  ["MKV back", ["backup.mkv"]],
  ["mkv & !back", ["video.mkv"]],
  ["video | test", ["video.mkv", "test.pdf"]],
  ["size>1G", ["backup.mkv"]],
  ["size >= 64MB size<100MB", ["disk.img", "写真 2025 夏.zip"]],
  ["size=920354", ["file1.txt"]],
  ["holders<1 | seeds<1", ["a.iso"]],
  ["done", ["file1.txt"]],
  ["!done mkv", ["video.mkv", "backup.mkv"]],
  ["private", ["写真 2025 夏.zip"]],
  ["写真", ["写真 2025 夏.zip"]],
  ['"5 夏"', ["写真 2025 夏.zip"]],
  ["tracker~10.0. (iso|pdf)", ["test.pdf", "a.iso"]],
  ["!(mkv|iso|img) & !txt", ["test.pdf", "写真 2025 夏.zip"]],
  ["name=A.ISO", ["a.iso"]],
  ["rate>0", []],
] as const)("%s of the files of the swarm", ([text, expected]) => {
  if (typeof expected === "number") expect(names(text)).toHaveLength(expected);
  else expect(names(text)).toEqual(expected);
});

test.for([
  ["rate>0", ["video.mkv", "file1.txt"]],
  ["down>40MB/s", ["video.mkv"]],
  ["state=paused", ["disk.img"]],
  ["state!=paused up<1", ["video.mkv"]],
  ["peer~10.0.0.8", ["file1.txt"]],
  ["peer!~10.0.", ["disk.img"]],
  ["client~qbit", ["video.mkv"]],
  ["progress<50%", ["disk.img"]],
  ["left<1m", ["video.mkv"]],
  ["ratio>=1.4", ["file1.txt"]],
  ["peers>2", ["video.mkv"]],
  ["done", ["file1.txt"]],
  ["folder~swarm files>0 !done", ["video.mkv", "disk.img"]],
] as const)("%s of the transfers", ([text, expected]) => {
  expect(names(text, transfers)).toEqual(expected);
});

test("words match what a broadcast says, and its kind is its state", () => {
  expect(names("test.pdf", broadcasts)).toEqual(["test.pdf can be downloaded (1 holder)"]);
  expect(names("state=given", broadcasts)).toEqual(["10.0.0.8:6881 took piece 0 of file1.txt"]);
});

test("what a name may hold can be found: in pairs of parentheses as it is, all else in quotation marks", () => {
  const odd = ["video(1).mkv", "a & b.txt", "x=1|2.log", "done.txt", 'say "hi"'].map((name) => catalogueRow(name));
  expect(names("video(1)", odd)).toEqual(["video(1).mkv"]);
  expect(names("(video(1)|nothing)", odd)).toEqual(["video(1).mkv"]);
  expect(names('"a & b"', odd)).toEqual(["a & b.txt"]);
  expect(names('"x=1|2"', odd)).toEqual(["x=1|2.log"]);
  expect(names('"done"', odd)).toEqual(["done.txt"]);
});

test("a word that every object knows is a word", () => {
  expect(names("constructor")).toEqual([]);
  expect(names("constructor", [catalogueRow("constructor.txt")])).toEqual(["constructor.txt"]);
});

test.for([
  ["size>", 5, "a size such as 500k or 1.5GB comes here"],
  ["size>abc", 5, "a size such as 500k or 1.5GB comes here"],
  ["mkv & holders<many", 14, "a number comes here"],
  ["left<10x", 5, "a time such as 90s, 10m or 2h comes here"],
  ["size~1", 4, "size is a number: < <= > >= = and != compare it"],
  ["peer>1", 4, "peer is a text: ~ = !~ and != compare it"],
  ["peer~", 5, "a text comes here"],
  ["foo>1", 0, "there is no field of this name, but size, "],
  ["constructor=1", 0, "there is no field of this name, but size, "],
  ["done=1", 0, '"done" stands alone, or as !done'],
  [">1", 0, "the name of a field comes before this"],
  ["(a | b", 0, 'this "(" is not closed'],
  ["a)", 1, 'this ")" closes nothing'],
  ["a |", 3, "a word or a comparison comes here"],
  ["a & & b", 4, "a word or a comparison comes here"],
  ["()", 1, "a word or a comparison comes here"],
  ["!", 1, "a word or a comparison comes here"],
  ['a "b', 2, "this quotation mark is not closed"],
  ["!".repeat(60), 50, "this is nested too deeply"],
  ["a".repeat(1_001), 1_000, "a filter has at most 1000 characters"],
] as const)("%s is a mistake at %i", ([text, at, says]) => {
  const filter = parseFilter(text);
  expect(filter).toMatchObject({ ok: false, at });
  expect(filter.ok ? "" : filter.text).toContain(says);
});

const piece = fc.oneof(
  fc.constantFrom(
    "(",
    ")",
    "!",
    "&",
    "|",
    '"',
    " ",
    "<",
    ">=",
    "=",
    "!=",
    "~",
    "!~",
    "%",
    "size",
    "peer",
    "done",
    "1G",
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const anything = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(piece, { maxLength: 60 }).map((all) => all.join("")),
);
const rows: readonly FilteredRow[] = [...catalogue, ...transfers, ...broadcasts];

test("any text is a filter or a mistake within it, and every row is in or out", () => {
  fc.assert(
    fc.property(anything, (text) => {
      const filter = parseFilter(text);
      if (filter.ok) for (const row of rows) expect(typeof filter.matches(row)).toBe("boolean");
      else expect(filter.at >= 0 && filter.at <= text.length && filter.text !== "").toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("the hardest texts take no time", () => {
  const begin = performance.now();
  for (const part of ["(", "!", '"', "a|", "a&", "a(", "size>1G ", " ", "<"]) {
    parseFilter(part.repeat(1_000 / part.length));
    parseFilter(part.repeat(1_000_000));
  }
  expect(performance.now() - begin).toBeLessThan(500);
});

test("not, and, or are what they are everywhere", () => {
  const simple = fc.constantFrom("mkv", "size>1M", "holders<3", "done", "rate>0", "peer~10", "state=paused", "(a|e)");
  fc.assert(
    fc.property(simple, simple, (a, b) => {
      for (const all of [catalogue, transfers, broadcasts]) {
        const [inA, inB] = [names(a, all), names(b, all)];
        expect(names(`!${a}`, all)).toEqual(names("", all).filter((name) => !inA.includes(name)));
        expect(names(`${a} & ${b}`, all)).toEqual(inA.filter((name) => inB.includes(name)));
        expect(names(`${a} ${b}`, all)).toEqual(names(`${a}&${b}`, all));
        const either = names("", all).filter((name) => inA.includes(name) || inB.includes(name));
        expect(names(`${a}|${b}`, all)).toEqual(either);
      }
    }),
  );
});

test("what help shows can be typed", () => {
  const usages = FILTER_FIELDS.flatMap(({ usage }) => (usage === "done, private" ? ["done", "private"] : [usage]));
  for (const usage of usages) expect(parseFilter(usage)).toMatchObject({ ok: true });
});

test("progress is that of the files that are wanted, as it is shown", () => {
  const part = { length: 100, heldBytes: 50, wantedBytes: 50, wantedHeldBytes: 50 };
  expect(names("progress=100 done", [transferRow("in part", part)])).toEqual(["in part"]);
});

test("a transfer without a time left, and one of nothing, are compared without harm", () => {
  const odd = [transferRow("a", { secondsLeft: null }), transferRow("b", { length: 0, peers: [peerRow("[::1]:1")] })];
  expect(names("left>0", odd)).toEqual([]);
  expect(names("progress=100", odd)).toEqual(["b"]);
  expect(names("peer=[::1]:1", odd)).toEqual(["b"]);
  expect(names("x", [{ ...broadcastRow(1, "notice", ""), text: displayText("X") }])).toEqual(["X"]);
});
