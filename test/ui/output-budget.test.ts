import { expect, test } from "vitest";
import { OutputBudget } from "../../source/ui/output-budget.ts";

test("frames that fit the budget never wait", () => {
  const budget = new OutputBudget(20_000, 0);
  let written = 0;
  for (let now = 0; now < 60_000; now += 250) {
    expect(budget.waitMs(written, now)).toBe(0);
    written += 5_000;
  }
});

test("frames that are too large come as often as the budget allows, over any time", () => {
  const budget = new OutputBudget(20_000, 0);
  let written = 0;
  let now = 0;
  while (now < 60_000) {
    const wait = budget.waitMs(written, now);
    now += Math.max(wait, 250);
    if (wait === 0) written += 8_000;
  }
  expect(written).toBeGreaterThan(0.7 * 60 * 20_000);
  expect(written).toBeLessThan(61 * 20_000 + 8_000);
});

test("what was not used is kept for half a second, not for ever", () => {
  const budget = new OutputBudget(20_000, 0);
  expect(budget.waitMs(0, 3_600_000)).toBe(0);
  expect(budget.waitMs(10_000, 3_600_000)).toBe(0);
  expect(budget.waitMs(20_000, 3_600_000)).toBe(500);
});

test("whatever was written, news comes after four seconds", () => {
  const budget = new OutputBudget(2_000, 0);
  expect(budget.waitMs(100_000, 0)).toBe(4000);
  expect(budget.waitMs(100_000, 4000)).toBe(0);
});
