import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMIT_WAIT_MS } from "../../source/engine/limits.ts";
import { ReadBrake } from "../../source/engine/read-brake.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function brakeOf(bytesPerSecond: number): { brake: ReadBrake; limit: TokenBucket; did: string[] } {
  const did: string[] = [];
  const limit = new TokenBucket(bytesPerSecond);
  const brake = new ReadBrake(limit, { pause: () => did.push("pause"), resume: () => did.push("resume") });
  return { brake, limit, did };
}

test("without a limit reading goes on", () => {
  const { brake, did } = brakeOf(0);
  brake.pay(1_000_000_000);
  expect([did, brake.isPaused, vi.getTimerCount()]).toEqual([[], false, 0]);
});

test("what was read is paid for before more is, and not a second longer", () => {
  const { brake, did } = brakeOf(1_000);
  vi.advanceTimersByTime(10_000);
  brake.pay(3_250);
  expect([did, brake.isPaused]).toEqual([["pause"], true]);
  vi.advanceTimersByTime(2_990);
  expect(did).toEqual(["pause"]);
  vi.advanceTimersByTime(20);
  expect([did, brake.isPaused]).toEqual([["pause", "resume"], false]);
});

test("a limit that is lifted is seen within a second", () => {
  const { brake, limit, did } = brakeOf(1);
  brake.pay(1_000_000);
  limit.bytesPerSecond = 0;
  vi.advanceTimersByTime(LIMIT_WAIT_MS);
  expect(did).toEqual(["pause", "resume"]);
});

test("two reasons are both to be lifted", () => {
  const { brake, did } = brakeOf(1_000);
  brake.pause("disk");
  brake.pay(2_000);
  vi.advanceTimersByTime(3_000);
  expect([did, brake.isPaused]).toEqual([["pause"], true]);
  brake.resume("disk");
  brake.resume("disk");
  expect(did).toEqual(["pause", "resume"]);
});

test("nothing happens once it is released", () => {
  const { brake, did } = brakeOf(1);
  brake.pay(1_000);
  brake.release();
  brake.pay(1_000);
  brake.pause("disk");
  brake.resume("disk");
  vi.advanceTimersByTime(10_000_000);
  expect([did, vi.getTimerCount()]).toEqual([["pause"], 0]);
});
