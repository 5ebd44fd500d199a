// What the DHT hears of an engine's torrents, and what they hear of it; over sockets of this machine.
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { AnnounceRow, Command, Doctor } from "../../source/control/contract.ts";
import type { EngineOptions } from "../../source/engine/engine-options.ts";
import { encodeMessage } from "../../source/protocol/peer/messages.ts";
import { type InfoHashHex, toHex } from "../../source/protocol/ids.ts";
import { createTorrent } from "../../source/storage/hash-files.ts";
import { startDht } from "../discovery/dht/support.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { startTracker } from "../tracker/support.ts";
import {
  handshakeFor,
  RawPeer,
  rowOf,
  share,
  startEngine,
  type TestEngine,
  torrentFile,
  until,
  untilRow,
} from "./support.ts";

/** A node of the DHT that all others begin with. */
async function startNode() {
  const { dht, address } = await startDht();
  const options: Partial<EngineOptions> = { dht: { nodes: [address] } };
  return { options, dht, announced: () => dht.figures().storedPeers };
}

/** A .torrent file and its data in a folder of their own. */
async function content(options: { private?: boolean; announce?: string } = {}) {
  const folder = await temporaryFolder();
  const path = join(folder, "file.bin");
  await writeFileOf(path, 200_000, "dht");
  const { private: isPrivate, announce } = options;
  const signal = new AbortController().signal;
  const { metainfo } = await createTorrent(path, {
    signal,
    createdBy: "dht",
    ...(isPrivate && { private: true }),
    ...(announce !== undefined && { announce: [[announce]] }),
  });
  const torrent = join(folder, "file.torrent");
  await writeFile(torrent, metainfo.bytes);
  return { folder, path, torrent, infoHash: toHex(metainfo.infoHash) };
}

const dhtOf = ({ engine }: TestEngine): NonNullable<Doctor["dht"]> => engine.doctor().dht!;

async function send({ engine }: TestEngine, command: Command) {
  const reply = await engine.send(command);
  if (!reply.ok) throw new Error(reply.text);
  return reply;
}

const dhtRow = (on: TestEngine, infoHash: string): AnnounceRow | undefined =>
  rowOf(on, infoHash)?.trackers.find(({ address }) => address === "DHT");

test("a bare magnet link is downloaded from who had it as a .torrent", async () => {
  const node = await startNode();
  const { folder, path, torrent, infoHash } = await content();
  const seeder = await startEngine(node.options);
  await send(seeder, { method: "download", target: torrent, folder });
  await vi.waitFor(() => expect(node.announced()).toBe(1));
  const on = await startEngine(node.options);
  await send(on, { method: "download", target: `magnet:?xt=urn:btih:${infoHash}` });
  await untilRow(on, infoHash, ({ state }) => state === "seeding");
  expect(await digestOf(join(on.folder, "file.bin"))).toBe(await digestOf(path));
  expect(
    rowOf(on, infoHash)!
      .log.map(({ text }) => text)
      .join(),
  ).toContain("has come (dht)");
  await vi.waitFor(() => expect(dhtRow(on, infoHash)).toMatchObject({ state: "working", problem: null, seeds: null }));
  expect(dhtRow(on, infoHash)!.nextAnnounceAt).toBeGreaterThan(Date.now());
  expect(dhtOf(on)).toMatchObject({ state: "working", nodes: expect.any(Number), torrents: 1 });
  // Both are told of now.
  await vi.waitFor(() => expect(node.announced()).toBe(2));
});

test("what is shared, private or not in the open is never told to it", async () => {
  const node = await startNode();
  const tracker = await startTracker();
  const trackers = [{ host: "127.0.0.1", port: tracker.port }];
  const on = await startEngine({ ...node.options, trackers });
  await until(on, ({ trackers: [status] }) => status?.state === "connected");
  await writeFileOf(join(on.folder, "mine.bin"), 100_000, "mine");
  const shared = await share(on, join(on.folder, "mine.bin"));
  const closed = await content({ private: true });
  await send(on, { method: "download", target: closed.torrent, folder: closed.folder });
  // Of a .torrent that is to be announced to our tracker, and of one that it lists.
  const ours = await content({ announce: `http://127.0.0.1:${tracker.port}/announce` });
  await rename(ours.path, join(ours.folder, "other.bin"));
  await send(on, { method: "download", target: ours.torrent, folder: ours.folder });
  const looker = await startEngine({ ...node.options, trackers });
  await until(looker, ({ catalogue }) => catalogue.length === 1);
  await send(looker, { method: "download", target: await torrentFile(on, shared), folder: looker.folder });
  await send(looker, { method: "download", target: `magnet:?xt=urn:btih:${shared}` });
  await untilRow(looker, shared, ({ state }) => state === "seeding");
  for (const engine of [on, looker]) expect(dhtOf(engine)).toMatchObject({ state: "idle", torrents: 0, sentBytes: 0 });
});

test("a .torrent that is shared is told no more, also after a restart", async () => {
  const node = await startNode();
  const { folder, torrent, infoHash } = await content();
  const on = await startEngine(node.options);
  await send(on, { method: "download", target: torrent, folder });
  await vi.waitFor(() => expect(dhtOf(on).torrents).toBe(1));
  await send(on, { method: "share", path: torrent, folder });
  expect(dhtOf(on).torrents).toBe(0);
  expect(dhtRow(on, infoHash)).toBeUndefined();
  await on.engine.close();
  const again = await startEngine({ ...node.options, home: on.home, folder: on.folder });
  await untilRow(again, infoHash, ({ state }) => state === "seeding");
  expect(dhtOf(again).torrents).toBe(0);
});

test("what was looked at before it was added, is paused, goes on, comes back or is removed", async () => {
  const node = await startNode();
  const { folder, torrent, infoHash } = await content();
  const on = await startEngine(node.options);
  await send(on, { method: "inspect", target: torrent });
  await send(on, { method: "download", target: infoHash, folder });
  expect(dhtOf(on).torrents).toBe(1);
  await send(on, { method: "pause", infoHash });
  expect(dhtOf(on).torrents).toBe(0);
  await send(on, { method: "resume", infoHash });
  expect(dhtOf(on).torrents).toBe(1);
  await vi.waitFor(() => expect(dhtOf(on).nodes).toBe(1));
  await on.engine.close();
  // It begins from the node that it knows.
  const again = await startEngine({ dht: { nodes: [] }, home: on.home, folder: on.folder });
  await vi.waitFor(() => expect(dhtOf(again)).toMatchObject({ torrents: 1, nodes: 1 }));
  await send(again, { method: "remove", infoHash, withData: false });
  expect(dhtOf(again).torrents).toBe(0);
});

/** The reserved byte of the handshake that an engine answers with, and the DHT port that it then says. */
async function hello(on: TestEngine, infoHash: InfoHashHex, dht: boolean) {
  const peer = new RawPeer(on.engine.port);
  const handshake = handshakeFor(infoHash, `-XX0000-${dht}`);
  handshake[27]! |= dht ? 1 : 0;
  peer.say(handshake);
  const bytes = await peer.heard(68);
  return { peer, bit: bytes[27]! & 1 };
}

test("peers that speak it hear our port, and the port that they say is a node to us (BEP 5)", async () => {
  const node = await startNode();
  const { folder, torrent, infoHash } = await content();
  const on = await startEngine({ dht: { nodes: [] } });
  await send(on, { method: "download", target: torrent, folder });
  await vi.waitFor(() => expect(dhtOf(on).port).toBeGreaterThan(0));
  const { peer, bit } = await hello(on, infoHash, true);
  expect(bit).toBe(1);
  const said = Buffer.from(encodeMessage({ type: "port", port: dhtOf(on).port }));
  await vi.waitFor(() => expect(Buffer.from(peer.received).includes(said)).toBe(true));
  expect(dhtOf(on).nodes).toBe(0);
  peer.say(encodeMessage({ type: "port", port: node.dht.port }));
  await vi.waitFor(() => expect(dhtOf(on).nodes).toBe(1));
  const silent = await hello(on, infoHash, false);
  await silent.peer.heard(100);
  expect(Buffer.from(silent.peer.received).includes(said)).toBe(false);
});

test("without the DHT nothing of it is said", async () => {
  const { folder, torrent, infoHash } = await content();
  const on = await startEngine();
  await send(on, { method: "download", target: torrent, folder });
  expect((await hello(on, infoHash, true)).bit).toBe(0);
  expect(on.engine.doctor().dht).toBeNull();
  expect(rowOf(on, infoHash)!.trackers).toEqual([]);
});

test("on one's own machine nobody is asked who was not named", async () => {
  const { folder, torrent } = await content();
  const on = await startEngine({ dht: { nodes: [] } });
  await send(on, { method: "download", target: torrent, folder });
  await vi.waitFor(() => expect(dhtOf(on).port).toBeGreaterThan(0));
  expect(dhtOf(on)).toMatchObject({ state: "starting", torrents: 1, sentBytes: 0 });
});
