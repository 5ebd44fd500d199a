import { describe, expect, it } from "vitest";
import { RateMeter } from "../../source/swarm/rate-meter.ts";

describe("a rate meter", () => {
  it.each([1_000, 3_000, 30_000])("knows the rate of a steady stream after %d ms", (lengthMs) => {
    const meter = new RateMeter();
    for (let now = 7_000; now <= 7_000 + lengthMs; now += 10) meter.add(1_000, now);
    expect(meter.bytesPerSecond(7_000 + lengthMs) / 100_000).toBeCloseTo(1, 1);
    expect(meter.totalBytes).toBe(100 * lengthMs + 1_000);
  });

  it("falls to 1/e in 3 s, and to 0 after 5 s without a byte", () => {
    const meter = new RateMeter();
    for (let now = 0; now <= 60_000; now += 10) meter.add(1_000, now);
    const before = meter.bytesPerSecond(60_000);
    expect(meter.bytesPerSecond(63_000)).toBeCloseTo(before / Math.E, 0);
    expect(meter.bytesPerSecond(65_000)).toBeGreaterThan(0);
    expect(meter.bytesPerSecond(65_001)).toBe(0);
  });

  it("takes no burst for a rate, and begins anew after a rest", () => {
    const meter = new RateMeter();
    meter.add(16_384, 1_000);
    expect(meter.bytesPerSecond(1_000)).toBeLessThan(2.2 * 16_384);
    meter.add(16_384, 100_000);
    expect(meter.bytesPerSecond(100_000)).toBeCloseTo(meter.bytesPerSecond(100_500) * Math.exp(500 / 3_000), 0);
    expect(meter.bytesPerSecond(100_000)).toBeGreaterThan(16_384);
  });

  it("is 0 at once when it rests, and then begins anew", () => {
    const meter = new RateMeter();
    for (let now = 0; now <= 10_000; now += 10) meter.add(1_000, now);
    meter.rest();
    expect(meter.bytesPerSecond(10_000)).toBe(0);
    meter.add(3_000, 10_010);
    const fresh = new RateMeter();
    fresh.add(3_000, 10_010);
    expect(meter.bytesPerSecond(10_510)).toBeCloseTo(fresh.bytesPerSecond(10_510));
    expect(meter.totalBytes).toBe(1_004_000);
  });

  it("is 0 before anything came, and does not mind a clock that stands still", () => {
    const meter = new RateMeter();
    expect(meter.bytesPerSecond(5_000)).toBe(0);
    meter.add(3_000, 5_000);
    meter.add(3_000, 5_000);
    const rate = meter.bytesPerSecond(5_000);
    expect(Math.round(rate)).toBe(13_028);
    expect(meter.bytesPerSecond(4_000)).toBe(rate);
  });
});
