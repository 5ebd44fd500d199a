// Padding between files (BEP 47): zeros that count in pieces and stand in no file.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TorrentStorage, type TorrentStorageOptions } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "./fixtures.ts";

/** Pieces of 16: a ends in piece 1, b in piece 5, c in piece 6; each next file begins with a piece. */
const torrent = makeTorrent([
  { path: ["a"], length: 20 },
  { path: [".pad", "12"], length: 12, padding: true },
  { path: ["b"], length: 60 },
  { path: [".pad", "4"], length: 4, padding: true },
  { path: ["c"], length: 7 },
  { path: [".pad", "9"], length: 9, padding: true },
]);
const { metainfo, layout } = torrent;
const PADDING = new Set([1, 3, 5]);
const ALL = [...Array(layout.pieceCount).keys()];

async function place() {
  const root = await temporaryFolder();
  return { folder: join(root, "downloads"), journalFile: join(root, "x.pieces") };
}

async function open(options: Omit<TorrentStorageOptions, "metainfo" | "layout" | "diskThreads">) {
  const storage = await TorrentStorage.open({ metainfo, layout, diskThreads, ...options });
  onTestFinished(() => storage.close());
  return storage;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).toSorted();
}

/** What another client leaves: its files, and no padding. */
async function writeFiles(folder: string): Promise<void> {
  for (const { path, offset, length, padding } of metainfo.files) {
    if (padding) continue;
    const file = join(folder, metainfo.name, ...path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, torrent.data.subarray(offset, offset + length));
  }
}

test("is written nowhere, needs no room, and is read as zeros", async () => {
  const at = await place();
  const storage = await open(at);
  await storage.leaveOut(PADDING, async (setAside) => expect(setAside).toEqual([]));
  for (const index of ALL) await storage.write(index, torrent.piece(index));
  await storage.sync();
  expect(await namesIn(at.folder)).toEqual(["shared", "shared/a", "shared/b", "shared/c"]);
  expect(await namesIn(dirname(at.folder))).not.toContain("x.parts");
  for (const index of ALL) {
    const read = new Uint8Array(layout.pieceLengthAt(index)).fill(1);
    await storage.read(index, 0, [read]);
    expect(read).toEqual(torrent.piece(index));
  }
  expect(await readFile(join(at.folder, "shared", "c"))).toHaveLength(7);
});

test("is there for who has the files from elsewhere", async () => {
  const at = await place();
  await writeFiles(at.folder);
  const storage = await open(at);
  expect([...(await storage.check()).held()]).toEqual(ALL);
});

test("is no reason to doubt what was held", async () => {
  const at = await place();
  const first = await open(at);
  for (const index of ALL) await first.write(index, torrent.piece(index));
  await first.close();
  const again = await open(at);
  expect(again.held.isFull).toBe(true);
  expect(again.suspect.isEmpty).toBe(true);
});
