import stringWidth from "string-width";
import { expect, onTestFinished, test, vi } from "vitest";
import { pieceBar, progressBar, sparkline } from "../../../source/ui/format/bars.ts";
import { formatBytes, formatPart, formatRate } from "../../../source/ui/format/bytes.ts";
import { columnsOf, cut, left, right, toAscii, wrapped } from "../../../source/ui/format/columns.ts";
import { counted, formatCount, formatShare } from "../../../source/ui/format/numbers.ts";
import { formatDate, formatDuration } from "../../../source/ui/format/time.ts";
import { createTheme } from "../../../source/ui/theme.ts";

const theme = createTheme("mono", true);
// oxlint-disable-next-line no-control-regex -- styles begin with Esc
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "");

test("bytes have three digits and decimal units", () => {
  expect([0, 1, 999, 1000, 12_100_000, 99_950_000, 999_500, 212e9, 5e18].map(formatBytes)).toEqual([
    "0 B",
    "1 B",
    "999 B",
    "1.0 kB",
    "12.1 MB",
    "100 MB",
    "1.0 MB",
    "212 GB",
    "5000 PB",
  ]);
});

test("a rate of nothing is 0", () => {
  expect([0, 0.4, 1500].map(formatRate)).toEqual(["0", "0", "1.5 kB/s"]);
});

test("a part names its unit only when it is another", () => {
  expect(formatPart(7_500_000, 12_100_000)).toBe("7.5 of 12.1 MB");
  expect(formatPart(950_000, 12_100_000)).toBe("950 kB of 12.1 MB");
  expect(formatPart(0, 12_100_000)).toBe("0 of 12.1 MB");
});

test("a share is 100 % only when all is there", () => {
  expect([0, 0.629, 0.9999, 1, 1.2, -1].map(formatShare)).toEqual(["0 %", "62 %", "99 %", "100 %", "100 %", "0 %"]);
});

test("counts have groups, words their number", () => {
  expect([7, 8203, 1234567].map(formatCount)).toEqual(["7", "8 203", "1 234 567"]);
  expect([counted(1, "peer"), counted(2, "peer"), counted(0, "way on", "ways on")]).toEqual([
    "1 peer",
    "2 peers",
    "0 ways on",
  ]);
});

test("a day is that of where the viewer runs", () => {
  vi.stubEnv("TZ", "Asia/Tokyo");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(formatDate(Date.UTC(2026, 0, 31, 23, 30))).toBe("2026-02-01");
});

test("durations are short", () => {
  expect([0, 12, 61, 3600, 35_999, 36_000, 86_400 * 4.2, 86_400 * 5, -5].map(formatDuration)).toEqual([
    "0:00",
    "0:12",
    "1:01",
    "1:00:00",
    "9:59:59",
    "10 h",
    "4 d",
    "5 d",
    "0:00",
  ]);
});

test("text is cut and padded by columns, wide characters count two", () => {
  expect(cut("video.mkv", 9)).toBe("video.mkv");
  expect(cut("video.mkv", 8)).toBe("video.m…");
  expect(cut("日本語", 5)).toBe("日本…");
  expect(cut("日本語", 4)).toBe("日…");
  expect(cut("anything", 0)).toBe("");
  expect(left("日本", 6)).toBe("日本  ");
  expect(right("12", 5)).toBe("   12");
  for (const columns of [1, 2, 3, 4, 5, 6, 7]) expect(columnsOf(left("日本語", columns))).toBe(columns);
});

test("ASCII keeps the columns of what it cannot show", () => {
  expect(toAscii("日本 é\u001b[1mx\u001b[0m")).toBe("???? ?\u001b[1mx\u001b[0m");
});

test("a piece bar tells held, given, partial, arriving and missing apart without colour", () => {
  expect(plain(pieceBar("hgpavm", 6, theme))).toBe("#@+::.");
});

test("a bar shorter than its map shows arriving before held, held before missing", () => {
  expect(plain(pieceBar("hhhhahmmhmmm", 4, theme))).toBe("#:+.");
  expect(plain(pieceBar("hhhhhhhhhm", 2, theme))).toBe("#+");
  expect(plain(pieceBar("m".repeat(1024), 3, theme))).toBe("...");
});

test("a cell is as high as the part of its pieces that is held", () => {
  const unicode = createTheme("mono", false);
  expect(plain(pieceBar("mmmmmmmmhmmmmmmmhhhhmmmmhhhhhhhmhhhhhhhh", 5, unicode))).toBe("░▁▄▇█");
});

test("a bar longer than its map repeats cells, and an empty map is nothing held", () => {
  expect(plain(pieceBar("hm", 4, theme))).toBe("##..");
  expect(plain(pieceBar("", 3, theme))).toBe("...");
});

test("a progress bar has its width whatever the fraction", () => {
  expect([-1, 0, 0.5, 1, 9].map((fraction) => plain(progressBar(fraction, 4, theme)))).toEqual([
    "....",
    "....",
    "##..",
    "####",
    "####",
  ]);
});

test("a sparkline is scaled to its highest, newest at the right", () => {
  expect(sparkline([0, 50, 100], 5, createTheme("mono", false).glyphs)).toBe("▁▁▁▅█");
  expect(sparkline([], 3, theme.glyphs)).toBe("___");
});

test("the fast measure of texts is the measure of the terminal's", () => {
  for (let code = 0x20; code < 0x3000; code++) {
    const character = String.fromCodePoint(code);
    if (/\p{C}|\p{M}/u.test(character)) continue;
    expect([character, columnsOf(`\u001b[1;31m${character}\u001b[0m`)]).toEqual([character, stringWidth(character)]);
    expect([character, columnsOf(`a${character}\u2588`)]).toEqual([character, stringWidth(`a${character}\u2588`)]);
  }
});
test.each([
  ["all of it", 20, 3, ["all of it"]],
  ["one two three", 7, 3, ["one two", "three"]],
  ["one two three four", 8, 2, ["one two", "three f…"]],
  ["one  two", 4, 3, ["one", "two"]],
  ["abcdefghij", 4, 3, ["abcd", "efgh", "ij"]],
  ["写真写真 写真", 6, 3, ["写真写", "真", "写真"]],
  ["a हिन्दी b", 5, 3, ["a", "हिन्\u200Cदी", "b"]],
  ["  写真写真写真", 8, 3, ["  写真写", "真写真"]],
  ["  abcdefgh ij", 6, 3, ["  abcd", "efgh", "ij"]],
  ["", 6, 3, []],
  ["写", 1, 3, [""]],
  ["words", 0, 3, [""]],
])("%j in lines of %i columns, %i at most", (text, columns, most, lines) => {
  expect(wrapped(text, columns, most)).toEqual(lines);
});

test.each([
  ["क्षत्रिय", 6],
  ["ভক্ত", 3],
  ["ខ្មែរ", 4],
])("joined letters of %j take the columns that terminals give them, cut or not", (text, columns) => {
  const shown = left(text, 10);
  expect(columnsOf(shown)).toBe(10);
  expect(columnsOf(shown.trimEnd())).toBe(columns);
  expect(shown.replaceAll("\u200C", "").trimEnd()).toBe(text);
  for (let room = 1; room < columns; room++) expect(columnsOf(left(text, room))).toBe(room);
});
