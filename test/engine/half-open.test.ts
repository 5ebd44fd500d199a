// How many dials may be under way at once: with sockets that never connect, which no real address of this machine offers.
import { EventEmitter } from "node:events";
import { expect, it, onTestFinished, vi } from "vitest";
import { Dialer } from "../../source/engine/dialer.ts";
import { CONNECT_MS, DIALS_PER_SECOND, MAX_HALF_OPEN } from "../../source/engine/limits.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { toInfoHash } from "../../source/protocol/ids.ts";
import { peerIdOf } from "./support.ts";

const sockets = vi.hoisted(() => [] as { destroy: (error: Error) => void }[]);

vi.mock("node:net", async (original) => ({
  ...(await original<typeof import("node:net")>()),
  connect: () => {
    const socket = Object.assign(new EventEmitter(), { destroy: (error: Error) => socket.emit("error", error) });
    sockets.push(socket);
    return socket;
  },
}));

it.each([
  [MAX_HALF_OPEN - 1, MAX_HALF_OPEN - 1],
  [MAX_HALF_OPEN, MAX_HALF_OPEN],
  [MAX_HALF_OPEN + 1, MAX_HALF_OPEN],
])("of %d dials that nobody answers %d are begun, 20 a second, and the others as those fail", (wanted, begun) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  sockets.length = 0;
  const dialer = new Dialer(new TokenBucket(0));
  onTestFinished(() => {
    dialer.close();
    vi.useRealTimers();
  });
  const failed: string[] = [];
  const handshake = { type: "handshake", infoHash: toInfoHash(new Uint8Array(20)), peerId: peerIdOf("us") } as const;
  for (let n = 0; n < wanted; n++) {
    dialer.dial({
      isUrgent: true,
      address: { host: "192.0.2.1", port: n + 1 },
      handshake: { ...handshake, fast: true, extended: true, dht: false },
      connected: () => undefined,
      failed: (reason) => void failed.push(reason),
    });
  }
  for (let second = 1; second * DIALS_PER_SECOND < MAX_HALF_OPEN; second++) {
    expect(sockets).toHaveLength(second * DIALS_PER_SECOND);
    vi.advanceTimersByTime(1_000);
  }
  expect(sockets).toHaveLength(begun);
  vi.advanceTimersByTime(CONNECT_MS);
  expect(sockets).toHaveLength(wanted);
  vi.advanceTimersByTime(CONNECT_MS);
  expect(failed).toEqual(Array(wanted).fill("no answer within 10 s"));
});
