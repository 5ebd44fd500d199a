import { execFileSync } from "node:child_process";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { allocate } from "../../source/storage/allocate.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "./fixtures.ts";

const MIB = 1024 * 1024;

function hasFallocate(): boolean {
  try {
    execFileSync("fallocate", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("SKIPPED: the test of full allocation needs fallocate of util-linux.");
    return false;
  }
}

test.skipIf(!hasFallocate())("files take all their room before their first piece, small and large ones", async () => {
  const torrent = makeTorrent(
    [
      { path: ["small"], length: 100_000 },
      { path: ["large"], length: 3 * MIB },
    ],
    65_536,
  );
  const root = await temporaryFolder();
  const { metainfo, layout } = torrent;
  const folder = join(root, "downloads");
  const options = { metainfo, layout, folder, journalFile: join(root, "x.pieces"), diskThreads };
  const storage = await TorrentStorage.open({ ...options, allocation: "full" });
  onTestFinished(() => storage.close());
  // Two at once begin the small file, three the large one: nobody's zeros land on another's piece.
  await Promise.all([0, 1, 2, 3].map((index) => storage.write(index, torrent.piece(index))));
  expect((await storage.check({ only: [0, 1, 2, 3] })).count).toBe(4);
  for (const [name, length] of [
    ["small", 100_000],
    ["large", 3 * MIB],
  ] as const) {
    const { size, blocks } = await stat(join(folder, "shared", name));
    expect(size).toBe(length);
    expect(blocks * 512).toBeGreaterThanOrEqual(length);
  }
  const pieces = Array.from({ length: layout.pieceCount }, (_, index) => storage.write(index, torrent.piece(index)));
  await Promise.all(pieces);
  expect((await storage.check()).isFull).toBe(true);
});

test.skipIf(!hasFallocate())("what is in a file stays, and what cannot be had is said", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "file");
  await writeFile(path, "begun");
  const handle = await open(path, "r+");
  onTestFinished(() => handle.close());
  await allocate(handle, path, { size: 5, length: 2 * MIB });
  expect((await readFile(path)).subarray(0, 5).toString()).toBe("begun");
  await expect(allocate(handle, path, { size: 2 * MIB, length: 2 ** 60 })).rejects.toMatchObject({
    name: "StorageError",
    path,
  });
});
