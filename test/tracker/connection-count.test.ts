import { expect, test } from "vitest";
import { ConnectionCount, isLoopback } from "../../tracker/connection-count.ts";

test("one address has its share, all have theirs, and what leaves makes room", () => {
  const count = new ConnectionCount(5, 2);
  expect([1, 2, 3].map(() => count.enter("10.0.0.1"))).toEqual([true, true, false]);
  expect([1, 2, 3].map(() => count.enter("10.0.0.2"))).toEqual([true, true, false]);
  expect([count.enter("10.0.0.3"), count.enter("10.0.0.4")]).toEqual([true, false]);
  count.leave("10.0.0.1");
  count.leave("10.0.0.9");
  expect(count.size).toBe(4);
  expect([count.enter("10.0.0.1"), count.size]).toEqual([true, 5]);
});

test("loopback may have all there is, and no more", () => {
  const count = new ConnectionCount(3, 1);
  expect([1, 2, 3, 4].map(() => count.enter("127.0.0.1"))).toEqual([true, true, true, false]);
});

test.for([
  ["127.0.0.1", true],
  ["127.255.0.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["128.0.0.1", false],
  ["127.evil.example", false],
  ["::2", false],
] as const)("%s is loopback: %s", ([host, loopback]) => {
  expect(isLoopback(host)).toBe(loopback);
});
