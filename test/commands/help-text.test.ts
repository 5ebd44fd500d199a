import { expect, test } from "vitest";
import { commandHelpText, helpText } from "../../source/commands/help-text.ts";
import { COMMANDS, type CommandName } from "../../source/commands/table.ts";
import { spelled } from "../../source/program/parse-argv.ts";

const NAMES = Object.keys(COMMANDS) as CommandName[];

test("it has every command with its usage and summary", () => {
  const text = helpText();
  for (const [name, { usage, summary }] of Object.entries(COMMANDS)) {
    expect(text).toContain(name === "open" ? "    sta\n" : `    sta ${name}${usage && ` ${usage}`}\n`);
    expect(text).toContain(summary);
  }
});

test("it has every flag that a user may give", () => {
  const flags =
    "tracker forget-tracker dir port host limit-down limit-up token standalone json ascii help version seed partial peer count keep piece-length announce private filter";
  for (const flag of flags.split(" ")) expect(helpText()).toContain(`--${flag}`);
});

test.each(NAMES)("of %s it has the usage, and all options that it takes and no other", (name) => {
  const text = commandHelpText(name);
  expect(text).toContain(COMMANDS[name].usage);
  const options = text.split("Options")[1] ?? "";
  const taken = COMMANDS[name].flags.filter((flag) => flag !== "untilStdinEnds").map(spelled);
  const shown = [...options.matchAll(/^ {4}(?:-o, )?--(?:no-)?([a-z-]+)/gm)].map(([, flag]) => flag);
  expect(shown.toSorted()).toEqual(taken.toSorted());
});

test("usages fit into 100 columns, and options into 80", () => {
  for (const text of [helpText(), ...NAMES.map(commandHelpText)]) {
    const [usages, options = ""] = text.split("Options");
    for (const line of usages!.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    for (const line of options.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  }
});
