import type { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { ChannelLine, isGoodbye } from "../../tracker/channel-line.ts";
import { CHANNEL_BYTES_PER_SECOND, CHANNEL_BYTE_BURST, MAX_QUEUED_BYTES, REJECTED_MS } from "../../tracker/limits.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A line whose socket only remembers what is done to it. */
function openLine() {
  const done: string[] = [];
  const sent: (() => void)[] = [];
  let now = 0;
  const socket = {
    OPEN: 1,
    readyState: 1,
    isPaused: false,
    pause: () => (socket.isPaused = true),
    resume: () => (socket.isPaused = false),
    ping: () => done.push("ping"),
    terminate: () => {
      socket.readyState = 3;
      done.push("terminate");
    },
    close: (code: number, reason: string) => {
      socket.readyState = 2;
      done.push(`close ${code} ${reason}`);
    },
    send: (_frame: Buffer, _options: object, written: () => void) => sent.push(written),
  };
  const stream = { writableLength: 0, write: () => done.push("write") };
  const line = new ChannelLine(socket as unknown as WebSocket, stream as unknown as Duplex, () => now);
  const pass = (ms: number) => {
    now += ms;
    vi.advanceTimersByTime(ms);
  };
  return { line, socket, stream, done, sent, pass };
}

test.for([
  [MAX_QUEUED_BYTES - 1, "write"],
  [MAX_QUEUED_BYTES, "write"],
  [MAX_QUEUED_BYTES + 1, "terminate"],
] as const)("with %s bytes waiting for it, a broadcast is a %s", ([waiting, what]) => {
  const { line, stream, done } = openLine();
  stream.writableLength = waiting;
  line.broadcast(Buffer.from("x"));
  expect(done).toEqual([what]);
  expect(line.why).toBe(what === "terminate" ? "did not read" : undefined);
});

test("a long answer on its way is no queue, and counts as one no longer when it is written", async () => {
  const { line, stream, done, sent } = openLine();
  const written = line.sendBulk({ type: "torrent", re: 1, torrent: "x".repeat(2 * MAX_QUEUED_BYTES) });
  stream.writableLength = 3 * MAX_QUEUED_BYTES;
  line.broadcast(Buffer.from("x"));
  expect(done).toEqual(["write"]);
  sent[0]!();
  await written;
  line.broadcast(Buffer.from("x"));
  expect(done.at(-1)).toBe("terminate");
});

test("who is rejected is not read, and has a quarter of a second to hear why, in 123 bytes that can be shown", () => {
  const { line, socket, done, pass } = openLine();
  line.reject(`\u001b${"x".repeat(200)}`);
  expect(done).toEqual([`close 1008 ?${"x".repeat(122)}`]);
  expect(socket.isPaused).toBe(true);
  line.hold(false);
  expect(socket.isPaused).toBe(true);
  pass(REJECTED_MS - 1);
  expect(done).toHaveLength(1);
  pass(1);
  expect(done.at(-1)).toBe("terminate");
});

test("32 MiB are read at once, and then 4 MiB a second", () => {
  const { line, socket, pass } = openLine();
  expect(line.takes(CHANNEL_BYTE_BURST)).toBe(true);
  expect(socket.isPaused).toBe(false);
  line.takes(CHANNEL_BYTES_PER_SECOND);
  expect(socket.isPaused).toBe(true);
  pass(999);
  expect(socket.isPaused).toBe(true);
  pass(1);
  expect(socket.isPaused).toBe(false);
});

test("what is answered meanwhile has to be paid for as well", () => {
  const { line, socket, pass } = openLine();
  line.takes(CHANNEL_BYTE_BURST + CHANNEL_BYTES_PER_SECOND);
  void line.sendBulk({ type: "torrent", re: 1, torrent: "x".repeat(CHANNEL_BYTES_PER_SECOND / 2) });
  pass(1_000);
  expect(socket.isPaused).toBe(true);
  pass(501);
  expect(socket.isPaused).toBe(false);
});

test("it is read only while nobody holds it and it owes nothing", () => {
  const { line, socket, pass } = openLine();
  line.hold(true);
  expect(socket.isPaused).toBe(true);
  line.takes(CHANNEL_BYTE_BURST + CHANNEL_BYTES_PER_SECOND);
  line.hold(false);
  expect(socket.isPaused).toBe(true);
  line.hold(true);
  pass(1_000);
  expect(socket.isPaused).toBe(true);
  line.hold(false);
  expect(socket.isPaused).toBe(false);
});

test("the first reason counts", () => {
  const { line } = openLine();
  line.note("first");
  line.cut("second");
  expect(line.why).toBe("first");
});

test("a client that closes as it should has left", () => {
  expect([1000, 1001, 1006].map(isGoodbye)).toEqual([true, true, false]);
});
