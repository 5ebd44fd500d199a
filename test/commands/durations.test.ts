import { expect, test } from "vitest";
import { parseDuration } from "../../source/commands/durations.ts";
import { UsageError } from "../../source/commands/usage-error.ts";

test("what is no time is told with what it is for", () => {
  expect(() => parseDuration("soon", "--seed-time")).toThrow(UsageError);
  expect(() => parseDuration("soon", "--seed-time")).toThrow(
    'Wrong format: "soon" is no time for --seed-time; 90s, 30m, 2h or 3d are.',
  );
});
