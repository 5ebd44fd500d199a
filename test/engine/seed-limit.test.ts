import { expect, test } from "vitest";
import { seedLimitReached } from "../../source/engine/seed-limit.ts";

const giver = { ratio: 1, seededSeconds: 60, ratioLimit: null, seedSecondsLimit: null };

test("without a limit it goes on", () => {
  expect(seedLimitReached({ ...giver, ratio: 1e9, seededSeconds: 1e9 })).toBeUndefined();
});

test.for([
  [{ ratioLimit: 1.01 }, undefined],
  [{ ratioLimit: 1 }, "it reached its ratio of 1"],
  [{ ratioLimit: 0 }, "it reached its ratio of 0"],
  [{ seedSecondsLimit: 61 }, undefined],
  [{ seedSecondsLimit: 60 }, "it was shared for its 60 s"],
  [{ ratioLimit: 2, seedSecondsLimit: 60 }, "it was shared for its 60 s"],
] as const)("%j: %s", ([limits, why]) => {
  expect(seedLimitReached({ ...giver, ...limits })).toBe(why);
});
