import { expect, test } from "vitest";
import { showsColour, showsUnicode } from "../../source/ui/environment.ts";
import { terminalProblem } from "../../source/ui/terminal.ts";

const TERMINAL = { isTTY: true };

test("a terminal is a terminal", () => {
  expect(terminalProblem(TERMINAL, TERMINAL, { TERM: "xterm" })).toBeNull();
});

test.each([
  ["input", {}, TERMINAL, "xterm", /input is not a terminal/],
  ["output", TERMINAL, {}, "xterm", /output is not a terminal/],
  ["a dumb TERM", TERMINAL, TERMINAL, "dumb", /TERM is dumb/],
  ["no TERM", TERMINAL, TERMINAL, "", /set TERM/],
])("%s is told in one sentence", (_name, stdin, stdout, term, sentence) => {
  const problem = terminalProblem(stdin, stdout, { TERM: term });
  expect(problem).toMatch(sentence);
  expect(problem).not.toContain("\n");
});

test("the locale says whether more than ASCII is shown: LC_ALL over LC_CTYPE over LANG", () => {
  expect(showsUnicode({})).toBe(true);
  expect(showsUnicode({ LANG: "en_US.UTF-8" })).toBe(true);
  expect(showsUnicode({ LANG: "en_US.utf8", LC_ALL: "C" })).toBe(false);
  expect(showsUnicode({ LANG: "en_US.UTF-8", LC_CTYPE: "POSIX" })).toBe(false);
  expect(showsUnicode({ LC_ALL: "", LANG: "C.UTF-8" })).toBe(true);
});

test("NO_COLOR counts when it is not empty", () => {
  expect([showsColour({}), showsColour({ NO_COLOR: "" }), showsColour({ NO_COLOR: "0" })]).toEqual([true, true, false]);
});
