import { expect, test } from "vitest";
import { FloodGuard } from "../../../source/discovery/dht/flood-guard.ts";
import {
  ANSWER_BYTES_BURST,
  ANSWER_BYTES_PER_SECOND,
  MAX_COUNTED,
  PINGS_BURST,
  READ_ALL_BURST,
  READ_BURST,
  READ_PER_SECOND,
} from "../../../source/discovery/dht/limits.ts";

const at = (n: number, port = 6881) => ({ host: `70.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port });
const times = (count: number, act: () => boolean) => Array.from({ length: count }, act).filter(Boolean).length;

test("an address is read so often at once and so often a second, from whatever port", () => {
  const guard = new FloodGuard(0);
  expect(times(READ_BURST, () => guard.mayRead(at(1), 0))).toBe(READ_BURST);
  expect(guard.mayRead(at(1, 7), 0)).toBe(false);
  expect(guard.mayRead(at(2), 0)).toBe(true);
  expect(times(100, () => guard.mayRead(at(1), 1_000))).toBe(READ_PER_SECOND);
});

test("a flood of one address takes nothing from the others", () => {
  const guard = new FloodGuard(0);
  for (let i = 0; i < 10 * READ_ALL_BURST; i++) guard.mayRead(at(1), 0);
  expect(guard.mayRead(at(2), 0)).toBe(true);
});

test("all together are read so often", () => {
  const guard = new FloodGuard(0);
  let n = 0;
  expect(times(READ_ALL_BURST + 500, () => guard.mayRead(at(n++), 0))).toBe(READ_ALL_BURST);
});

test("on one's own machine each port is somebody else", () => {
  const guard = new FloodGuard(0);
  const local = (port: number) => guard.mayRead({ host: "127.0.0.1", port }, 0);
  expect(times(READ_BURST + 5, () => local(1))).toBe(READ_BURST);
  expect(local(2)).toBe(true);
});

test("with more addresses than are counted the newcomers share one count, until the others have been quiet", () => {
  const guard = new FloodGuard(0);
  let now = 0;
  for (let i = 0; i < MAX_COUNTED; i++) guard.mayRead(at(i), (now += 1_000));
  const strangers = (from: number) => times(READ_BURST + 5, () => guard.mayRead(at(from++), now));
  expect(strangers(1_000_000)).toBe(READ_BURST);
  guard.tick(now + 60_000);
  now += 60_000;
  expect(strangers(2_000_000)).toBe(READ_BURST + 5);
});

test("answers are so many bytes a second, and none in part", () => {
  const guard = new FloodGuard(0);
  expect(guard.mayAnswer(ANSWER_BYTES_BURST, 0)).toBe(true);
  expect(guard.mayAnswer(1, 0)).toBe(false);
  expect(guard.mayAnswer(ANSWER_BYTES_PER_SECOND + 1, 1_000)).toBe(false);
  expect(guard.mayAnswer(ANSWER_BYTES_PER_SECOND, 1_000)).toBe(true);
});

test("so many are asked because somebody said so", () => {
  const guard = new FloodGuard(0);
  expect(times(PINGS_BURST + 9, () => guard.mayPing(0))).toBe(PINGS_BURST);
});
