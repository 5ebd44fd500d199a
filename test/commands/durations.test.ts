import { expect, test } from "vitest";
import { parseDuration } from "../../source/commands/durations.ts";
import { UsageError } from "../../source/commands/usage-error.ts";

test.for([
  ["0", 0],
  ["90", 90],
  ["90s", 90],
  ["30m", 1_800],
  ["2H", 7_200],
  ["1.5 d", 129_600],
  [" 0.4s ", 0],
] as const)("%j are %d seconds", ([text, seconds]) => {
  expect(parseDuration(text, "--seed-time")).toBe(seconds);
});

test.for(["", "h", "-1h", "1w", "1h30m", "1e3", "9".repeat(20), "1:30"])("%j is no time", (text) => {
  expect(() => parseDuration(text, "--seed-time")).toThrow(UsageError);
});
