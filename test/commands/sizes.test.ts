import { expect, test } from "vitest";
import { parseSize } from "../../source/commands/sizes.ts";
import { UsageError } from "../../source/commands/usage-error.ts";

test.for([
  ["0", 0],
  ["1", 1],
  ["1b", 1],
  ["500K", 512_000],
  ["500k", 512_000],
  ["2M", 2_097_152],
  ["1G", 1_073_741_824],
  ["512KiB", 524_288],
  ["16 MiB", 16_777_216],
  ["1.5MB", 1_500_000],
  ["1.5mb/s", 1_500_000],
  [" 3kB/s ", 3_000],
  ["0.5", 1],
] as const)("%s are %d bytes", ([text, bytes]) => {
  expect(parseSize(text, "--limit-up")).toBe(bytes);
});

test.for([
  "",
  " ",
  "-1",
  "K",
  "1.K",
  ".5K",
  "1,5M",
  "1T",
  "1e9",
  "0x10",
  "1 M B",
  "1/s/s",
  "9".repeat(20),
  "NaN",
  "1M\n2",
])("%j is no size", (text) => {
  expect(() => parseSize(text, "--limit-up")).toThrow(UsageError);
  expect(() => parseSize(text, "--limit-up")).toThrow(/Wrong format: .*--limit-up/s);
});
