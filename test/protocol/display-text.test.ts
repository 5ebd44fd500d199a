import { assert, property, string } from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { columnsAtMost, displayText, MAX_DISPLAY_COLUMNS } from "../../source/protocol/display-text.ts";

const table: readonly [why: string, given: string, shown: string][] = [
  ["plain ASCII stays", "video.mkv", "video.mkv"],
  [
    "letters of other scripts stay",
    "café Ünïcödé 日本語 עברית العربية हिन्दी",
    "café Ünïcödé 日本語 עברית العربية हिन्दी",
  ],
  ["a CSI sequence loses its escape", "a\u001b[2Jb", "a�[2Jb"],
  ["an OSC title loses both ends", "\u001b]0;owned\u0007", "�]0;owned�"],
  ["C1 controls are replaced", "a\u009b31mb\u0085", "a�31mb�"],
  ["a line break cannot start a row", "a\r\nb\tc", "a��b�c"],
  ["NUL and DEL are replaced", "\u0000\u007f", "��"],
  ["line and paragraph separators are replaced", "a\u2028b\u2029", "a�b�"],
  ["bidi overrides and isolates are replaced", "gpj.\u202etxt\u202c\u2066x\u2069", "gpj.�txt��x�"],
  ["zero width characters show", "a\u200bb\u200cc\u2060d\ufeff", "a�b�c�d�"],
  ["joiners do not glue emoji", "\u{1f468}\u200d\u{1f469}", "\u{1f468}�\u{1f469}"],
  ["variation selectors show", "\u2764\ufe0f", "\u2764�"],
  ["skin tones and flags show", "\u{1f44d}\u{1f3fd} \u{1f1eb}\u{1f1f7}", "\u{1f44d}� ��"],
  ["fillers that look like nothing show", "a\u3164b\u115fc\uffa0", "a�b�c�"],
  ["tag characters show", "a\u{e0061}b", "a�b"],
  ["lone surrogates show", "a\ud800b", "a�b"],
  ["private use shows", "a\ue000b", "a�b"],
  ["soft hyphens show", "pass\u00adword", "pass�word"],
  ["four marks may stack", "e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301"],
  ["the fifth mark and all after it show as one", `e${"\u0301".repeat(40)}f`, "e\u0301\u0301\u0301\u0301�f"],
  ["a mark without a letter does not land on its neighbour", "\u0301a", "�a"],
];

test.each(table)("%s", (_why, given, shown) => {
  expect(displayText(given)).toBe(shown);
});

test("512 columns pass, 513 end in an ellipsis at column 512", () => {
  expect(displayText("x".repeat(511))).toBe("x".repeat(511));
  expect(displayText("x".repeat(512))).toBe("x".repeat(512));
  expect(displayText("x".repeat(513))).toBe(`${"x".repeat(511)}…`);
});

test("wide characters count two columns each", () => {
  expect(displayText("界".repeat(256))).toBe("界".repeat(256));
  const cut = displayText("界".repeat(257));
  expect(cut).toBe(`${"界".repeat(255)}…`);
  expect(stringWidth(cut)).toBeLessThanOrEqual(MAX_DISPLAY_COLUMNS);
});

test("whatever comes in, what goes out is safe, bounded and stays as it is", () => {
  assert(
    property(string({ unit: "binary", maxLength: 700 }), (text) => {
      const shown = displayText(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      expect(stringWidth(shown)).toBeLessThanOrEqual(MAX_DISPLAY_COLUMNS);
      expect(displayText(shown)).toBe(shown);
    }),
  );
});

test("columns are counted as the screen measures them, or more: not more for Latin and Chinese", () => {
  assert(
    property(string({ unit: "binary", maxLength: 60 }), (text) => {
      const shown = displayText(text);
      expect(columnsAtMost(shown)).toBeGreaterThanOrEqual(stringWidth(shown));
    }),
  );
  for (const text of ["plain", "Ünïcödé e\u0301", "日本語 ", "👍 ok"]) {
    expect([text, columnsAtMost(text)]).toEqual([text, stringWidth(text)]);
  }
});

test("a megabyte of marks costs no more than its first columns", () => {
  expect(displayText("\u0301".repeat(1_000_000))).toBe("�");
});
