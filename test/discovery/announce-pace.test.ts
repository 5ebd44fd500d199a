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

test("of those that leave fifty are under way at once, and all have their turn", async () => {
  const pace = new AnnouncePace();
  let underWay = 0;
  let most = 0;
  const leave = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
  };
  await Promise.all(Array.from({ length: 1_000 }, () => pace.oneOfFew(leave)));
  expect(most).toBe(50);
  await pace.oneOfFew(leave);
  expect(underWay).toBe(0);
});
