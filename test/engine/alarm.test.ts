import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Alarm } from "../../source/engine/alarm.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("rings once, at the earliest time that was asked for, and can be set again", () => {
  const rang: number[] = [];
  const start = performance.now();
  const alarm = new Alarm(() => rang.push(performance.now() - start));
  alarm.set(undefined);
  alarm.set(start + 500);
  alarm.set(start + 200);
  alarm.set(start + 300);
  vi.advanceTimersByTime(1_000);
  expect(rang).toEqual([200]);
  alarm.set(start);
  vi.advanceTimersByTime(0);
  expect(rang).toEqual([200, 1_000]);
});

it("does not ring after it was cleared", () => {
  const ring = vi.fn();
  const alarm = new Alarm(ring);
  alarm.set(performance.now() + 10);
  alarm.clear();
  vi.advanceTimersByTime(1_000);
  expect(ring).not.toHaveBeenCalled();
});
