// What has arrived of pieces that are not whole is not fetched again, whatever came between.
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { toHex } from "../../source/protocol/ids.ts";
import { createTorrent } from "../../source/storage/hash-files.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { nextEvent, rowOf, startEngine, type TestEngine, untilRow } from "./support.ts";

const PIECE = 4 * 1024 * 1024;
const LENGTH = 3 * PIECE - 5;

/** A torrent of three large pieces, a peer that gives them slowly, and who has fetched some of them and no whole one. */
async function begun(seed: string) {
  const folder = await temporaryFolder();
  const path = join(folder, "big.bin");
  await writeFileOf(path, LENGTH, seed);
  const { metainfo } = await createTorrent(path, { pieceLength: PIECE });
  const target = join(folder, "big.torrent");
  await writeFile(target, metainfo.bytes);
  const infoHash = toHex(metainfo.infoHash);
  const seeder = await startEngine({ upLimit: 3_000_000 });
  await seeder.engine.send({ method: "download", target, folder });
  await untilRow(seeder, infoHash, ({ state }) => state === "seeding");
  const leecher = await startEngine();
  await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
  await untilRow(leecher, infoHash, ({ downloadedBytes }) => downloadedBytes > 1_000_000);
  expect(rowOf(leecher, infoHash)!.heldPieces).toBe(0);
  return { seeder, leecher, infoHash, path };
}

/** All there, and no block of it came twice. */
async function expectWhole(on: TestEngine, infoHash: string, path: string): Promise<void> {
  await untilRow(on, infoHash, ({ state }) => state === "seeding");
  expect(await digestOf(join(on.folder, "big.bin"))).toBe(await digestOf(path));
  expect(rowOf(on, infoHash)).toMatchObject({ downloadedBytes: LENGTH, wastedBytes: 0 });
}

test("after an engine was stopped", async () => {
  const { seeder, leecher, infoHash, path } = await begun("stopped");
  await leecher.engine.close();
  seeder.engine.upLimit.bytesPerSecond = 0;
  const again = await startEngine({ home: leecher.home, folder: leecher.folder });
  await again.engine.send({ method: "download", target: infoHash, peers: [seeder.address] });
  await expectWhole(again, infoHash, path);
});

test("after a pause, in which it takes no memory", async () => {
  const { seeder, leecher, infoHash, path } = await begun("paused");
  const { transfer } = leecher.engine.book.get(infoHash as never)!;
  expect(transfer.pieceBytes).toBeGreaterThanOrEqual(PIECE);
  await leecher.engine.send({ method: "pause", infoHash });
  await expect.poll(() => transfer.pieceBytes).toBe(0);
  seeder.engine.upLimit.bytesPerSecond = 0;
  const done = nextEvent(leecher, "done");
  await leecher.engine.send({ method: "resume", infoHash });
  await done;
  await expectWhole(leecher, infoHash, path);
});

test("after a pause that was taken back at once", async () => {
  const { seeder, leecher, infoHash, path } = await begun("taken back");
  seeder.engine.upLimit.bytesPerSecond = 0;
  await Promise.all([
    leecher.engine.send({ method: "pause", infoHash }),
    leecher.engine.send({ method: "resume", infoHash }),
  ]);
  await expectWhole(leecher, infoHash, path);
});

test("after a check", async () => {
  const { seeder, leecher, infoHash, path } = await begun("checked");
  seeder.engine.upLimit.bytesPerSecond = 0;
  await leecher.engine.send({ method: "check", infoHash });
  await leecher.engine.send({ method: "download", target: infoHash, peers: [seeder.address] });
  await expectWhole(leecher, infoHash, path);
});

/** What a check finds while the state folder takes its time. */
async function foundMeanwhile(seed: string, moved: "keepBegun" | "bringBegun") {
  const { leecher, infoHash, path } = await begun(seed);
  const { transfer } = leecher.engine.book.get(infoHash as never)!;
  const { storage } = transfer;
  if (moved === "bringBegun") {
    await leecher.engine.send({ method: "pause", infoHash });
    await expect.poll(() => transfer.pieceBytes).toBe(0);
  }
  const disk = Promise.withResolvers<void>();
  const move = storage[moved].bind(storage) as (...given: unknown[]) => Promise<never>;
  const moving = vi.spyOn(storage, moved).mockImplementation(async (...given: unknown[]) => {
    if (moved === "keepBegun") await disk.promise;
    const brought = await move(...given);
    await disk.promise;
    return brought;
  });
  const turned = leecher.engine.send({ method: moved === "keepBegun" ? "pause" : "resume", infoHash });
  await expect.poll(() => moving.mock.calls.length).toBe(1);
  await copyFile(path, join(leecher.folder, "big.bin"));
  const checked = transfer.checks.run();
  await expect.poll(() => [storage.held.isFull, transfer.checks.checkedPieces]).toEqual([true, undefined]);
  disk.resolve();
  await Promise.all([turned, checked]);
  await leecher.engine.send({ method: "resume", infoHash });
  await untilRow(leecher, infoHash, ({ state }) => state === "seeding");
  expect([transfer.isComplete, transfer.pieceBytes]).toEqual([true, 0]);
}

test("what a check finds while they are being kept is not kept", () => foundMeanwhile("kept", "keepBegun"));

test("what a check finds while they are being brought is not begun", () => foundMeanwhile("brought", "bringBegun"));
