import { expect, test } from "vitest";
import { AnnouncePace } from "../../source/discovery/announce-pace.ts";

test("twenty leave at once, the others five a second, and twenty again after a pause", () => {
  const pace = new AnnouncePace();
  const waits = (count: number, now: number) => Array.from({ length: count }, () => pace.waitMs(now));
  expect(waits(20, 0)).toEqual(Array(20).fill(0));
  expect(waits(5, 0)).toEqual([200, 400, 600, 800, 1_000]);
  expect(waits(2, 1_000)).toEqual([200, 400]);
  expect(waits(21, 60_000)).toEqual([...Array(20).fill(0), 200]);
});
