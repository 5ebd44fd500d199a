import { format } from "prettier";
import { expect, test } from "vitest";
import { helpGroups } from "../../source/ui/help-groups.ts";
import { actionOf, KEYMAP, keyLabel, type Context } from "../../source/ui/keymap.ts";
import { PANE_NAMES } from "../../source/ui/layout.ts";
import { ORDERINGS } from "../../source/ui/orders.ts";
import { DETAIL_TABS } from "../../source/ui/tabs.ts";

const CONTEXTS: readonly Context[] = [
  ...PANE_NAMES,
  ...DETAIL_TABS,
  "adding",
  "help",
  "question",
  "prompt",
  "menu",
  "mark",
];

test.each(CONTEXTS)("no key is bound twice in %s", (context) => {
  const keys = KEYMAP.filter(({ contexts }) => contexts.includes(context)).flatMap((binding) => binding.keys);
  expect(keys.toSorted()).toEqual([...new Set(keys)].toSorted());
});

test("no letter of the sort menu is one of its keys, or stands twice in a list", () => {
  for (const orderings of Object.values(ORDERINGS)) {
    const letters = orderings.map(({ key }) => key);
    expect(letters).toEqual([...new Set(letters)]);
    for (const letter of letters) expect(actionOf(letter, "menu")).toBeUndefined();
  }
});

test("no key is one that terminals keep for themselves or send in many ways", () => {
  const keys = KEYMAP.flatMap((binding) => binding.keys);
  expect(keys.filter((key) => /^(ctrl-[sqv]|meta-|f\d+$)/.test(key))).toEqual([]);
  const onlyAlt = KEYMAP.filter((binding) => binding.keys.every((key) => key.startsWith("alt-")));
  expect(onlyAlt).toEqual([]);
});

test("a hint stands only where its key works", () => {
  for (const { hintIn, contexts } of KEYMAP) {
    for (const context of hintIn ?? []) expect(contexts).toContain(context);
  }
});

test("Esc closes wherever something can be open, and never leaves", () => {
  for (const context of CONTEXTS) expect(["close", "no"]).toContain(actionOf("escape", context));
});

test("Ctrl-C leaves from everywhere", () => {
  for (const context of CONTEXTS) expect(actionOf("ctrl-c", context)).toBe("leave-now");
});

test("what is confirmed is confirmed by another key than the one that asked", () => {
  for (const asking of ["x", "X", "Q"]) expect(actionOf(asking, "question")).not.toBe("yes");
  expect(actionOf("return", "question")).toBe("no");
});

test("keys have names that people know", () => {
  expect(["return", "ctrl-l", "right", "G", "shift-tab"].map((key) => keyLabel(key, false))).toEqual([
    "Enter",
    "Ctrl-L",
    "→",
    "G",
    "Shift-Tab",
  ]);
  expect(keyLabel("right", true)).toBe("Right");
  expect(["ctrl-left", "alt-b"].map((key) => keyLabel(key, false))).toEqual(["Ctrl-←", "Alt-B"]);
  expect(keyLabel("ctrl-left", true)).toBe("Ctrl-Left");
});

test("docs/KEYS.md says what the tables say; `npx vitest run test/ui/keymap.test.ts -u` writes it anew", async () => {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const sections = helpGroups(false).map(({ heading, entries }) => {
    const rows = entries.map(({ keys, help }) => `| \`${cell(keys)}\` | ${cell(help)} |`);
    return [`## ${heading}`, "", "| | |", "|-|-|", ...rows, ""].join("\n");
  });
  const page = ["# Keys", "", "What `?` shows in the viewer; made from the same tables.", "", ...sections].join("\n");
  const formatted = await format(page, { parser: "markdown", printWidth: 120 });
  await expect(formatted).toMatchFileSnapshot("../../docs/KEYS.md");
});
