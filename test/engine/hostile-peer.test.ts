// What a stranger on the wire can say to a running engine: it must stay up, keep its promises, and close who breaks the rules.
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { encodeExtendedHandshake } from "../../source/protocol/peer/extensions/extended-handshake.ts";
import { encodePush, type PushMessage } from "../../source/protocol/peer/extensions/sta-push.ts";
import { encodeExtended, encodeMessage, HANDSHAKE_BYTES } from "../../source/protocol/peer/messages.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import {
  handshakeFor,
  nextEvent,
  RawPeer,
  rowOf,
  share,
  startEngine,
  type TestEngine,
  torrentFile,
  until,
  untilRow,
} from "./support.ts";

const extended = (speaks: boolean) =>
  encodeExtended(0, encodeExtendedHandshake({ extensions: new Map(speaks ? [["sta_push", 9]] : []) }));
const push = (message: PushMessage) => encodeExtended(1, encodePush(message));

async function seederOf(bytes: number): Promise<{ on: TestEngine; infoHash: InfoHashHex }> {
  const path = join(await temporaryFolder(), "hostile.bin");
  await writeFileOf(path, bytes, "hostile");
  const on = await startEngine();
  return { on, infoHash: await share(on, path) };
}

/** Another engine still gets the whole file. */
async function stillServes({ on, infoHash }: { on: TestEngine; infoHash: InfoHashHex }): Promise<void> {
  const leecher = await startEngine();
  const done = nextEvent(leecher, "done");
  await leecher.engine.send({ method: "download", target: await torrentFile(on, infoHash), peers: [on.address] });
  await done;
}

describe("an engine whose disk does not give what it should", () => {
  it("rejects what a peer waits for, so that it asks others", async () => {
    const { on, infoHash } = await seederOf(100_000);
    const { storage } = on.engine.book.get(infoHash)!.transfer;
    vi.spyOn(storage, "read").mockRejectedValue(new StorageError("io", "/disk", "The disk is broken."));
    const peer = new RawPeer(on.engine.port);
    const request = { type: "request", index: 0, begin: 16_384, length: 16_384 } as const;
    peer.say(handshakeFor(infoHash), encodeMessage({ type: "interested" }), encodeMessage(request));
    const reject = Buffer.from(encodeMessage({ ...request, type: "reject" }));
    for (let bytes = 1; !Buffer.from(peer.received).includes(reject); bytes++) await peer.heard(bytes);
    await untilRow(on, infoHash, ({ state, peers }) => state === "error" && peers.length === 1);
  });
});

describe("an engine", () => {
  it("survives a taker that takes sta_push back in the middle of a gift", async () => {
    const seeder = await seederOf(1_000_000);
    const { on, infoHash } = seeder;
    const taker = new RawPeer(on.engine.port);
    taker.say(handshakeFor(infoHash), extended(true));
    await untilRow(on, infoHash, ({ peers }) => peers.length === 1);
    await on.engine.send({ method: "push", target: infoHash, count: 5, keep: true });
    const offered = /d5:piecei(\d+)e1:ti0ee/;
    let match: RegExpExecArray | null = null;
    for (let bytes = 1; !match; bytes++) match = offered.exec(Buffer.from(await taker.heard(bytes)).toString("latin1"));
    taker.say(push({ type: "ready", piece: Number(match[1]) }), extended(false), push({ type: "ready", piece: 0 }));
    await stillServes(seeder);
    expect(rowOf(on, infoHash)!.peers.some(({ via }) => via === "incoming")).toBe(true);
  });

  it("closes who gives what nobody asked for, and holds nothing of it", async () => {
    const { on, infoHash } = await seederOf(1_000_000);
    const leecher = await startEngine();
    await leecher.engine.send({ method: "download", target: await torrentFile(on, infoHash) });
    const giver = new RawPeer(leecher.engine.port);
    giver.say(handshakeFor(infoHash), extended(true));
    giver.say(push({ type: "block", piece: 0, begin: 0, data: new Uint8Array(16_384) }));
    await giver.closed;
    expect(rowOf(leecher, infoHash)).toMatchObject({ heldPieces: 0, state: "waiting" });
  });

  it.each([
    ["a piece index out of range", encodeMessage({ type: "have", index: 2 })],
    ["a request past the end of a piece", encodeMessage({ type: "request", index: 0, begin: 524_288, length: 1 })],
    ["a message of a megabyte", Uint8Array.of(0, 0x20, 0, 0, 7)],
    ["a bitfield with spare bits", encodeMessage({ type: "bitfield", bytes: Uint8Array.of(0xff) })],
    ["a bitfield of the wrong length", encodeMessage({ type: "bitfield", bytes: Uint8Array.of(0, 0) })],
    ["an offer of a piece that is none", push({ type: "offer", piece: 4_000_000_000 })],
    ["a bencode bomb", encodeExtended(0, new TextEncoder().encode("l".repeat(30_000)))],
  ])("closes who says %s, and serves on", async (_, bytes) => {
    const seeder = await seederOf(1_000_000);
    const peer = new RawPeer(seeder.on.engine.port);
    peer.say(handshakeFor(seeder.infoHash), extended(true), bytes);
    await peer.closed;
    await stillServes(seeder);
  });

  it("closes its own echo: a connection to itself", async () => {
    const { on, infoHash } = await seederOf(100);
    const echo = new RawPeer(on.engine.port);
    const hello = handshakeFor(infoHash);
    hello.set(on.engine.peerId, 48);
    echo.say(hello);
    await echo.closed;
    expect(rowOf(on, infoHash)!.peers).toEqual([]);
  });

  it("answers nobody who asks for a torrent that is not here", async () => {
    const { on } = await seederOf(100);
    const lost = new RawPeer(on.engine.port);
    lost.say(handshakeFor("ab".repeat(20) as InfoHashHex));
    await lost.closed;
    expect(lost.received.length).toBeLessThan(HANDSHAKE_BYTES);
  });

  it("closes 5 000 that speak something else, and nothing of them stays", async () => {
    const { on, infoHash } = await seederOf(100);
    const echo = handshakeFor(infoHash);
    echo.set(on.engine.peerId, 48);
    const others = [
      "GET / HTTP/1.1\r\nHost: sta\r\n\r\n",
      Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3),
      new Uint8Array(396).fill(0xa7),
      "\x13BitTorrent protocoX",
      handshakeFor("ab".repeat(20) as InfoHashHex),
      echo,
      Buffer.concat([handshakeFor(infoHash), Uint8Array.of(0, 0, 0, 1, 99, 0, 0, 0, 9, 4)]),
    ];
    const before = on.engine.doctor().descriptors.open;
    for (let begun = 0; begun < 5_000; begun += 20) {
      const peers = Array.from({ length: 20 }, (_, n) => {
        const peer = new RawPeer(on.engine.port);
        peer.say(others[(begun + n) % others.length]!);
        peer.socket.resume().end();
        return peer.closed;
      });
      await Promise.all(peers);
    }
    await until(on, () => on.engine.doctor().peers === 0);
    expect(rowOf(on, infoHash)!.peers).toEqual([]);
    expect(on.engine.doctor().descriptors.open).toBeLessThanOrEqual(before + 2);
  });

  it("cuts who asks for 100 000 blocks and reads none of them, within bounded memory", async () => {
    const seeder = await seederOf(1_000_000);
    const greedy = new RawPeer(seeder.on.engine.port);
    greedy.socket.pause();
    const requests = Buffer.concat(
      Array.from({ length: 10_000 }, () => encodeMessage({ type: "request", index: 0, begin: 0, length: 16_384 })),
    );
    greedy.say(handshakeFor(seeder.infoHash), encodeMessage({ type: "interested" }));
    await untilRow(seeder.on, seeder.infoHash, ({ peers }) => peers.some(({ amChoking }) => !amChoking));
    const gone = untilRow(seeder.on, seeder.infoHash, ({ peers }) => peers.length === 0);
    for (let i = 0; i < 10; i++) greedy.say(requests);
    await gone;
    await stillServes(seeder);
  });
});
