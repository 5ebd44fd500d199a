// What the networks of this machine hear of an engine's torrents, and what they hear of it; over its loopback interface.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { AnnounceRow, Command, Doctor } from "../../source/control/contract.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { createTorrent } from "../../source/storage/hash-files.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { rowOf, share, startEngine, type TestEngine, until, untilRow } from "./support.ts";

/** A .torrent file and its data in a folder of their own; no two of them are the same. */
async function content(isPrivate = false) {
  const folder = await temporaryFolder();
  const path = join(folder, "file.bin");
  await writeFileOf(path, 200_000, `lan ${folder}`);
  const { signal } = new AbortController();
  const { metainfo } = await createTorrent(path, { signal, createdBy: "lan", ...(isPrivate && { private: true }) });
  const torrent = join(folder, "file.torrent");
  await writeFile(torrent, metainfo.bytes);
  return { folder, path, torrent, infoHash: toHex(metainfo.infoHash) };
}

const lanOf = ({ engine }: TestEngine): NonNullable<Doctor["lan"]> => engine.doctor().lan!;

async function send({ engine }: TestEngine, command: Command) {
  const reply = await engine.send(command);
  if (!reply.ok) throw new Error(reply.text);
  return reply;
}

const lanRow = (on: TestEngine, infoHash: string): AnnounceRow | undefined =>
  rowOf(on, infoHash)?.trackers.find(({ address }) => address === "LAN");

test("a .torrent is downloaded from who has it in the same network, whoever was there first", async () => {
  const { folder, path, torrent, infoHash } = await content();
  const first = await startEngine({ lan: true, host: "127.0.0.2" });
  await send(first, { method: "download", target: torrent });
  await until(first, () => lanRow(first, infoHash)?.state === "working");
  const seeder = await startEngine({ lan: true, host: "127.0.0.3" });
  await send(seeder, { method: "download", target: torrent, folder });
  const last = await startEngine({ lan: true, host: "127.0.0.4" });
  await send(last, { method: "download", target: torrent });
  for (const on of [first, last]) {
    await untilRow(on, infoHash, ({ state }) => state === "seeding");
    expect(await digestOf(join(on.folder, "file.bin"))).toBe(await digestOf(path));
  }
  await untilRow(first, infoHash, ({ log }) =>
    log.some(({ text }) => text === `127.0.0.3:${seeder.engine.port} has come (lan)`),
  );
  await until(first, () => lanRow(first, infoHash)?.leechers === 2);
  expect(lanRow(first, infoHash)).toMatchObject({ state: "working", problem: null, seeds: null, leechers: 2 });
  expect(lanRow(first, infoHash)!.nextAnnounceAt).toBeGreaterThan(Date.now());
  expect(lanOf(first)).toMatchObject({ state: "working", networks: ["loopback"], torrents: 1, heard: 2 });
});

test("a bare magnet link is downloaded from a neighbour that told of itself long ago", async () => {
  const { folder, path, torrent, infoHash } = await content();
  const seeder = await startEngine({ lan: true });
  await send(seeder, { method: "download", target: torrent, folder });
  await until(seeder, () => lanRow(seeder, infoHash)?.state === "working");
  const on = await startEngine({ lan: true });
  await send(on, { method: "download", target: `magnet:?xt=urn:btih:${infoHash}` });
  await untilRow(on, infoHash, ({ state }) => state === "seeding");
  expect(await digestOf(join(on.folder, "file.bin"))).toBe(await digestOf(path));
  await untilRow(on, infoHash, ({ log }) => log.some(({ text }) => text === `${seeder.address} has come (lan)`));
});

test("a bare magnet link of what no neighbour has is looked for until it is given up, and told no more then", async () => {
  const on = await startEngine({ lan: true });
  const reply = on.engine.send({ method: "download", target: `magnet:?xt=urn:btih:${"6".repeat(40)}` });
  await vi.waitFor(() => expect(lanOf(on)).toMatchObject({ torrents: 1 }));
  await vi.waitFor(() => expect(lanOf(on).sentBytes).toBeGreaterThan(0));
  await on.engine.close();
  expect(await reply).toMatchObject({ ok: false });
  expect(lanOf(on).torrents).toBe(0);
});

test("what is shared or private is never told", async () => {
  const on = await startEngine({ lan: true });
  await writeFileOf(join(on.folder, "mine.bin"), 100_000, "mine");
  await share(on, join(on.folder, "mine.bin"));
  const closed = await content(true);
  await send(on, { method: "download", target: closed.torrent, folder: closed.folder });
  expect(lanOf(on)).toMatchObject({ state: "idle", torrents: 0, sentBytes: 0 });
});

test("what is paused, goes on, is shared or removed is told or not, and the row comes and goes", async () => {
  const { folder, torrent, infoHash } = await content();
  const on = await startEngine({ lan: true });
  await send(on, { method: "download", target: torrent, folder });
  await until(on, () => lanRow(on, infoHash)?.state === "working");
  await send(on, { method: "pause", infoHash });
  expect([lanOf(on).torrents, lanRow(on, infoHash)]).toEqual([0, undefined]);
  await send(on, { method: "resume", infoHash });
  expect([lanOf(on).torrents, lanRow(on, infoHash)?.state]).toEqual([1, "announcing"]);
  await send(on, { method: "share", path: torrent, folder });
  expect([lanOf(on).torrents, lanRow(on, infoHash)]).toEqual([0, undefined]);
  await send(on, { method: "remove", infoHash, withData: false });
  await send(on, { method: "download", target: torrent, folder });
  expect(lanOf(on).torrents).toBe(1);
  await send(on, { method: "remove", infoHash, withData: false });
  expect(lanOf(on).torrents).toBe(0);
});

test("an engine that is to be no part of it opens nothing, and hears nothing", async () => {
  const { folder, torrent, infoHash } = await content();
  const off = await startEngine();
  await send(off, { method: "download", target: torrent });
  const on = await startEngine({ lan: true });
  await send(on, { method: "download", target: torrent, folder });
  await until(on, () => lanRow(on, infoHash)?.state === "working");
  expect(off.engine.doctor().lan).toBeNull();
  expect(rowOf(off, infoHash)).toMatchObject({ trackers: [], peers: [] });
});

test("a machine in no network of its own shows no row, and says nothing of it", async () => {
  const { folder, torrent, infoHash } = await content();
  const on = await startEngine({ lan: true, host: "localhost" });
  await send(on, { method: "download", target: torrent, folder });
  await vi.waitFor(() => expect(lanOf(on).state).toBe("alone"));
  await until(on, () => lanRow(on, infoHash) === undefined);
  expect(on.events.filter(({ event }) => event === "problem")).toEqual([]);
});
