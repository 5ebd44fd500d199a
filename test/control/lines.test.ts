import { expect, test } from "vitest";
import { LineReader, parseLine, toLine } from "../../source/control/lines.ts";

test("lines come out the same wherever the text is cut", () => {
  const text = '{"a":1}\n{"b":"ü→🎵"}\n\n{"c":3}\n';
  const whole = [...new LineReader(100).read(text)];
  expect(whole).toEqual(['{"a":1}', '{"b":"ü→🎵"}', '{"c":3}']);
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = new LineReader(100);
    expect([...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut))]).toEqual(whole);
  }
  const reader = new LineReader(100);
  expect([...text].flatMap((character) => [...reader.read(character)])).toEqual(whole);
});

test("a line without an end is kept until its end comes", () => {
  const reader = new LineReader(100);
  expect([...reader.read('{"a"')]).toEqual([]);
  expect([...reader.read(":1}\n")]).toEqual(['{"a":1}']);
});

test("a line at the limit is read, and one character more is not, with and without its end", () => {
  expect([...new LineReader(8).read(`${"x".repeat(8)}\n`)]).toEqual(["xxxxxxxx"]);
  expect(() => [...new LineReader(8).read(`${"x".repeat(9)}\n`)]).toThrow(RangeError);
  expect(() => [...new LineReader(8).read("x".repeat(9))]).toThrow(RangeError);
});

test("a line of megabytes in small reads takes time in proportion to its length", () => {
  const reader = new LineReader(64 * 1024 * 1024);
  const chunk = "x".repeat(1_024);
  const startedAt = performance.now();
  for (let i = 0; i < 16_384; i++) for (const line of reader.read(chunk)) expect.unreachable(line);
  const [line] = reader.read("\n");
  expect(line).toHaveLength(16 * 1024 * 1024);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test("a value goes over a line and back, line breaks in it included", () => {
  const value = { text: 'two\nlines and a "quote"', list: [1, null, "\u2028"] };
  expect(toLine(value).split("\n")).toHaveLength(2);
  expect(parseLine(toLine(value).trim())).toEqual(value);
});

test.for(["", "{", "nonsense", "[1,", "\u0000", "{'a':1}"])("%j is no JSON and no error", (line) => {
  expect(parseLine(line)).toBeUndefined();
});
