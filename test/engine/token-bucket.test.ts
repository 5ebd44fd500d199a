import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../source/engine/token-bucket.ts";

describe("a token bucket", () => {
  it("of 0 limits nothing", () => {
    const bucket = new TokenBucket(0);
    bucket.take(1e12, 5);
    expect([bucket.available(5), bucket.waitMs(5)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it("saves up a quarter of a second and no more", () => {
    const bucket = new TokenBucket(1_000);
    expect(bucket.available(1e9)).toBe(250);
  });

  it("moves a quarter of a second at once, of the narrower limit", () => {
    const wide = new TokenBucket(8_000);
    expect(new TokenBucket(0).burstBytes).toBe(Infinity);
    expect(new TokenBucket(0, wide).burstBytes).toBe(2_000);
    expect(new TokenBucket(1_000, wide).burstBytes).toBe(250);
    expect(new TokenBucket(100_000, wide).burstBytes).toBe(2_000);
  });

  it("may be overdrawn, and waits until the debt is paid", () => {
    const bucket = new TokenBucket(1_000);
    bucket.take(1_250, 10_000);
    expect(bucket.available(10_000)).toBe(0);
    const wait = bucket.waitMs(10_000);
    expect(wait).toBe(1_001);
    expect(bucket.waitMs(10_000 + wait - 2)).toBeGreaterThan(0);
    expect(bucket.waitMs(10_000 + wait)).toBe(0);
  });

  it("keeps to its rate over time, whatever is taken at once", () => {
    const bucket = new TokenBucket(100_000);
    let taken = 0;
    for (let now = 1_000; now < 61_000; now += Math.max(1, bucket.waitMs(now))) {
      bucket.take(40_000, now);
      taken += 40_000;
    }
    expect(taken).toBeGreaterThan(0.98 * 6_000_000);
    expect(taken).toBeLessThan(1.02 * 6_000_000 + 40_000);
  });

  it("forgets debts and savings when its rate is changed", () => {
    const bucket = new TokenBucket(10);
    bucket.take(1_000_000, 1_000);
    bucket.bytesPerSecond = 1_000;
    expect(bucket.waitMs(1_001)).toBe(0);
    bucket.bytesPerSecond = 0;
    expect(bucket.available(1_001)).toBe(Number.POSITIVE_INFINITY);
  });

  it("lets something through at the smallest rate there is", () => {
    const bucket = new TokenBucket(1);
    bucket.take(3, 1_000);
    expect(bucket.waitMs(1_000 + bucket.waitMs(1_000))).toBe(0);
  });
});

describe("a bucket below another", () => {
  it("obeys both", () => {
    const above = new TokenBucket(1_000);
    const bucket = new TokenBucket(100, above);
    expect(bucket.available(1e9)).toBe(25);
    bucket.take(25, 1e9);
    expect([bucket.available(1e9), above.available(1e9)]).toEqual([0, 225]);
    expect(above.waitMs(1e9)).toBe(0);
    expect(bucket.waitMs(1e9)).toBeGreaterThan(0);
  });

  it("without a limit of its own is as the one above", () => {
    const above = new TokenBucket(1_000);
    const bucket = new TokenBucket(0, above);
    bucket.take(500, 1e9);
    expect([bucket.available(1e9), bucket.waitMs(1e9)]).toEqual([0, above.waitMs(1e9)]);
    expect(above.waitMs(1e9)).toBeGreaterThan(0);
  });
});
