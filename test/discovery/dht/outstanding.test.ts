import { expect, test } from "vitest";
import { ANSWER_MS, MAX_OUTSTANDING, SLOW_MS } from "../../../source/discovery/dht/limits.ts";
import { Outstanding } from "../../../source/discovery/dht/outstanding.ts";
import { toNodeId } from "../../../source/protocol/dht/node-id.ts";
import { seededRandom } from "../../helpers/simulation.ts";

const THERE = { host: "192.0.2.1", port: 6881 };
const ANSWER = {
  type: "response",
  transaction: new Uint8Array(2),
  id: toNodeId(new Uint8Array(20)),
  nodes: [],
  peers: [],
  token: undefined,
  seenAs: undefined,
} as const;

function ask(outstanding: Outstanding, now = 0, to = THERE) {
  const heard: string[] = [];
  const hears = {
    answered: () => heard.push("answered"),
    failed: () => heard.push("failed"),
    slow: () => heard.push("slow"),
  };
  return { transaction: outstanding.add(to, hears, now), heard };
}

test("an answer is taken once, by its transaction and from whom it was asked", () => {
  const outstanding = new Outstanding(seededRandom(1));
  const { transaction, heard } = ask(outstanding);
  expect(transaction).toHaveLength(2);
  expect(outstanding.take(transaction, { ...THERE, port: 1 })).toBeUndefined();
  expect(outstanding.take(transaction, { ...THERE, host: "192.0.2.2" })).toBeUndefined();
  expect(outstanding.take(Uint8Array.of(0, ...transaction), THERE)).toBeUndefined();
  expect(outstanding.take(transaction.subarray(1), THERE)).toBeUndefined();
  outstanding.take(transaction, THERE)!.answered(ANSWER);
  expect(outstanding.take(transaction, THERE)).toBeUndefined();
  outstanding.tick(ANSWER_MS);
  expect(heard).toEqual(["answered"]);
});

test("a question is slow, and later it has failed, each once and not before", () => {
  const outstanding = new Outstanding(seededRandom(2));
  const first = ask(outstanding, 0);
  const second = ask(outstanding, 100);
  expect(outstanding.nextTick()).toBe(SLOW_MS);
  outstanding.tick(SLOW_MS - 1);
  expect(first.heard).toEqual([]);
  outstanding.tick(SLOW_MS);
  outstanding.tick(SLOW_MS + 1);
  expect([first.heard, second.heard]).toEqual([["slow"], []]);
  expect(outstanding.nextTick()).toBe(SLOW_MS + 100);
  outstanding.tick(ANSWER_MS - 1);
  expect(outstanding.nextTick()).toBe(ANSWER_MS);
  outstanding.tick(ANSWER_MS);
  expect([first.heard, second.heard]).toEqual([["slow", "failed"], ["slow"]]);
  outstanding.tick(ANSWER_MS + 100);
  expect(second.heard).toEqual(["slow", "failed"]);
  expect(outstanding.nextTick()).toBeUndefined();
});

test("transactions of questions on their way differ, and there are so many at most", () => {
  // A chance that repeats itself.
  let calls = 0;
  const outstanding = new Outstanding(() => (Math.floor(calls++ / 2) % 1_000) / 1_000);
  const seen = new Set(Array.from({ length: MAX_OUTSTANDING }, () => String(ask(outstanding).transaction)));
  expect(seen.size).toBe(MAX_OUTSTANDING);
  expect(outstanding.hasRoom).toBe(false);
  outstanding.tick(ANSWER_MS);
  expect(outstanding.hasRoom).toBe(true);
});
