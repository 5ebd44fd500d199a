import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { incomingEncryption } from "../../source/engine/encryption.ts";
import { FIRST_BYTE_MS, HANDSHAKE_MS, LEAST_WAIT_MS, MAX_WAITING_INBOUND } from "../../source/engine/limits.ts";
import { Listener, type ListenerOptions } from "../../source/engine/listener.ts";
import type { PeerSocket } from "../../source/engine/peer-socket.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { toHex, toInfoHash } from "../../source/protocol/ids.ts";
import { handshakeFor, RawPeer } from "./support.ts";

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(7));

async function listen(options: Partial<ListenerOptions> = {}) {
  const heard: PeerSocket[] = [];
  const listener = await Listener.open(0, {
    host: "127.0.0.1",
    downLimit: new TokenBucket(0),
    encrypt: incomingEncryption(() => INFO_HASH),
    hasRoom: () => true,
    gotHandshake: (socket) => void heard.push(socket),
    ...options,
  });
  onTestFinished(async () => {
    for (const socket of heard) socket.close("the test is over");
    await listener.close();
  });
  return { listener, heard, peer: () => new RawPeer(listener.port) };
}

const connected = (peer: RawPeer) => new Promise<void>((resolve) => peer.socket.once("connect", () => resolve()));

afterEach(() => void vi.useRealTimers());

describe("a listener", () => {
  it("hands over a peer with its handshake, also when that comes byte by byte", async () => {
    const got = Promise.withResolvers<string>();
    const { peer } = await listen({
      gotHandshake: (socket, { infoHash }) => {
        got.resolve(toHex(infoHash));
        socket.close("heard");
      },
    });
    const slow = peer();
    await connected(slow);
    for (const byte of handshakeFor(INFO_HASH)) slow.say(Uint8Array.of(byte));
    expect(await got.promise).toBe(toHex(INFO_HASH));
    await slow.closed;
  });

  it.each([
    ["HTTP", "GET /announce HTTP/1.1\r\n\r\n"],
    ["TLS", Uint8Array.of(0x16, 3, 1, 2, 0, 1)],
    ["a public key that is none", new Uint8Array(96).fill(255)],
    ["another protocol of the same length", "\x13BitTorrent Protocol"],
  ])("closes at once who says %s, and answers nothing", async (_, bytes) => {
    const { peer, heard } = await listen();
    const stranger = peer();
    stranger.say(bytes);
    await stranger.closed;
    expect([stranger.received.length, heard.length]).toEqual([0, 0]);
  });

  it("closes who says nothing for 5 s, and who takes longer than 10 s for its handshake", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { peer, listener } = await listen();
    const mute = peer();
    const slow = peer();
    await Promise.all([connected(mute), connected(slow)]);
    slow.say("\x13Bit");
    const garbage = peer();
    garbage.say(Uint8Array.of(0, 1, 2, 3));
    const halfEncrypted = peer();
    halfEncrypted.say(new Uint8Array(96).fill(7));
    // Its own key, and no more.
    await halfEncrypted.heard(96);
    const probe = peer();
    probe.say("GET / HTTP/1.1\r\n");
    await probe.closed;
    vi.advanceTimersByTime(FIRST_BYTE_MS);
    await mute.closed;
    expect(slow.socket.closed).toBe(false);
    vi.advanceTimersByTime(HANDSHAKE_MS - FIRST_BYTE_MS);
    await Promise.all([slow.closed, garbage.closed, halfEncrypted.closed]);
    expect(listener.port).toBeGreaterThan(0);
  });

  it("refuses a 33rd connection that says nothing, and closes the oldest when that has had its time", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { peer } = await listen();
    const all: RawPeer[] = [];
    for (let i = 0; i < MAX_WAITING_INBOUND; i++) {
      const one = peer();
      await connected(one);
      all.push(one);
    }
    await peer().closed;
    expect(all.filter(({ socket }) => socket.closed)).toEqual([]);
    vi.advanceTimersByTime(LEAST_WAIT_MS);
    all.push(peer());
    await all[0]!.closed;
    expect(all.slice(1).filter(({ socket }) => socket.closed)).toEqual([]);
  });

  it("turns everybody away while there is no room", async () => {
    const { peer, heard } = await listen({ hasRoom: () => false });
    const late = peer();
    late.say(handshakeFor(INFO_HASH));
    await late.closed;
    expect(heard).toEqual([]);
  });

  it("takes the next free port when its own is taken", async () => {
    const { listener } = await listen();
    const second = await Listener.open(listener.port, {
      host: "127.0.0.1",
      downLimit: new TokenBucket(0),
      encrypt: incomingEncryption(() => undefined),
      hasRoom: () => true,
      gotHandshake: (socket) => socket.close(""),
    });
    expect(second.port).toBeGreaterThan(listener.port);
    await second.close();
  });

  it("ends although connections wait for their handshake, also such as it has not yet been told of", async () => {
    const { listener, peer } = await listen();
    const waiting = peer();
    await connected(waiting);
    const justNow = peer();
    await connected(justNow);
    await listener.close();
    await Promise.all([waiting.closed, justNow.closed]);
  });
});
