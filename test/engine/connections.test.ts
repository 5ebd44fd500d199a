import { connect, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Connections } from "../../source/engine/connections.ts";
import { FETCHING_SHARE, MAX_CONNECTIONS } from "../../source/engine/limits.ts";
import type { PeerSocket } from "../../source/engine/peer-socket.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import type { Transfer } from "../../source/engine/transfer.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { encodeHandshake } from "../../source/protocol/peer/messages.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";

const infoHash = toInfoHash(new Uint8Array(20).fill(7));

async function open(count: () => number = () => 0, transferOf: () => Transfer | undefined = () => undefined) {
  const strangers: string[] = [];
  const banned: string[] = [];
  const connections = new Connections({
    host: "127.0.0.1",
    downLimit: new TokenBucket(0),
    count,
    bans: { has: ({ host, port }) => banned.includes(`${host}:${port}`) },
    transferOf,
    infoHashOf: () => undefined,
    takes: () => false,
    gotStranger: (asked) => strangers.push(asked),
  });
  await connections.open(0);
  onTestFinished(() => connections.close());
  return { connections, strangers, banned };
}

/** Somebody to be dialled. */
async function serve(): Promise<{ port: number; connected: Promise<void> }> {
  const connected = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    connected.resolve();
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, connected: connected.promise };
}

/** Resolves when the other side has closed. */
function knock(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port });
  const handshake = { infoHash, peerId: toPeerId(new Uint8Array(20)), fast: true, extended: true, dht: false };
  socket.on("connect", () => socket.write(encodeHandshake(handshake)));
  socket.on("error", () => undefined);
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

it("closes who asks for a torrent that is not here, and says which it was", async () => {
  const { connections, strangers } = await open();
  await knock(connections.port);
  expect(strangers).toEqual([toHex(infoHash)]);
});

it.each([
  [MAX_CONNECTIONS - 1, 1],
  [MAX_CONNECTIONS, 0],
  [MAX_CONNECTIONS + 1, 0],
])("with %d peers hears %d more", async (count, heard) => {
  const { connections, strangers } = await open(() => count);
  await knock(connections.port);
  expect(strangers).toHaveLength(heard);
});

it("turns away who says its handshake when the last place has just been taken", async () => {
  let count = MAX_CONNECTIONS - 1;
  const { connections, strangers } = await open(() => count++);
  await knock(connections.port);
  expect(strangers).toEqual([]);
});

const KEPT = MAX_CONNECTIONS * FETCHING_SHARE;

it.each([
  [MAX_CONNECTIONS - 1, "fetches", true],
  [MAX_CONNECTIONS, "fetches", false],
  [MAX_CONNECTIONS + 1, "fetches", false],
  [MAX_CONNECTIONS - KEPT - 1, "shares", true],
  [MAX_CONNECTIONS - KEPT, "shares", false],
])("with %d peers one more of a torrent that %s is dialled: %j", async (count, does, isDialled) => {
  const { connections } = await open(() => count);
  const { port, connected } = await serve();
  const failed = Promise.withResolvers<void>();
  const transfer = {
    infoHash: toHex(infoHash),
    isFetching: does === "fetches",
    handshake: () => ({
      type: "handshake",
      infoHash,
      peerId: toPeerId(new Uint8Array(20)),
      fast: true,
      extended: true,
      dht: false,
    }),
    dispatch: () => failed.resolve(),
  } as unknown as Transfer;
  connections.dial(transfer, { host: "127.0.0.1", port }, "given");
  expect(await Promise.race([failed.promise.then(() => false), connected.then(() => true)])).toBe(isDialled);
});

it.each([
  [MAX_CONNECTIONS - 1, "fetches", 1],
  [MAX_CONNECTIONS - KEPT - 1, "shares", 1],
  [MAX_CONNECTIONS - KEPT, "shares", 0],
])("with %d peers who asks for a torrent that %s comes in: %d", async (count, does, expected) => {
  let attached = 0;
  const attach = (socket: PeerSocket) => {
    attached++;
    socket.close("the test is over");
  };
  const transfer = { isFetching: does === "fetches", attach } as unknown as Transfer;
  const { connections } = await open(
    () => count,
    () => transfer,
  );
  await knock(connections.port);
  expect(attached).toBe(expected);
});

it("neither dials nor takes in who is banned", async () => {
  const { connections, banned } = await open();
  const { port } = await serve();
  banned.push(`127.0.0.1:${port}`);
  const failed = Promise.withResolvers<unknown>();
  connections.dial({ dispatch: failed.resolve } as unknown as Transfer, { host: "127.0.0.1", port }, "given");
  expect(await failed.promise).toEqual({ type: "not-dialled", address: { host: "127.0.0.1", port } });
});

it("keeps nobody who was dialled by a name and is banned by the address behind it", async () => {
  const { connections, banned } = await open();
  const handshake = { type: "handshake", infoHash, fast: true, extended: true, dht: false } as const;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(encodeHandshake({ ...handshake, peerId: toPeerId(new Uint8Array(20)) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  banned.push(`127.0.0.1:${port}`);
  const outcome = Promise.withResolvers<unknown>();
  const transfer = {
    infoHash: toHex(infoHash),
    handshake: () => ({ ...handshake, peerId: toPeerId(new Uint8Array(20).fill(1)) }),
    dispatch: ({ type }: { type: string }) => outcome.resolve(type),
    attach: (socket: PeerSocket) => {
      outcome.resolve("attached");
      socket.close("the test is over");
    },
  };
  connections.dial(transfer as unknown as Transfer, { host: "localhost", port }, "given");
  expect(await outcome.promise).toBe("dial-failed");
});

it("takes nobody once it is closed", async () => {
  const { connections, strangers } = await open();
  const { port } = connections;
  await connections.close();
  await knock(port);
  expect(strangers).toEqual([]);
});
