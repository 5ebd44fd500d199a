import { expect, test } from "vitest";
import { createTheme, THEME_NAMES } from "../../source/ui/theme.ts";

test.each([true, false])("no state is told by colour alone (ASCII: %s)", (ascii) => {
  const { glyphs } = createTheme("mono", ascii);
  const groups = [
    [glyphs.down, glyphs.up, glyphs.pause, glyphs.wait, glyphs.check, glyphs.problem],
    [glyphs.whole, glyphs.partial, glyphs.none, glyphs.have, glyphs.down],
    [glyphs.held, glyphs.gave, glyphs.arriving, glyphs.missing],
    [glyphs.plus, glyphs.minus, glyphs.up, glyphs.down, glyphs.have, glyphs.problem],
  ];
  for (const group of groups) expect(new Set(group).size).toBe(group.length);
});

test("the terminal's own colours are those of sixteen, and mono has none", () => {
  const painted = (name: (typeof THEME_NAMES)[number]): string => {
    const { glyphs: _, ...paints } = createTheme(name, false);
    return Object.values(paints)
      .map((paint) => paint("x"))
      .join("");
  };
  for (const name of ["terminal", "light", "high-contrast"] as const) {
    expect(painted(name)).toMatch(/;3[0-7]m|\[3[0-7]m|9[0-7]m/);
    expect(painted(name)).not.toMatch(/[34]8;/);
  }
  // oxlint-disable-next-line no-control-regex -- bold, faint and inverse
  expect(painted("mono")).toMatch(/^(?:x|\u001b\[[0127]m)*$/);
});

test.each(THEME_NAMES)("in %s what is selected looks like nothing else, and every style ends", (name) => {
  const { glyphs: _, ...paints } = createTheme(name, false);
  const { selected, ...others } = paints;
  for (const paint of Object.values(others)) expect(paint("x")).not.toBe(selected("x"));
  // oxlint-disable-next-line no-control-regex -- SGR
  for (const paint of Object.values(paints)) expect(paint("x")).toMatch(/^(?:\u001b\[[\d;]+mx\u001b\[0m|x)$/);
});
