import { expect, test } from "vitest";
import { helloSchema, parseRequest } from "../../source/control/messages.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";

test("subscribe, events and commands are told apart", () => {
  expect(parseRequest({ id: 1, method: "subscribe" })).toEqual({ id: 1, method: "subscribe" });
  expect(parseRequest({ id: 2, method: "events", params: {} })).toEqual({ id: 2, method: "events" });
  expect(parseRequest({ id: 3, method: "pause", params: { infoHash: HASH } })).toEqual({
    id: 3,
    method: "command",
    command: { method: "pause", infoHash: HASH },
  });
});

test("params cannot say another method than the request's", () => {
  expect(parseRequest({ id: 1, method: "complete-path", params: { method: "stop", prefix: "/" } })).toEqual({
    id: 1,
    method: "command",
    command: { method: "complete-path", prefix: "/" },
  });
});

test.for([
  undefined,
  null,
  7,
  "stop",
  [],
  {},
  { method: "stop" },
  { id: "1", method: "stop" },
  { id: 1 },
  { id: 1, method: 3 },
])("%j is no request", (value) => {
  expect(parseRequest(value)).toEqual({ id: undefined, error: "a request has an id and a method" });
});

test.for([
  ["dance", {}, "dance"],
  ["pause", { infoHash: "ABC" }, "infoHash"],
  ["pause", {}, "infoHash"],
  ["push", { target: "a", count: 0 }, "count"],
  ["push", { target: "a", count: 1.5 }, "count"],
  ["download", { target: "" }, "target"],
  ["download", { target: "x".repeat(8193) }, "target"],
  ["download", { target: "a", peers: Array.from({ length: 201 }, () => "h:1") }, "peers"],
  ["set-limits", { downBytesPerSecond: -1 }, "downBytesPerSecond"],
  ["remove", { infoHash: HASH }, "withData"],
] as const)("%s with %j is refused by name, with its id", ([method, params, names]) => {
  const answer = parseRequest({ id: 9, method, params });
  expect(answer).toMatchObject({ id: 9, error: expect.stringContaining(names) as unknown });
  expect(answer).not.toHaveProperty("command");
});

test("a hello says version, protocol and process", () => {
  expect(helloSchema.safeParse({ sta: "0.1.0", protocol: 1, pid: 2, more: true }).success).toBe(true);
  expect(helloSchema.safeParse({ sta: "0.1.0" }).success).toBe(false);
});
