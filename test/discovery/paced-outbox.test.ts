import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PacedOutbox } from "../../source/discovery/paced-outbox.ts";
import type { ClientMessage } from "../../source/protocol/channel/messages.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** 80 % of what a tracker allows at once, and in a second. */
const BURST = 160;
const PER_SECOND = 8;

const HAVE: ClientMessage = { type: "have", infoHash: "a".repeat(40) as InfoHashHex, pieces: "" };
const UPDATE: ClientMessage = { type: "update", infoHash: "a".repeat(40) as InfoHashHex, gained: [1], lost: [] };

/** An outbox whose frames are kept by their type. */
function outbox(owed: (updates: boolean) => Iterable<ClientMessage> = () => []) {
  const sent: string[] = [];
  const send = (frame: string) => void sent.push((JSON.parse(frame) as ClientMessage).type);
  return { outbox: new PacedOutbox({ gatherMs: 250, send, owed }), sent };
}

/** Owes `count` messages, each until it was sent. */
function debt(count: number) {
  const owed = { left: count };
  return {
    owed,
    *messages() {
      while (owed.left > 0) {
        yield HAVE;
        owed.left--;
      }
    },
  };
}

test("what is posted goes out at once, before what is owed", () => {
  const { owed, messages } = debt(2);
  const { outbox: out, sent } = outbox(messages);
  out.open();
  out.post({ type: "peers", id: 1 });
  expect(sent).toEqual(["peers", "have", "have"]);
  expect(owed.left).toBe(0);
});

test("updates wait for the flush, of which there is one at a time", () => {
  let left = 1;
  const { outbox: out, sent } = outbox(function* (updates) {
    if (!updates || left === 0) return;
    yield UPDATE;
    left--;
  });
  out.open();
  out.flushLater();
  out.flushLater();
  out.pump();
  vi.advanceTimersByTime(249);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual(["update"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("no more goes out at once than the tracker allows; the rest follows by itself, and nothing twice", () => {
  const { owed, messages } = debt(BURST + 20);
  const { outbox: out, sent } = outbox(messages);
  out.open();
  out.pump();
  expect(sent).toHaveLength(BURST);
  expect(owed.left).toBe(20);
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(BURST + PER_SECOND);
  vi.advanceTimersByTime(10_000);
  expect(sent).toHaveLength(BURST + 20);
  expect(vi.getTimerCount()).toBe(0);
});

test("requests that found no room go before what is owed, in their order", () => {
  const frames: string[] = [];
  const { messages } = debt(BURST);
  const out = new PacedOutbox({ gatherMs: 250, send: (frame) => void frames.push(frame), owed: messages });
  out.open();
  out.pump();
  out.post({ type: "peers", id: 1 });
  out.post({ type: "peers", id: 2 });
  expect(frames).toHaveLength(BURST);
  vi.advanceTimersByTime(1_000);
  expect(frames.slice(BURST)).toEqual(['{"type":"peers","id":1}', '{"type":"peers","id":2}']);
});

test("while it is closed nothing goes out, and what was posted before is lost with the connection", () => {
  const { owed, messages } = debt(BURST);
  const { outbox: out, sent } = outbox(messages);
  out.post({ type: "peers", id: 1 });
  out.pump();
  out.flushLater();
  expect([sent.length, vi.getTimerCount()]).toEqual([0, 0]);

  out.open();
  out.pump();
  out.post({ type: "peers", id: 2 });
  out.close();
  expect(vi.getTimerCount()).toBe(0);
  owed.left = 1;
  out.pump();
  expect(sent).toHaveLength(BURST);

  // The next connection counts from zero.
  out.open();
  out.pump();
  expect(sent.slice(BURST)).toEqual(["have"]);
});
