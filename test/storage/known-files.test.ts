import type { Stats } from "node:fs";
import { expect, test } from "vitest";
import { KnownFiles } from "../../source/storage/known-files.ts";

const stats = (ctimeMs: number) => ({ ino: 1, size: 1, ctimeMs }) as Stats;

test("a change is told to all who look, at once or later, until it is forgotten", async () => {
  const known = new KnownFiles();
  const look = (ctimeMs: number) => known.look(0, 5_000, async () => stats(ctimeMs));
  expect(await look(1)).toBe("unchanged");
  expect(known.isFresh(0, 5_999)).toBe(true);
  expect(await Promise.all([look(2), look(2), look(1)])).toEqual(["changed", "changed", "unchanged"]);
  expect(await look(2)).toBe("changed");
  expect(known.isFresh(0, 5_999)).toBe(false);
  known.forget(0);
  expect(await look(2)).toBe("unchanged");
});

test("what is written by ourselves during a look is no change", async () => {
  const known = new KnownFiles();
  await known.look(0, 0, async () => stats(1));
  const look = known.look(0, 0, async () => {
    known.writes(0);
    known.wrote(0);
    return stats(2);
  });
  expect(await look).toBe("unchanged");
  expect(await known.look(0, 0, async () => stats(3))).toBe("unchanged");
});

test("what we write while others look again and again is no change of theirs", async () => {
  const known = new KnownFiles();
  const look = (ctimeMs: number) => known.look(0, 5_000, async () => stats(ctimeMs));
  await look(1);
  known.writes(0);
  known.writes(0);
  expect(await look(1)).toBe("unchanged");
  expect(await look(2)).toBe("unchanged");
  known.wrote(0);
  expect(await look(3)).toBe("unchanged");
  expect(await look(4)).toBe("unchanged");
  known.wrote(0);
  expect(await look(4)).toBe("unchanged");
  expect(await look(5)).toBe("changed");
});

test("what is gone is missing", async () => {
  expect(await new KnownFiles().look(0, 0, async () => undefined)).toBe("missing");
});
