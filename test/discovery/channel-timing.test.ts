import { expect, test } from "vitest";
import { CHANNEL_TIMING, retryDelayMs } from "../../source/discovery/channel-timing.ts";

/** The longest wait there is. */
const LATEST = 1;

test("each try waits twice as long as the one before, up to 8 s", () => {
  const delays = [0, 1, 2, 3, 4, 5_000].map((failures) => retryDelayMs(CHANNEL_TIMING, failures, false, LATEST));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test("chance takes away half of a wait at most", () => {
  expect(retryDelayMs(CHANNEL_TIMING, 3, false, 0)).toBe(4_000);
  expect(retryDelayMs(CHANNEL_TIMING, 3, false, 0.5)).toBe(6_000);
});

test("a tracker that refused is asked again after half a minute to a minute, however often it did", () => {
  expect(retryDelayMs(CHANNEL_TIMING, 0, true, 0)).toBe(30_000);
  expect(retryDelayMs(CHANNEL_TIMING, 9, true, LATEST)).toBe(60_000);
});
