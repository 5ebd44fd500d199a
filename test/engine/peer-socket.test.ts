import { createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { UNREAD_MS } from "../../source/engine/limits.ts";
import { PeerSocket } from "../../source/engine/peer-socket.ts";
import { takeOver } from "../../source/engine/socket-reading.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { toInfoHash } from "../../source/protocol/ids.ts";
import type { PeerMessage } from "../../source/protocol/peer/messages.ts";
import { handshakeFor, RawPeer } from "./support.ts";

const HELLO = handshakeFor(toInfoHash(new Uint8Array(20)));
const have = (index: number) => Uint8Array.of(0, 0, 0, 5, 4, 0, 0, 0, index);

/** A peer socket on one end and a raw peer on the other. */
async function pair(downLimit = new TokenBucket(0)) {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => accepted.resolve(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const raw = new RawPeer((server.address() as { port: number }).port);
  const messages: PeerMessage[] = [];
  const closed: string[] = [];
  const ended = Promise.withResolvers<void>();
  let wake = () => undefined as void;
  let reader: PeerSocket | undefined;
  const peer = new PeerSocket(
    takeOver(await accepted.promise, () => reader)!,
    {
      gotMessage: (message) => {
        if (message.type === "handshake") peer.connection.bind(100);
        messages.push(message);
        wake();
      },
      closed: (reason) => {
        closed.push(reason);
        ended.resolve();
      },
    },
    downLimit,
  );
  reader = peer;
  onTestFinished(() => {
    peer.close("the test is over");
    server.close();
  });
  const heard = async (count: number) => {
    while (messages.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return messages;
  };
  return { peer, raw, messages, closed, heard, ended: ended.promise };
}

describe("a peer socket", () => {
  it("hands on messages as they come, however they are cut", async () => {
    const { raw, heard, peer } = await pair();
    raw.say(HELLO, have(1).subarray(0, 6), have(1).subarray(6), Buffer.concat([have(2), have(3)]));
    expect((await heard(4)).map(({ type }) => type)).toEqual(["handshake", "have", "have", "have"]);
    expect(peer.address.host).toBe("127.0.0.1");
  });

  it("closes with the reason when the peer breaks the protocol, and hears nothing more", async () => {
    const { raw, messages, closed, ended } = await pair();
    raw.say(Buffer.concat([HELLO, have(100), have(1)]));
    await Promise.all([ended, raw.closed]);
    expect(closed).toEqual(["piece 100 of a torrent of 100 pieces"]);
    expect(messages).toHaveLength(1);
  });

  it("tells once that it is closed, whoever closes and however often", async () => {
    const { peer, closed, raw } = await pair();
    peer.close("enough");
    peer.close("again");
    await raw.closed;
    expect(closed).toEqual(["enough"]);
    const other = await pair();
    other.raw.socket.destroy();
    await other.ended;
    expect(other.closed).toEqual(["it closed the connection"]);
  });

  it("still sends what was said before it is closed", async () => {
    const { peer, raw } = await pair();
    peer.send({ type: "have", index: 7 });
    peer.close("done");
    await raw.closed;
    expect([...raw.received]).toEqual([...have(7)]);
  });

  it("keeps the order of messages and of what is written behind them", async () => {
    const { peer, raw } = await pair();
    peer.send({ type: "have", index: 1 });
    peer.write(have(2), () => undefined);
    peer.send({ type: "have", index: 3 });
    expect([...(await raw.heard(27))]).toEqual([...have(1), ...have(2), ...have(3)]);
  });

  it("calls back for what has left, and for what can never leave", async () => {
    const { peer, raw, ended } = await pair();
    expect(await new Promise((resolve) => peer.write(have(1), resolve))).toBe(true);
    raw.socket.pause();
    const unread = new Promise((resolve) => peer.write(new Uint8Array(16_000_000), resolve));
    raw.socket.destroy();
    await ended;
    expect(await unread).toBe(false);
    expect(await new Promise((resolve) => peer.write(have(1), resolve))).toBe(false);
  });

  it("closes a peer that asks and never reads what it is told", async () => {
    const { peer, raw, closed } = await pair();
    raw.socket.pause();
    const reject = { type: "reject", index: 0, begin: 0, length: 16_384 } as const;
    while (closed.length === 0) {
      for (let i = 0; i < 10_000; i++) peer.send(reject);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(closed).toEqual(["it does not read what is sent to it"]);
  });

  it.each([
    [UNREAD_MS - 1, []],
    [UNREAD_MS, ["it does not read what it asked for"]],
    [UNREAD_MS + 1, ["it does not read what it asked for"]],
  ])("that was sent a batch of which nothing was read for %d ms is closed: %j", async (ms, expected) => {
    const { peer, raw, closed } = await pair();
    raw.socket.pause();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    peer.write(new Uint8Array(16_000_000), () => undefined);
    vi.advanceTimersByTime(ms);
    expect(closed).toEqual(expected);
  });

  it("is not closed for a pause of its own: who reads each batch, however late, stays", async () => {
    const { peer, closed } = await pair();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve) => peer.write(have(1), () => resolve()));
      vi.advanceTimersByTime(UNREAD_MS - 1_000);
    }
    expect(closed).toEqual([]);
  });

  it("does not read while the disk or the limit says so, and goes on when both are over", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const limit = new TokenBucket(0);
    const { raw, heard, peer, messages } = await pair(limit);
    raw.say(HELLO);
    await heard(1);
    limit.bytesPerSecond = 1_000;
    limit.take(1e6, performance.now());
    raw.say(have(1));
    await heard(2);
    raw.say(have(2));
    vi.advanceTimersByTime(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(messages).toHaveLength(2);
    peer.brake.pause("disk");
    limit.bytesPerSecond = 0;
    vi.advanceTimersByTime(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(messages).toHaveLength(2);
    peer.brake.resume("disk");
    await heard(3);
  });
});
