import { expect, it } from "vitest";
import { Agreements } from "../../source/engine/agreements.ts";
import { AGREEMENTS_AN_ADDRESS, AGREEMENTS_PER_SECOND } from "../../source/engine/limits.ts";

/** How many of so many begin. */
function begun(agreements: Agreements, count: number, hostOf: (n: number) => string, now = 0): number {
  return Array.from({ length: count }, (_, n) => agreements.mayBegin(hostOf(n), now)).filter(Boolean).length;
}

it.each([
  ["addresses", (n: number) => `192.0.2.${n}`, AGREEMENTS_PER_SECOND],
  ["IPv6 networks", (n: number) => `2001:db8:0:${n}::1`, AGREEMENTS_PER_SECOND],
  ["loopback peers", () => "127.0.0.1", AGREEMENTS_PER_SECOND],
  ["handshakes of one address", () => "192.0.2.1", AGREEMENTS_AN_ADDRESS],
  ["addresses of one IPv6 network", (n: number) => `2001:db8::${n}`, AGREEMENTS_AN_ADDRESS],
])("of many %s so many are answered in a second, and as many in the next", (_, hostOf, limit) => {
  for (const [count, expected] of [
    [limit - 1, limit - 1],
    [limit, limit],
    [limit + 1, limit],
  ] as const) {
    const agreements = new Agreements();
    expect(begun(agreements, count, hostOf)).toBe(expected);
    expect(begun(agreements, limit + 1, hostOf, 1_000)).toBe(limit);
  }
});

it("who floods leaves the others theirs", () => {
  const agreements = new Agreements();
  begun(agreements, 1_000, () => "192.0.2.1");
  expect(agreements.mayBegin("192.0.2.2", 999)).toBe(true);
});
