import { expect, test } from "vitest";
import { helpText } from "../../source/commands/help-text.ts";
import { COMMANDS } from "../../source/commands/table.ts";

test("it has every command with its usage and summary", () => {
  const text = helpText();
  for (const [name, { usage, summary }] of Object.entries(COMMANDS)) {
    expect(text).toContain(name === "open" ? "    sta\n" : `    sta ${name}${usage && ` ${usage}`}\n`);
    expect(text).toContain(summary);
  }
});

test("it has every flag that a user may give", () => {
  const flags =
    "tracker dir port host limit-down limit-up token standalone json ascii help version seed partial peer count keep piece-length announce private";
  for (const flag of flags.split(" ")) expect(helpText()).toContain(`--${flag}`);
});

test("it fits into 100 columns", () => {
  for (const line of helpText().split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});
