import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Dial, Dialer } from "../../source/engine/dialer.ts";
import { DIALS_PER_SECOND, FIRST_BYTE_MS } from "../../source/engine/limits.ts";
import type { PeerSocket } from "../../source/engine/peer-socket.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { toHex, toInfoHash } from "../../source/protocol/ids.ts";
import { handshakeFor, peerIdOf } from "./support.ts";

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(7));
const ours = {
  type: "handshake",
  infoHash: INFO_HASH,
  peerId: peerIdOf("us"),
  fast: true,
  extended: true,
  dht: false,
} as const;

async function serve(accepted: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    accepted(socket.resume());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as { port: number }).port };
}

function newDialer(): Dialer {
  const dialer = new Dialer(new TokenBucket(0));
  onTestFinished(() => dialer.close());
  return dialer;
}

/** How a dial ended. */
function dialled(
  dialer: Dialer,
  port: number,
  isUrgent = true,
): Promise<{ socket?: PeerSocket; infoHash?: string; reason?: string }> {
  return new Promise((resolve) => {
    const dial: Dial = {
      address: { host: "127.0.0.1", port },
      handshake: ours,
      isUrgent,
      connected: (socket, handshake) => resolve({ socket, infoHash: toHex(handshake.infoHash) }),
      failed: (reason) => resolve({ reason }),
    };
    dialer.dial(dial);
  });
}

afterEach(() => void vi.useRealTimers());

describe("a dialer", () => {
  it("says its handshake and hands over who answers", async () => {
    const { port } = await serve((socket) => {
      socket.once("data", (bytes: Uint8Array) => {
        expect(toHex(bytes.subarray(28, 48))).toBe(toHex(INFO_HASH));
        socket.write(handshakeFor(INFO_HASH));
      });
    });
    const { socket, infoHash } = await dialled(newDialer(), port);
    expect(infoHash).toBe(toHex(INFO_HASH));
    socket!.close("the test is over");
  });

  it("dials from where it is told to, and nobody who is not reached from there", async () => {
    const from = Promise.withResolvers<string | undefined>();
    const { port } = await serve((socket) => from.resolve(socket.remoteAddress));
    const dialer = new Dialer(new TokenBucket(0), "127.0.0.9");
    onTestFinished(() => dialer.close());
    void dialled(dialer, port);
    expect(await from.promise).toBe("127.0.0.9");
    const failed = Promise.withResolvers<string>();
    dialer.dial({
      address: { host: "::1", port },
      handshake: ours,
      isUrgent: true,
      connected: () => undefined,
      failed: failed.resolve,
    });
    expect(await failed.promise).toContain("EINVAL");
  });

  it("says why nobody is there", async () => {
    const { server, port } = await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    expect((await dialled(newDialer(), port)).reason).toContain("ECONNREFUSED");
  });

  it("fails once with who answers nonsense, closes, or says nothing for 5 s", async () => {
    const nonsense = await serve((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n"));
    expect((await dialled(newDialer(), nonsense.port)).reason).toBe("not the BitTorrent header");
    const closing = await serve((socket) => socket.end());
    expect((await dialled(newDialer(), closing.port)).reason).toBe("it closed the connection");
    const accepted = Promise.withResolvers<void>();
    const mute = await serve((socket) => socket.once("data", () => accepted.resolve()));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const outcome = dialled(newDialer(), mute.port);
    await accepted.promise;
    vi.advanceTimersByTime(FIRST_BYTE_MS);
    expect((await outcome).reason).toBe("it said nothing for 5 s");
  });

  it("begins 20 dials a second and no more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let accepted = 0;
    let wake = () => undefined as void;
    const { port } = await serve((socket) => {
      accepted++;
      socket.end("HTTP/1.1 400 Bad Request\r\n");
      wake();
    });
    const dialer = newDialer();
    const outcomes = Array.from({ length: DIALS_PER_SECOND + 5 }, () => dialled(dialer, port));
    await Promise.all(outcomes.slice(0, DIALS_PER_SECOND));
    expect(accepted).toBe(DIALS_PER_SECOND);
    const more = new Promise<void>((resolve) => {
      wake = () => void (accepted === DIALS_PER_SECOND + 5 && resolve());
    });
    vi.advanceTimersByTime(1_000);
    await more;
    await Promise.all(outcomes);
  });

  it("lets what is fetched go before all that is only shared", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { port } = await serve((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n"));
    const dialer = newDialer();
    const ended: string[] = [];
    const dials = Array.from({ length: 3 * DIALS_PER_SECOND }, () => dialled(dialer, port, false));
    const urgent = dialled(dialer, port).then(() => ended.push("urgent"));
    await Promise.all(dials.slice(0, DIALS_PER_SECOND));
    void dials.at(-1)!.then(() => ended.push("last"));
    vi.advanceTimersByTime(1_000);
    await urgent;
    expect(ended).toEqual(["urgent"]);
    expect(dialer.dialing).toBeGreaterThan(DIALS_PER_SECOND);
  });

  it("lets go of everything when it is closed: who is dialled, who has not answered, who waits", async () => {
    const accepted = Promise.withResolvers<Socket>();
    const { port } = await serve((socket) => socket.once("data", () => accepted.resolve(socket)));
    const dialer = newDialer();
    const greeted = dialled(dialer, port);
    const remote = await accepted.promise;
    const gone = new Promise<void>((resolve) => remote.once("close", () => resolve()));
    const dialing = dialled(dialer, port);
    dialer.close();
    expect((await greeted).reason).toBe("the engine stops");
    expect((await dialing).reason).toBe("the engine stops");
    await gone;
  });
});
