import { expect, test } from "vitest";
import { parseSize } from "../../source/commands/sizes.ts";
import { UsageError } from "../../source/commands/usage-error.ts";

test("what is no size is told with what it is for", () => {
  expect(() => parseSize("fast", "--limit-up")).toThrow(UsageError);
  expect(() => parseSize("fast", "--limit-up")).toThrow(
    'Wrong format: "fast" is no size for --limit-up; 500k, 1.5MB or 2MiB are.',
  );
});
