import { expect, test } from "vitest";
import { RateHistory } from "../../source/engine/rate-history.ts";

test("the last 60 seconds are kept, oldest first", () => {
  const history = new RateHistory();
  for (let second = 1; second <= 70; second++) history.endSecond(second, 2 * second);
  expect(history.down).toEqual(Array.from({ length: 60 }, (_, i) => i + 11));
  expect(history.up.at(-1)).toBe(140);
});

test("a second without a byte changes nothing while there is nothing to show", () => {
  const history = new RateHistory();
  expect(history.endSecond(0, 0)).toBe(false);
  expect(history.down).toEqual([]);
});

test("a rate that has passed is shown moving away, and then nothing is", () => {
  const history = new RateHistory();
  expect(history.endSecond(5, 0)).toBe(true);
  for (let second = 0; second < 59; second++) expect(history.endSecond(0, 0)).toBe(true);
  expect(history.down).toHaveLength(60);
  expect(history.endSecond(0, 0)).toBe(true);
  expect(history.down).toEqual([]);
  expect(history.endSecond(0, 0)).toBe(false);
});

test("the mean is that of the last half minute, or of as much as there is", () => {
  const history = new RateHistory();
  expect(history.meanDown).toBe(0);
  history.endSecond(30, 3);
  history.endSecond(10, 0);
  expect(history.meanDown).toBe(20);
  expect(history.meanUp).toBe(2);
  for (let second = 0; second < 30; second++) history.endSecond(7, 1);
  expect(history.meanDown).toBe(7);
});

test("the pace is that of the whole seconds since it went on, without the pause before", () => {
  const history = new RateHistory();
  history.endSecond(1, 0);
  expect(history.paceDown).toBe(0);
  history.endSecond(10, 0);
  history.endSecond(30, 0);
  expect(history.paceDown).toBe(20);
  for (let second = 0; second < 20; second++) history.endSecond(0, 0, false);
  history.endSecond(1, 0);
  expect(history.paceDown).toBe(0);
  history.endSecond(30, 0);
  expect(history.paceDown).toBe(30);
  expect(history.meanDown).toBeLessThan(5);
  for (let second = 0; second < 30; second++) history.endSecond(7, 0);
  expect(history.paceDown).toBe(7);
});
