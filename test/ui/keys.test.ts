import type { Key } from "ink";
import { expect, test } from "vitest";
import { CutSequences, keysOf } from "../../source/ui/keys.ts";

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

test("a sequence cut behind its bracket is swallowed too", () => {
  const cut = new CutSequences();
  expect(cut.isRest("[", NO_KEY)).toBe(false);
  expect(cut.isRest("B", NO_KEY)).toBe(true);
});

test("a key right behind a real Esc is a key", () => {
  const cut = new CutSequences();
  for (const key of ["j", "G", "?", "O"]) {
    cut.isRest("", ESCAPE);
    expect(cut.isRest(key, NO_KEY)).toBe(false);
  }
});
