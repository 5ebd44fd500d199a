import { expect, test } from "vitest";
import { parseFilter } from "../../source/control/filter.ts";
import { parseBytes, parseSeconds } from "../../source/control/quantities.ts";
import { bytesText } from "../../source/protocol/bytes-text.ts";
import { parseSize } from "../../source/commands/sizes.ts";
import { parseCommandLine } from "../../source/ui/command-line.ts";
import { formatBytes } from "../../source/ui/format/bytes.ts";
import { catalogueRow } from "../helpers/scripted-client.ts";

test.for([
  ["0", 0],
  ["1", 1],
  ["1b", 1],
  ["500K", 500_000],
  ["500k", 500_000],
  ["2M", 2_000_000],
  ["1G", 1_000_000_000],
  ["3T", 3_000_000_000_000],
  ["512KiB", 524_288],
  ["512ki", 524_288],
  ["16 MiB", 16_777_216],
  ["1.5MB", 1_500_000],
  ["1.5mb/s", 1_500_000],
  [" 3kB/s ", 3_000],
  ["0.5", 1],
] as const)("%s are %d bytes", ([text, bytes]) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.for([
  "",
  " ",
  "-1",
  "K",
  "1.K",
  ".5K",
  "1,5M",
  "1P",
  "1iB",
  "1e9",
  "0x10",
  "1 M B",
  "1/s/s",
  "9".repeat(20),
  "NaN",
  "1M\n2",
])("%j is no size", (text) => {
  expect(parseBytes(text)).toBeNull();
});

test.for(["500k", "500kB", "1.5G", "2GiB", "64mib", "7"])("%s is the same wherever it is typed", (text) => {
  const bytes = parseBytes(text)!;
  expect(parseSize(text, "--limit-up")).toBe(bytes);
  expect(parseCommandLine(`limit-up ${text}`, { home: "/", folder: "/" })).toMatchObject({
    command: { upBytesPerSecond: bytes },
  });
  const filter = parseFilter(`size=${text}`);
  if (!filter.ok) throw new Error(filter.text);
  expect([bytes - 1, bytes, bytes + 1].map((length) => filter.matches({ ...catalogueRow("x"), length }))).toEqual([
    false,
    true,
    false,
  ]);
});

test.for([1, 500_000, 12_100_000, 1_500_000_000])("what is shown of %i bytes is read as that", (bytes) => {
  for (const shown of [bytesText(bytes), formatBytes(bytes)]) expect(parseBytes(shown)).toBe(bytes);
});

test.for([
  ["0", 0],
  ["90", 90],
  ["90s", 90],
  ["30m", 1_800],
  ["2H", 7_200],
  ["1.5 d", 129_600],
  [" 0.4s ", 0],
] as const)("%j are %d seconds", ([text, seconds]) => {
  expect(parseSeconds(text)).toBe(seconds);
});

test.for(["", "h", "-1h", "1w", "1h30m", "1e3", "9".repeat(20), "1:30"])("%j is no time", (text) => {
  expect(parseSeconds(text)).toBeNull();
});
