import { describe, expect, it } from "vitest";
import { RateMeter } from "../../source/swarm/rate-meter.ts";

describe("a rate meter", () => {
  it("comes to the rate of a steady stream", () => {
    const meter = new RateMeter();
    for (let now = 0; now <= 30_000; now += 10) meter.add(1_000, now);
    expect(meter.bytesPerSecond(30_000)).toBeGreaterThan(98_000);
    expect(meter.bytesPerSecond(30_000)).toBeLessThan(102_000);
    expect(meter.totalBytes).toBe(3_001_000);
  });

  it("falls by 1/e in 3 s, and to 0 after 5 s without a byte", () => {
    const meter = new RateMeter();
    meter.add(3_000_000, 1_000);
    const before = meter.bytesPerSecond(1_000);
    expect(meter.bytesPerSecond(4_000)).toBeCloseTo(before / Math.E, 0);
    expect(meter.bytesPerSecond(6_000)).toBeGreaterThan(0);
    expect(meter.bytesPerSecond(6_001)).toBe(0);
    expect(meter.totalBytes).toBe(3_000_000);
  });

  it("is 0 before anything came, and does not mind a clock that stands still", () => {
    const meter = new RateMeter();
    expect(meter.bytesPerSecond(5_000)).toBe(0);
    meter.add(3_000, 5_000);
    meter.add(3_000, 5_000);
    expect(meter.bytesPerSecond(5_000)).toBe(2_000);
    expect(meter.bytesPerSecond(4_000)).toBe(2_000);
  });
});
