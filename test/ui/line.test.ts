import * as fc from "fast-check";
import { expect, test } from "vitest";
import { edited, inserted, type Line, type LineEdit, lineOf } from "../../source/ui/line.ts";

/** A line whose cursor stands where `|` does. */
function line(text: string): Line {
  const cursor = text.indexOf("|");
  return { value: text.replace("|", ""), cursor };
}

const shown = ({ value, cursor }: Line) => `${value.slice(0, cursor)}|${value.slice(cursor)}`;

const TABLE: readonly [LineEdit, string, string][] = [
  ["char-back", "ab|c", "a|bc"],
  ["char-back", "|abc", "|abc"],
  ["char-back", "ae\u0301|", "a|e\u0301"],
  ["char-back", "👩‍🚀|", "|👩‍🚀"],
  ["char-forward", "a|bc", "ab|c"],
  ["char-forward", "abc|", "abc|"],
  ["char-forward", "|🎬.mkv", "🎬|.mkv"],
  ["word-back", "/srv/my films |", "/srv/my |films "],
  ["word-back", "/srv/my| films", "/srv/|my films"],
  ["word-back", "  |x", "|  x"],
  ["word-back", "ümläut 2|4", "ümläut |24"],
  ["word-forward", "|/srv/films", "/srv|/films"],
  ["word-forward", "/srv|/films", "/srv/films|"],
  ["word-forward", "a| /", "a /|"],
  ["word-back", "/srv/𠮷野家|", "/srv/|𠮷野家"],
  ["word-forward", "/srv|/𠮷野家/", "/srv/𠮷野家|/"],
  ["line-start", "one two|", "|one two"],
  ["line-end", "o|ne two", "one two|"],
  ["erase-back", "ab|c", "a|c"],
  ["erase-back", "|abc", "|abc"],
  ["erase-back", "ae\u0301|b", "a|b"],
  ["erase-forward", "a|bc", "a|c"],
  ["erase-forward", "abc|", "abc|"],
  ["erase-word", "share /srv/films  |", "share |"],
  ["erase-word", "share /srv/fi|lms", "share |lms"],
  ["erase-word", "  |x", "|x"],
  ["erase-word-back", "/srv/films/|x", "/srv/|x"],
  ["erase-word-back", "|x", "|x"],
  ["erase-word-forward", "/srv|/films/x", "/srv|/x"],
  ["erase-word-forward", "x|", "x|"],
  ["erase-to-start", "limit-up |1M", "|1M"],
  ["erase-to-end", "limit-up| 1M", "limit-up|"],
];

test.each(TABLE)("%s makes of %s the line %s", (edit, from, to) => {
  expect(shown(edited(line(from), edit))).toBe(to);
});

test("what is typed stands where the cursor was, without controls", () => {
  expect(shown(inserted(line("d|nload"), "ow\u001b\n"))).toBe("dow|nload");
  expect(shown(lineOf("a\tb"))).toBe("ab|");
});

test("the cursor stays in the line, and letters stay whole, whatever is pressed", () => {
  const edits = fc.constantFrom(...new Set(TABLE.map(([edit]) => edit)));
  const step = fc.oneof(
    edits,
    fc.string({ unit: "grapheme", maxLength: 5 }).map((text) => ({ text })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let at = lineOf("");
      for (const one of steps) {
        at = typeof one === "string" ? edited(at, one) : inserted(at, one.text);
        expect(at.cursor).toBeGreaterThanOrEqual(0);
        expect(at.cursor).toBeLessThanOrEqual(at.value.length);
        expect((at.value.slice(0, at.cursor) + at.value.slice(at.cursor)).isWellFormed()).toBe(true);
        expect(at.value.slice(0, at.cursor).isWellFormed()).toBe(true);
      }
    }),
  );
});
