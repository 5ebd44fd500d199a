import { expect, it, onTestFinished } from "vitest";
import { Dialer } from "../../source/engine/dialer.ts";
import { incomingEncryption, obfuscated, type Encrypt } from "../../source/engine/encryption.ts";
import { AGREEMENTS_PER_SECOND } from "../../source/engine/limits.ts";
import { Listener } from "../../source/engine/listener.ts";
import type { PeerSocket } from "../../source/engine/peer-socket.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { ProtocolError } from "../../source/protocol/errors.ts";
import { toHex, toInfoHash } from "../../source/protocol/ids.ts";
import type { PeerMessage } from "../../source/protocol/peer/messages.ts";
import { peerIdOf, RawPeer } from "./support.ts";

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(7));
const handshakeOf = (who: string) =>
  ({ type: "handshake", infoHash: INFO_HASH, peerId: peerIdOf(who), fast: true, extended: true, dht: false }) as const;

/** Speaks to nobody in the clear. */
const insists: Encrypt = (send, host) => {
  const encryption = incomingEncryption((hash) =>
    toHex(hash) === toHex(obfuscated(INFO_HASH)) ? INFO_HASH : undefined,
  )(send, host);
  let isFirst = true;
  return {
    get isClear() {
      return encryption.isClear;
    },
    seal: (bytes) => encryption.seal(bytes),
    receive: (chunk) => {
      if (isFirst && chunk[0] === 19) throw new ProtocolError("encryption", "in the clear");
      isFirst = false;
      return encryption.receive(chunk);
    },
  };
};

async function listen(
  encrypt: Encrypt,
): Promise<{ port: number; arrived: Promise<PeerSocket>; accepted: () => number }> {
  const arrived = Promise.withResolvers<PeerSocket>();
  let accepted = 0;
  const listener = await Listener.open(0, {
    host: "127.0.0.1",
    downLimit: new TokenBucket(0),
    encrypt,
    hasRoom: () => ++accepted > 0,
    gotHandshake: (socket) => arrived.resolve(socket),
  });
  onTestFinished(() => listener.close());
  return { port: listener.port, arrived: arrived.promise, accepted: () => accepted };
}

/** The next message that this side hears. */
function next(socket: PeerSocket): Promise<PeerMessage> {
  return new Promise((resolve) => socket.handOver({ gotMessage: resolve, closed: () => undefined }));
}

it("who closes on a plain handshake is dialled again with an encrypted one, and both are understood", async () => {
  const { port, arrived, accepted } = await listen(insists);
  const dialer = new Dialer(new TokenBucket(0));
  onTestFinished(() => dialer.close());
  const answered = new Promise<PeerSocket>((connected, failed) =>
    dialer.dial({
      address: { host: "127.0.0.1", port },
      handshake: handshakeOf("us"),
      isUrgent: true,
      connected,
      failed,
    }),
  );
  const theirs = await arrived;
  theirs.send(handshakeOf("them"));
  const ours = await answered;
  expect(accepted()).toBe(2);
  for (const socket of [ours, theirs]) socket.connection.bind(100);
  const heard = [next(ours), next(theirs)];
  theirs.send({ type: "have", index: 1 });
  ours.send({ type: "have", index: 2 });
  expect(await Promise.all(heard)).toEqual([
    { type: "have", index: 1 },
    { type: "have", index: 2 },
  ]);
  ours.close("the test is over");
  theirs.close("the test is over");
});

it("answers only so many encrypted handshakes in a second", async () => {
  const encrypt = incomingEncryption(() => INFO_HASH);
  const key = new Uint8Array(96).fill(7);
  let refused = 0;
  // Two seconds may have begun meanwhile, not three.
  for (let i = 0; i <= 2 * AGREEMENTS_PER_SECOND; i++) {
    try {
      encrypt(() => undefined, "127.0.0.1").receive(key);
    } catch (error) {
      expect((error as Error).message).toBe("too many encrypted handshakes at once");
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(0);
});

it("a stranger who says a public key hears one, and no more until it proves that it knows a torrent", async () => {
  const { port } = await listen(incomingEncryption(() => undefined));
  const stranger = new RawPeer(port);
  stranger.say(new Uint8Array(96).fill(7));
  const heard = await stranger.heard(96);
  expect(heard.length).toBeLessThanOrEqual(96 + 512);
  stranger.say(new Uint8Array(532));
  await stranger.closed;
});
