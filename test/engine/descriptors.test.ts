import { expect, test } from "vitest";
import { descriptorBudget, descriptorLimit, openDescriptors } from "../../source/engine/descriptors.ts";
import { MAX_CONNECTIONS, RESERVED_DESCRIPTORS } from "../../source/engine/limits.ts";
import { MAX_OPEN_FILES } from "../../source/storage/open-files.ts";

test.for([
  [null, MAX_OPEN_FILES, MAX_CONNECTIONS],
  [1_048_576, MAX_OPEN_FILES, MAX_CONNECTIONS],
  [1_024, 128, MAX_CONNECTIONS],
  [256, 32, 256 - RESERVED_DESCRIPTORS - 64],
  [64, 8, 64 - RESERVED_DESCRIPTORS - 16],
  [20, 4, 4],
] as const)("of %s descriptors %d are for files and %d for peers", ([limit, files, peers]) => {
  expect(descriptorBudget(limit)).toEqual({ files, peers });
});

test("this process has some open, and fewer than it may", () => {
  expect(openDescriptors()).toBeGreaterThan(2);
  expect(openDescriptors()).toBeLessThan(descriptorLimit()!);
});
