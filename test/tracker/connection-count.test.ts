import { expect, test } from "vitest";
import { ConnectionCount } from "../../tracker/connection-count.ts";

test("one network has its share, all have theirs, and what leaves makes room", () => {
  const count = new ConnectionCount(5, 2);
  const enter = (network: string) => count.enter(network, false);
  expect([1, 2, 3].map(() => enter("10.0.0.1"))).toEqual([true, true, false]);
  expect([1, 2, 3].map(() => enter("10.0.0.2"))).toEqual([true, true, false]);
  expect([enter("10.0.0.3"), enter("10.0.0.4")]).toEqual([true, false]);
  count.leave("10.0.0.1");
  count.leave("10.0.0.9");
  expect(count.size).toBe(4);
  expect([enter("10.0.0.1"), count.size]).toEqual([true, 5]);
});

test("who is exempt may have all there is, and no more", () => {
  const count = new ConnectionCount(3, 1);
  expect([1, 2, 3, 4].map(() => count.enter("127.0.0.1", true))).toEqual([true, true, true, false]);
});
