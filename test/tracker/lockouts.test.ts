import { expect, test } from "vitest";
import { LOCKOUT_MS, LOCKOUT_REMEMBERED_MS, MAX_LOCKOUTS, MAX_LOCKOUT_MS } from "../../tracker/limits.ts";
import { Lockouts } from "../../tracker/lockouts.ts";

test("a network that flooded is refused for 10 s, then twice as long each time, 10 min at most", () => {
  const lockouts = new Lockouts();
  let now = 0;
  for (const ms of [LOCKOUT_MS, 20_000, 40_000, 80_000, 160_000, 320_000, MAX_LOCKOUT_MS, MAX_LOCKOUT_MS]) {
    expect(lockouts.add("a", now)).toBe(ms);
    expect(lockouts.refuses("a", now + ms - 1)).toBe(true);
    expect(lockouts.refuses("b", now + ms - 1)).toBe(false);
    now += ms;
    expect(lockouts.refuses("a", now)).toBe(false);
  }
  expect(lockouts.refused).toBe(8);
});

test("several connections that flood at once count once", () => {
  const lockouts = new Lockouts();
  expect(lockouts.add("a", 0)).toBe(LOCKOUT_MS);
  expect(lockouts.add("a", 1)).toBe(LOCKOUT_MS - 1);
  expect(lockouts.refuses("a", LOCKOUT_MS)).toBe(false);
});

test("who keeps the rules for 10 min afterwards begins anew", () => {
  const lockouts = new Lockouts();
  lockouts.add("a", 0);
  lockouts.forget(LOCKOUT_MS + LOCKOUT_REMEMBERED_MS - 1);
  expect(lockouts.size).toBe(1);
  lockouts.forget(LOCKOUT_MS + LOCKOUT_REMEMBERED_MS);
  expect(lockouts.size).toBe(0);
  expect(lockouts.add("a", LOCKOUT_MS + LOCKOUT_REMEMBERED_MS)).toBe(LOCKOUT_MS);
});

test("10 000 networks are remembered, and the one that flooded longest ago goes for one more", () => {
  const lockouts = new Lockouts();
  for (let n = 0; n < MAX_LOCKOUTS; n++) lockouts.add(String(n), 0);
  lockouts.add("0", LOCKOUT_MS);
  lockouts.add("one more", LOCKOUT_MS);
  expect(lockouts.size).toBe(MAX_LOCKOUTS);
  expect(lockouts.add("0", 3 * LOCKOUT_MS)).toBe(4 * LOCKOUT_MS);
  expect(lockouts.add("1", 3 * LOCKOUT_MS)).toBe(LOCKOUT_MS);
});
