import type { Key } from "ink";
import { expect, test } from "vitest";
import { CutSequences, keysOf, textOf, typingKeysOf } from "../../source/ui/keys.ts";

const NO_KEY = { ctrl: false, meta: false, shift: false, escape: false } as Key;
const ESCAPE = { ...NO_KEY, escape: true };

test("letters typed fast arrive as one input and are a key each", () => {
  expect(keysOf("jjj", NO_KEY)).toEqual(["j", "j", "j"]);
  expect(keysOf("/a b\r", NO_KEY)).toEqual(["/", "a", "space", "b", "return"]);
});

test("special keys have names", () => {
  expect(keysOf("", { ...NO_KEY, upArrow: true })).toEqual(["up"]);
  expect(keysOf("", { ...NO_KEY, tab: true, shift: true })).toEqual(["shift-tab"]);
  expect(keysOf("l", { ...NO_KEY, ctrl: true })).toEqual(["ctrl-l"]);
  expect(keysOf("G", { ...NO_KEY, shift: true })).toEqual(["G"]);
});

test("Alt and a letter are Esc and the letter", () => {
  expect(keysOf("j", { ...NO_KEY, meta: true })).toEqual(["escape", "j"]);
});

test("where a line is typed, words are gone over with Ctrl or Alt and an arrow, or Alt and a letter", () => {
  const [left, right] = [
    { ...NO_KEY, leftArrow: true },
    { ...NO_KEY, rightArrow: true },
  ];
  expect(typingKeysOf("", left)).toEqual(["left"]);
  expect(typingKeysOf("", { ...left, ctrl: true })).toEqual(["ctrl-left"]);
  expect(typingKeysOf("", { ...right, meta: true })).toEqual(["ctrl-right"]);
  expect(typingKeysOf("b", { ...NO_KEY, meta: true })).toEqual(["alt-b"]);
  expect(typingKeysOf("F", { ...NO_KEY, meta: true, shift: true })).toEqual(["alt-f"]);
  expect(typingKeysOf("", { ...NO_KEY, backspace: true, meta: true })).toEqual(["ctrl-backspace"]);
  expect(typingKeysOf("", { ...NO_KEY, delete: true, ctrl: true })).toEqual(["ctrl-delete"]);
  expect(typingKeysOf("\u001b", { ...ESCAPE, meta: true })).toEqual(["escape", "escape"]);
  expect(typingKeysOf("e", { ...NO_KEY, ctrl: true })).toEqual(["ctrl-e"]);
  expect(keysOf("", { ...left, ctrl: true })).toEqual(["left"]);
});

test("where a line is typed, Alt and a letter that is no key there do not close it", () => {
  for (const letter of ["q", "X", ".", "3", "ä"])
    expect(typingKeysOf(letter, { ...NO_KEY, meta: true })).not.toContain("escape");
});

test("what is typed is text, however many letters at once, and nothing that was held is", () => {
  expect(textOf("a b", NO_KEY)).toBe("a b");
  expect(textOf("G", { ...NO_KEY, shift: true })).toBe("G");
  for (const key of [{ ...NO_KEY, ctrl: true }, { ...NO_KEY, meta: true }, ESCAPE])
    expect(textOf("a", key)).toBeUndefined();
  expect(textOf("", { ...NO_KEY, home: true })).toBeUndefined();
  expect(textOf("", NO_KEY)).toBeUndefined();
});

test("Esc twice at once is Esc twice", () => {
  expect(keysOf("", ESCAPE)).toEqual(["escape"]);
  expect(keysOf("\u001b", { ...ESCAPE, meta: true })).toEqual(["escape", "escape"]);
});

test("other controls are no keys", () => {
  expect(keysOf("\u0001\u001f", NO_KEY)).toEqual([]);
});

test("the rest of a cut escape sequence is swallowed, once", () => {
  const cut = new CutSequences();
  expect(cut.isRest("", ESCAPE)).toBe(false);
  expect(cut.isRest("[A", NO_KEY)).toBe(true);
  expect(cut.isRest("[A", NO_KEY)).toBe(false);
  cut.isRest("", ESCAPE);
  expect(cut.isRest("[1;5C", NO_KEY)).toBe(true);
  cut.isRest("", ESCAPE);
  expect(cut.isRest("OA", NO_KEY)).toBe(true);
});

test("a key right behind a real Esc is a key", () => {
  const cut = new CutSequences();
  for (const key of ["j", "G", "?", "O"]) {
    cut.isRest("", ESCAPE);
    expect(cut.isRest(key, NO_KEY)).toBe(false);
  }
});
