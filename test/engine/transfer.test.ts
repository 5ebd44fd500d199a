// One torrent between engines, over loopback.
import { copyFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { PieceBuffers } from "../../source/engine/piece-buffers.ts";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { makeFolder, MB, nextEvent, rowOf, share, startEngine, torrentFile, untilRow } from "./support.ts";

describe("two engines", () => {
  it("bring a folder from one to the other, byte for byte, and seed it there", async () => {
    const seeder = await startEngine();
    const leecher = await startEngine();
    const path = await makeFolder("one");
    const infoHash = await share(seeder, path);
    const torrent = await torrentFile(seeder, infoHash);
    const done = nextEvent(leecher, "done");
    const seeding = nextEvent(leecher, "seeding");
    const reply = await leecher.engine.send({ method: "download", target: torrent, peers: [seeder.address] });
    expect(reply).toMatchObject({ ok: true, infoHash });
    expect(await done).toMatchObject({ infoHash, name: "music", bytes: 5 * MB + 117 });
    await seeding;
    expect(await digestsOf(join(leecher.folder, "music"))).toEqual(await digestsOf(path));
    const row = rowOf(leecher, infoHash)!;
    expect(row).toMatchObject({ state: "seeding", heldBytes: 5 * MB + 117, wastedBytes: 0 });
    expect(row.summary).toMatch(/^music: 5\.0 MB in .* from 1 peer$/);
    expect(row.pieceMap).toMatch(/^h+$/);
  });

  it("both give while both take: three engines, the middle one has half", async () => {
    const path = join(await temporaryFolder(), "half.bin");
    await writeFileOf(path, 8 * MB, "half");
    const seeder = await startEngine({ upLimit: 12 * MB });
    const infoHash = await share(seeder, path);
    const torrent = await torrentFile(seeder, infoHash);
    const middle = await startEngine();
    const last = await startEngine();
    const bothDone = Promise.all([nextEvent(middle, "done"), nextEvent(last, "done")]);
    await middle.engine.send({ method: "download", target: torrent, peers: [seeder.address] });
    await last.engine.send({ method: "download", target: torrent, peers: [middle.address] });
    await bothDone;
    const digests = await digestsOf(path);
    expect(await digestsOf(join(middle.folder, "half.bin"))).toEqual(digests);
    expect(await digestsOf(join(last.folder, "half.bin"))).toEqual(digests);
    await untilRow(middle, infoHash, ({ uploadedBytes }) => uploadedBytes >= 8 * MB);
    expect(rowOf(seeder, infoHash)!.uploadedBytes).toBeLessThan(9 * MB);
  });

  it("pause and go on with the peer that was named, without waiting to be told of it again", async () => {
    const path = join(await temporaryFolder(), "paused.bin");
    await writeFileOf(path, 6 * MB, "paused");
    const seeder = await startEngine({ upLimit: 3 * MB });
    const infoHash = await share(seeder, path);
    const leecher = await startEngine();
    const target = await torrentFile(seeder, infoHash);
    await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(leecher, infoHash, ({ heldPieces }) => heldPieces > 0);
    // Up to 64 MiB for each of all that are paused.
    const dropSpare = vi.spyOn(PieceBuffers.prototype, "dropSpare");
    onTestFinished(() => dropSpare.mockRestore());
    expect(await leecher.engine.send({ method: "pause", infoHash })).toMatchObject({
      ok: true,
      text: "Paused paused.bin.",
    });
    await untilRow(leecher, infoHash, ({ state, peers }) => state === "paused" && peers.length === 0);
    expect(rowOf(leecher, infoHash)!.heldPieces).toBeLessThan(12);
    expect(dropSpare).toHaveBeenCalled();
    const done = nextEvent(leecher, "done");
    seeder.engine.upLimit.bytesPerSecond = 0;
    await leecher.engine.send({ method: "resume", infoHash });
    await done;
    expect(await digestsOf(join(leecher.folder, "paused.bin"))).toEqual(await digestsOf(path));
  });

  it("take what lies there already instead of fetching it", async () => {
    const path = join(await temporaryFolder(), "known.bin");
    await writeFileOf(path, 3 * MB, "known");
    const seeder = await startEngine();
    const infoHash = await share(seeder, path);
    const leecher = await startEngine();
    await copyFile(path, join(leecher.folder, "known.bin"));
    const target = await torrentFile(seeder, infoHash);
    const reply = await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
    expect(reply.text).toContain("is here already, complete");
    expect(rowOf(leecher, infoHash)).toMatchObject({ state: "seeding", downloadedBytes: 0 });
  });

  it("fetch again only what was damaged of a file cut short behind the seeder, and send no bad byte", async () => {
    const path = join(await temporaryFolder(), "cut.bin");
    await writeFileOf(path, 4 * MB, "cut");
    const seeder = await startEngine();
    const infoHash = await share(seeder, path);
    const target = await torrentFile(seeder, infoHash);
    const helper = await startEngine();
    const helped = nextEvent(helper, "done");
    await helper.engine.send({ method: "download", target, peers: [seeder.address] });
    await helped;
    await truncate(path, 3 * MB);
    const leecher = await startEngine();
    await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(seeder, infoHash, ({ state, heldPieces }) => state !== "checking" && heldPieces === 5);
    const mended = untilRow(seeder, infoHash, ({ heldPieces, pieceCount }) => heldPieces === pieceCount);
    await seeder.engine.send({ method: "download", target: infoHash, peers: [helper.address] });
    await mended;
    expect(rowOf(seeder, infoHash)!.downloadedBytes).toBeLessThanOrEqual(4 * MB - 5 * 524_288);
    // Who is named again is dialled at once, though it left while it looked at its file.
    await leecher.engine.send({ method: "download", target: infoHash, peers: [seeder.address] });
    await untilRow(leecher, infoHash, ({ state }) => state === "seeding");
    expect(rowOf(leecher, infoHash)!.wastedBytes).toBe(0);
    expect(await digestsOf(join(leecher.folder, "cut.bin"))).toEqual(await digestsOf(path));
  });
});

describe("a check in mid download", () => {
  it("costs nothing that was held, and goes on with the peer that was named", async () => {
    const path = join(await temporaryFolder(), "checked.bin");
    await writeFileOf(path, 6 * MB, "checked");
    const seeder = await startEngine({ upLimit: 4 * MB });
    const infoHash = await share(seeder, path);
    const leecher = await startEngine();
    const target = await torrentFile(seeder, infoHash);
    await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(leecher, infoHash, ({ heldPieces }) => heldPieces > 2);
    const done = nextEvent(leecher, "done");
    await leecher.engine.send({ method: "check", infoHash });
    seeder.engine.upLimit.bytesPerSecond = 0;
    await done;
    expect(rowOf(leecher, infoHash)!.downloadedBytes).toBeLessThan(7.5 * MB);
    expect(await digestsOf(join(leecher.folder, "checked.bin"))).toEqual(await digestsOf(path));
  });
});
