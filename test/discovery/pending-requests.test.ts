import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_PENDING, PendingRequests } from "../../source/discovery/pending-requests.ts";
import { TrackerError } from "../../source/protocol/errors.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Requests whose ids are kept as they are sent. */
function requests() {
  const sent: number[] = [];
  return { pending: new PendingRequests("host:1", 30_000), sent, send: (id: number) => void sent.push(id) };
}

test("each reply reaches the request that it names, in whatever order they come", async () => {
  const { pending, sent, send } = requests();
  const [a, b] = [pending.ask("peers", send), pending.ask("torrent", send)];
  expect(new Set(sent).size).toBe(2);
  pending.reply({ type: "torrent", re: sent[1]!, torrent: "AA==" });
  pending.reply({ type: "peers", re: sent[0]!, peers: [] });
  expect((await b).torrent).toBe("AA==");
  expect((await a).peers).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a reply of another type is malformed", async () => {
  const { pending, sent, send } = requests();
  const asked = pending.ask("holders", send);
  pending.reply({ type: "peers", re: sent[0]!, peers: [] });
  await expect(asked).rejects.toMatchObject({ code: "malformed", message: "host:1 answered holders with peers." });
});

test("a request without a reply fails when its time is over, and not before", async () => {
  const { pending, send } = requests();
  let error: unknown;
  pending.ask("peers", send).catch((caught: unknown) => (error = caught));
  await vi.advanceTimersByTimeAsync(29_999);
  expect(error).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(error).toMatchObject({ code: "timeout", message: "host:1 did not answer within 30 s." });
});

test("replies and errors to what nobody asked, or no longer asks, are dropped", async () => {
  const { pending, sent, send } = requests();
  pending.reply({ type: "peers", re: 0, peers: [] });
  pending.fail(7, new TrackerError("refused", "no"));
  const asked = pending.ask("peers", send);
  pending.reply({ type: "peers", re: sent[0]!, peers: [] });
  pending.reply({ type: "torrent", re: sent[0]!, torrent: "" });
  pending.fail(sent[0]!, new TrackerError("refused", "no"));
  expect((await asked).peers).toEqual([]);
});

test("an error ends its own request only", async () => {
  const { pending, sent, send } = requests();
  const [a, b] = [pending.ask("peers", send), pending.ask("peers", send)];
  pending.fail(sent[0]!, new TrackerError("no-holder", "nobody"));
  pending.reply({ type: "peers", re: sent[1]!, peers: [] });
  await expect(a).rejects.toMatchObject({ code: "no-holder", message: "nobody" });
  await b;
});

test("one more than may wait is not sent, and a place is free as soon as one ends", async () => {
  const { pending, sent, send } = requests();
  const asked = Array.from({ length: MAX_PENDING }, () => pending.ask("peers", send));
  await expect(pending.ask("peers", send)).rejects.toMatchObject({ code: "timeout" });
  expect(sent).toHaveLength(MAX_PENDING);
  pending.reply({ type: "peers", re: sent[0]!, peers: [] });
  asked.push(pending.ask("peers", send));
  expect(sent).toHaveLength(MAX_PENDING + 1);

  pending.failAll(new TrackerError("unreachable", "gone."));
  const results = await Promise.allSettled(asked);
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(MAX_PENDING);
  expect(vi.getTimerCount()).toBe(0);
});
