import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Connections } from "../../source/engine/connections.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { encodeHandshake } from "../../source/protocol/peer/messages.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";

const infoHash = toInfoHash(new Uint8Array(20).fill(7));

async function open(count: () => number = () => 0) {
  const strangers: string[] = [];
  const connections = new Connections({
    host: "127.0.0.1",
    downLimit: new TokenBucket(0),
    count,
    transferOf: () => undefined,
    gotStranger: (asked) => strangers.push(asked),
  });
  await connections.open(0);
  onTestFinished(() => connections.close());
  return { connections, strangers };
}

/** Resolves when the other side has closed. */
function knock(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port });
  const handshake = { infoHash, peerId: toPeerId(new Uint8Array(20)), fast: true, extended: true };
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

it("takes nobody more when it has its 200 peers", async () => {
  const { connections, strangers } = await open(() => 200);
  await knock(connections.port);
  expect(strangers).toEqual([]);
});

it("never bans the loopback address, for one bad peer there is not all of them", async () => {
  const { connections, strangers } = await open();
  connections.ban({ host: "127.0.0.1", port: 1 });
  await knock(connections.port);
  expect(strangers).toHaveLength(1);
});

it("takes nobody once it is closed", async () => {
  const { connections, strangers } = await open();
  const { port } = connections;
  await connections.close();
  await knock(port);
  expect(strangers).toEqual([]);
});
