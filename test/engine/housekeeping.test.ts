import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Housekeeping, type HousekeepingOptions } from "../../source/engine/housekeeping.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"], now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

it("knows by the wall clock that the machine slept, for monotonic time stood still meanwhile", () => {
  const woke = vi.fn<() => void>();
  const nothing = () => undefined;
  const housekeeping = new Housekeeping({
    book: { entries: new Map(), saveChanged: nothing } as unknown as HousekeepingOptions["book"],
    finder: { findMissing: nothing },
    news: { report: nothing, emit: nothing } as unknown as HousekeepingOptions["news"],
    doctor: { endMinute: () => ({ p99: 0 }) } as unknown as HousekeepingOptions["doctor"],
    health: nothing as unknown as HousekeepingOptions["health"],
    queueChanged: nothing,
    secondEnded: nothing,
    lookAtDisk: nothing,
    bringBack: nothing,
    woke,
  });
  housekeeping.start();
  const sleep = (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    vi.advanceTimersByTime(5_000);
    return woke.mock.calls.length;
  };
  expect(sleep(0)).toBe(0);
  expect(sleep(8_000)).toBe(0);
  expect(sleep(-3_600_000)).toBe(0);
  expect(sleep(120_000)).toBe(1);
  expect(sleep(0)).toBe(1);
  expect(sleep(10 * 365 * 86_400_000)).toBe(2);
  housekeeping.stop();
});
