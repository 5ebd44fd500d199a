// Some files of a torrent, wanted or not, on real disks and sockets.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { toHex } from "../../source/protocol/ids.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { digestsOf } from "../helpers/files.ts";
import { makeTorrent } from "../storage/fixtures.ts";
import { makeFolder, nextEvent, rowOf, share, startEngine, torrentFile, untilRow } from "./support.ts";

/** Index of each file of `makeFolder`. */
const [FIRST, B, EMPTY, LAST] = [0, 1, 2, 3];

const there = async (folder: string) =>
  (await readdir(join(folder, "music"), { recursive: true, withFileTypes: true }))
    .flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    .toSorted();

async function seeded(seed: string) {
  const path = await makeFolder(seed);
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  return {
    infoHash,
    target: await torrentFile(seeder, infoHash),
    peers: [seeder.address],
    digests: await digestsOf(path),
  };
}

describe("padding between files", () => {
  test("is not among the files, whose numbers are those of the torrent", async () => {
    const { metainfo, data } = makeTorrent([
      { path: ["a"], length: 20 },
      { path: [".pad", "12"], length: 12, padding: true },
      { path: ["b"], length: 60 },
    ]);
    const seeder = await startEngine();
    const target = join(seeder.home, "padded.torrent");
    await writeFile(target, metainfo.bytes);
    const place = join(seeder.folder, metainfo.name);
    await mkdir(place);
    await writeFile(join(place, "a"), data.subarray(0, 20));
    await writeFile(join(place, "b"), data.subarray(32));
    await seeder.engine.send({ method: "share", path: target, folder: seeder.folder });
    const files = [
      { index: 0, path: "a", length: 20 },
      { index: 2, path: "b", length: 60 },
    ];
    const taker = await startEngine();
    const seen = await taker.engine.send({ method: "inspect", target });
    expect(seen).toMatchObject({ ok: true, text: "shared: 80 B.", torrent: { files, length: 80 } });

    const done = nextEvent(taker, "done");
    await taker.engine.send({ method: "download", target, peers: [seeder.address], files: [2] });
    expect(await done).toMatchObject({ bytes: 60 });
    const infoHash = toHex(metainfo.infoHash);
    const rows = [
      { ...files[0], heldBytes: 0, priority: "off" },
      { ...files[1], heldBytes: 60, priority: "normal" },
    ];
    expect(rowOf(taker, infoHash)).toMatchObject({ fileCount: 2, files: rows });
    expect(await taker.engine.send({ method: "files", infoHash })).toMatchObject({ files: rows });
    const all = [0, 1, 2].map((index) => ({ index, priority: "normal" as const }));
    const reply = await taker.engine.send({ method: "set-files", infoHash, files: all });
    expect(reply).toMatchObject({ ok: true, text: "shared: 2 of 2 files are wanted, 80 B." });
  });
});

describe("files that are not wanted", () => {
  test("are not made, and a download is done without them; they come when they are wanted after all", async () => {
    const { infoHash, target, peers, digests } = await seeded("files");
    const taker = await startEngine();
    const done = nextEvent(taker, "done");
    await taker.engine.send({ method: "download", target, peers, files: [B] });
    await done;
    expect(await there(taker.folder)).toEqual(["b.txt"]);
    expect((await digestsOf(join(taker.folder, "music")))["b.txt"]).toBe(digests["b.txt"]);
    const row = rowOf(taker, infoHash)!;
    expect(row).toMatchObject({ state: "seeding", wantedBytes: 100, wantedHeldBytes: 100 });
    expect(row.files.map(({ priority }) => priority)).toEqual(["off", "normal", "off", "off"]);
    expect(row.heldPieces).toBeLessThan(row.pieceCount);

    const whole = nextEvent(taker, "done");
    const files = [FIRST, EMPTY, LAST].map((index) => ({ index, priority: "high" as const }));
    const reply = await taker.engine.send({ method: "set-files", infoHash, files });
    expect(reply).toMatchObject({ ok: true, text: "music: 4 of 4 files are wanted, 5.0 MB." });
    await whole;
    expect(await digestsOf(join(taker.folder, "music"))).toEqual(digests);
    // Nothing that shared pieces held of them was fetched again.
    expect(rowOf(taker, infoHash)!.downloadedBytes).toBe(rowOf(taker, infoHash)!.length);
  });

  test("are still not wanted by the next engine, which gives what it has of them", async () => {
    const { infoHash, target, peers } = await seeded("again");
    const first = await startEngine();
    const done = nextEvent(first, "done");
    await first.engine.send({ method: "download", target, peers, files: [B] });
    await done;
    const { heldPieces } = rowOf(first, infoHash)!;
    await first.engine.close();
    const second = await startEngine({ home: first.home, folder: first.folder });
    await untilRow(second, infoHash, ({ state }) => state === "seeding");
    expect(rowOf(second, infoHash)).toMatchObject({ heldPieces, wantedBytes: 100 });
    expect(second.events.map(({ event }) => event)).not.toContain("done");
    const taker = await startEngine();
    await taker.engine.send({ method: "download", target, peers: [second.address] });
    await untilRow(taker, infoHash, (row) => row.heldPieces === heldPieces);
    expect(await there(first.folder)).toEqual(["b.txt"]);
    await taker.engine.send({ method: "download", target, peers });
    await untilRow(taker, infoHash, ({ state }) => state === "seeding");
  });

  test("let a download be done that was paused while its last piece was written", async () => {
    const { infoHash, target, peers } = await seeded("paused");
    const taker = await startEngine();
    const [writes, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { write } = TorrentStorage.prototype;
    vi.spyOn(TorrentStorage.prototype, "write").mockImplementation(async function (this: TorrentStorage, ...args) {
      writes.resolve();
      await go.promise;
      return write.apply(this, args);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const done = nextEvent(taker, "done");
    await taker.engine.send({ method: "download", target, peers, files: [EMPTY, B] });
    await writes.promise;
    await taker.engine.send({ method: "pause", infoHash });
    go.resolve();
    await done;
    expect(rowOf(taker, infoHash)).toMatchObject({
      state: "paused",
      wantedHeldBytes: 100,
      summary: expect.any(String),
    });
    expect(taker.events.map(({ event }) => event)).not.toContain("seeding");
  });

  test("let a download be done when what it lacks is left out, also while it is paused", async () => {
    const { infoHash, target } = await seeded("narrowed");
    const taker = await startEngine();
    await taker.engine.send({ method: "download", target });
    await taker.engine.send({ method: "pause", infoHash });
    const done = nextEvent(taker, "done");
    const files = [FIRST, B, LAST].map((index) => ({ index, priority: "off" as const }));
    await taker.engine.send({ method: "set-files", infoHash, files });
    await done;
  });

  test("that are turned off keep what they have", async () => {
    const { infoHash, target, peers, digests } = await seeded("off");
    const taker = await startEngine();
    const done = nextEvent(taker, "done");
    await taker.engine.send({ method: "download", target, peers });
    await done;
    await taker.engine.send({ method: "set-files", infoHash, files: [{ index: FIRST, priority: "off" }] });
    expect(await digestsOf(join(taker.folder, "music"))).toEqual(digests);
    expect(rowOf(taker, infoHash)).toMatchObject({ state: "seeding", heldBytes: rowOf(taker, infoHash)!.length });
  });

  test("that do not exist are refused by their number", async () => {
    const { infoHash, target, peers } = await seeded("wrong");
    const taker = await startEngine();
    const wrong = await taker.engine.send({ method: "download", target, peers, files: [4] });
    expect(wrong).toMatchObject({ ok: false, text: expect.stringContaining("there is no file 4") });
    expect(rowOf(taker, infoHash)).toBeUndefined();
    await taker.engine.send({ method: "download", target, peers, files: [B] });
    const files = [{ index: 9, priority: "off" as const }];
    expect(await taker.engine.send({ method: "set-files", infoHash, files })).toMatchObject({ ok: false });
  });

  test("go with the transfer, and so does the part file", async () => {
    const { infoHash, target, peers } = await seeded("gone");
    const taker = await startEngine();
    const done = nextEvent(taker, "done");
    await taker.engine.send({ method: "download", target, peers, files: [B] });
    await done;
    expect((await readdir(join(taker.home, "torrents"))).some((name) => name.endsWith(".parts"))).toBe(true);
    await taker.engine.send({ method: "remove", infoHash, withData: true });
    expect(await readdir(taker.folder)).toEqual([]);
    expect(await readdir(join(taker.home, "torrents"))).toEqual([]);
    await rm(target, { force: true });
  });
});

test("of more than a thousand files the row lists the first, and the others are there for whoever asks", async () => {
  const path = join(await makeFolder("many"), "many");
  await mkdir(path);
  await Promise.all(Array.from({ length: 1100 }, (_, index) => writeFile(join(path, `${index}.txt`), `${index}`)));
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  const row = rowOf(seeder, infoHash)!;
  expect([row.fileCount, row.files.length]).toEqual([1100, 1000]);
  const reply = await seeder.engine.send({ method: "files", infoHash });
  if (!reply.ok) throw new Error(reply.text);
  expect(reply.files!.slice(0, 1000)).toEqual(row.files);
  expect(reply.files!.at(-1)).toMatchObject({ index: 1099, priority: "normal" });
  expect(reply.files!.reduce((sum, { heldBytes }) => sum + heldBytes, 0)).toBe(row.length);
});
