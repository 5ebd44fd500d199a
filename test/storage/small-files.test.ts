import { execFileSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { FileSegment } from "../../source/metainfo/piece-layout.ts";
import { DiskThreads } from "../../source/storage/disk-threads.ts";
import { OpenFiles } from "../../source/storage/open-files.ts";
import { TorrentStorage, type TorrentStorageOptions } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "./fixtures.ts";

/** 20 pieces of 60 bytes hold about twelve files each. */
const FILES = Array.from({ length: 240 }, (_, i) => ({ path: [`d${i % 3}`, `f${i}`], length: 1 + (i % 9) }));
const torrent = makeTorrent(FILES, 60);
const { metainfo, layout } = torrent;
const PIECES = [...Array(layout.pieceCount).keys()];

/** Of piece 4: the last of its files that no other piece has a part of. */
const VICTIM = layout.filesOfPiece(4).at(-2)!.file;

async function open(options: Partial<TorrentStorageOptions> = {}) {
  const root = await temporaryFolder();
  const folder = join(root, "downloads");
  const at = { metainfo, layout, diskThreads, folder, journalFile: join(root, "x.pieces"), ...options };
  const storage = await TorrentStorage.open(at);
  onTestFinished(() => storage.close().catch(() => undefined));
  return { storage, at, path: (file: number) => join(at.folder, "shared", ...FILES[file]!.path) };
}

const write = (storage: TorrentStorage, pieces: readonly number[] = PIECES) =>
  Promise.all(pieces.map((index) => storage.write(index, torrent.piece(index))));

const bytesOf = (file: number) => {
  const { offset, length } = layout.files[file]!;
  return torrent.data.subarray(offset, offset + length);
};

describe("a torrent of many small files", () => {
  test("is written by threads, in any order, with few files open", async () => {
    const openFiles = new OpenFiles();
    const writing = vi.spyOn(diskThreads, "writeFiles");
    onTestFinished(() => writing.mockRestore());
    const { storage, at, path } = await open({ openFiles });
    await write(storage, PIECES.toReversed());
    expect(writing).toHaveBeenCalledTimes(PIECES.length);
    expect(openFiles.size).toBe(0);
    for (const file of FILES.keys()) expect(Buffer.compare(await readFile(path(file)), bytesOf(file))).toBe(0);
    await storage.sync();
    expect((await storage.check()).isFull).toBe(true);
    const buffer = new Uint8Array(layout.length);
    await storage.read(0, 0, [buffer]);
    expect(Buffer.compare(buffer, torrent.data)).toBe(0);
    await storage.close();
    expect(openFiles.size).toBe(0);
    const again = await TorrentStorage.open(at);
    expect(again.held.isFull).toBe(true);
    expect(again.suspect.isEmpty).toBe(true);
    await again.close();
  });

  test("is written whole where files are allocated first", async () => {
    const { storage, path } = await open({ allocation: "full" });
    await write(storage);
    for (const file of FILES.keys()) expect(Buffer.compare(await readFile(path(file)), bytesOf(file))).toBe(0);
  });

  test("has files of full length from their first part on, and doubts what it held of one that it had to make anew", async () => {
    const { storage, path } = await open();
    const { file: border } = layout.filesOfPiece(4).at(-1)!;
    expect(layout.filesOfPiece(5)[0]!.file).toBe(border);
    await storage.write(5, torrent.piece(5));
    expect((await stat(path(border))).size).toBe(FILES[border]!.length);
    await rm(path(border));
    await storage.write(4, torrent.piece(4));
    expect([...storage.held.held()]).toEqual([4]);
    expect([...storage.suspect.held()]).toEqual([5]);
    await storage.sync();
  });

  test("doubts what it held of a file that was cut, also when the piece that shows it is not stored", async () => {
    const { storage, path } = await open();
    const [{ file: border }, , { file: next }] = layout.filesOfPiece(5) as [FileSegment, FileSegment, FileSegment];
    expect(layout.filesOfPiece(4).at(-1)!.file).toBe(border);
    await storage.write(4, torrent.piece(4));
    await truncate(path(border), 0);
    await mkdir(path(next));
    await expect(storage.write(5, torrent.piece(5))).rejects.toMatchObject({ code: "in-the-way", path: path(next) });
    await rm(path(next), { recursive: true });
    await storage.write(5, torrent.piece(5));
    expect([...storage.held.held()]).toEqual([5]);
    expect([...storage.suspect.held()]).toEqual([4]);
  });

  test("doubts what it has just written to a file that another write had to make anew", async () => {
    const { storage, path } = await open();
    const { file: border } = layout.filesOfPiece(4).at(-1)!;
    const { writeFiles } = DiskThreads.prototype;
    const begun = Promise.withResolvers<void>();
    const removed = Promise.withResolvers<void>();
    const made = Promise.withResolvers<void>();
    const writing = vi.spyOn(diskThreads, "writeFiles").mockImplementationOnce(async (job) => {
      begun.resolve();
      const written = await writeFiles.call(diskThreads, job);
      await rename(path(border), `${path(border)}.old`);
      removed.resolve();
      await made.promise;
      return written;
    });
    onTestFinished(() => writing.mockRestore());
    writing.mockImplementationOnce(async (job) => {
      await removed.promise;
      const written = await writeFiles.call(diskThreads, job);
      made.resolve();
      await first;
      return written;
    });
    const first = storage.write(5, torrent.piece(5));
    await begun.promise;
    await Promise.all([first, storage.write(4, torrent.piece(4))]);
    expect([...storage.held.held()]).toEqual([4]);
    expect([...storage.suspect.held()]).toEqual([5]);
  });

  test("has no file cut that is longer", async () => {
    const { storage, path } = await open();
    await mkdir(join(path(VICTIM), ".."), { recursive: true });
    await writeFile(path(VICTIM), "x".repeat(50));
    await write(storage);
    const { length } = FILES[VICTIM]!;
    expect(await readFile(path(VICTIM))).toEqual(Buffer.from([...bytesOf(VICTIM), ...Buffer.alloc(50 - length, "x")]));
  });

  test("puts what belongs to files that nobody wants into the part file", async () => {
    const { storage, path } = await open();
    const leftOut = new Set(FILES.keys());
    for (const file of [VICTIM - 2, VICTIM - 1]) leftOut.delete(file);
    await storage.leaveOut(leftOut, async () => undefined);
    await write(storage, [4]);
    await storage.sync();
    const names = await readdir(join(path(0), "..", ".."), { recursive: true });
    expect(names.filter((name) => name.includes("f")).toSorted()).toEqual(
      [VICTIM - 2, VICTIM - 1].map((file) => FILES[file]!.path.join("/")).toSorted(),
    );
    const buffer = new Uint8Array(60);
    await storage.read(4, 0, [buffer]);
    expect(Buffer.compare(buffer, torrent.piece(4))).toBe(0);
  });

  test.each([
    ["a link to a file", "link", (path: string, outside: string) => symlink(join(outside, "secret"), path)],
    ["a link to nowhere", "link", (path: string, outside: string) => symlink(join(outside, "new"), path)],
    ["a folder", "in-the-way", (path: string) => mkdir(path)],
    ["a pipe", "io", async (path: string) => void execFileSync("mkfifo", [path])],
  ])("is not written where %s stands in a file's place", async (_, code, put) => {
    const outside = await temporaryFolder();
    await writeFile(join(outside, "secret"), "secret");
    const { storage, path } = await open();
    const foreign = path(VICTIM);
    await mkdir(join(foreign, ".."), { recursive: true });
    await put(foreign, outside);
    await expect(storage.write(4, torrent.piece(4))).rejects.toMatchObject({
      name: "StorageError",
      path: foreign,
      code,
    });
    expect(storage.held.isEmpty).toBe(true);
    expect(await readdir(outside)).toEqual(["secret"]);
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
    await rm(foreign, { recursive: true });
    await storage.write(4, torrent.piece(4));
    expect([...storage.held.held()]).toEqual([4]);
  });

  test("follows no link in the place of a folder, nor of its own", async () => {
    const outside = await temporaryFolder();
    const { storage, at } = await open();
    await mkdir(join(at.folder, "shared"));
    for (const folder of [join("shared", "d1"), "shared"]) {
      await rm(join(at.folder, folder), { recursive: true, force: true });
      await symlink(outside, join(at.folder, folder));
      const failure = { code: "link", path: join(at.folder, folder) };
      await expect(storage.write(4, torrent.piece(4))).rejects.toMatchObject(failure);
    }
    expect(await readdir(outside)).toEqual([]);
  });

  test("is not begun in another folder that stands where its own was", async () => {
    const { storage, at } = await open();
    await rename(at.folder, `${at.folder}-kept`);
    await mkdir(at.folder);
    await expect(storage.write(4, torrent.piece(4))).rejects.toMatchObject({ code: "missing", path: at.folder });
    expect(await readdir(at.folder)).toEqual([]);
  });

  test.each([
    ["deleted", (path: string) => rm(path)],
    ["replaced", (path: string) => rename(path, `${path}.old`).then(() => writeFile(path, "others"))],
    ["made a folder", (path: string) => rm(path).then(() => mkdir(path))],
  ])("is no more claimed to hold a file that was %s behind it, and goes on", async (_, act) => {
    const { storage, path } = await open();
    await write(storage, [3, 4, 5]);
    await act(path(VICTIM));
    await expect(storage.sync()).rejects.toMatchObject({ code: "changed", path: path(VICTIM) });
    expect([...storage.held.held()]).toEqual([3, 5]);
    expect([...storage.suspect.held()]).toEqual([4]);
    await rm(path(VICTIM), { recursive: true, force: true });
    await storage.check({ only: [4] });
    await storage.write(4, torrent.piece(4));
    await storage.sync();
    expect([...storage.held.held()]).toEqual([3, 4, 5]);
  });

  test("notices from its sync on that a file was written by another program", async () => {
    const { storage, path } = await open();
    await write(storage);
    await storage.sync();
    const { ctimeMs } = await stat(path(VICTIM));
    while ((await stat(path(VICTIM))).ctimeMs === ctimeMs) await writeFile(path(VICTIM), new Uint8Array(9));
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_000);
    onTestFinished(() => clock.mockRestore());
    const failure = { code: "changed", path: path(VICTIM) };
    await expect(storage.read(4, 0, [new Uint8Array(60)])).rejects.toMatchObject(failure);
    expect([...storage.suspect.held()]).toEqual([4]);
  });

  test("notices what another program wrote to one file after a check of another", async () => {
    const { storage, path } = await open();
    await write(storage);
    await storage.sync();
    const others = layout.filesOfPiece(10)[1]!.file;
    const edit = async (file: number) => {
      const { ctimeMs } = await stat(path(file));
      while ((await stat(path(file))).ctimeMs === ctimeMs) await writeFile(path(file), new Uint8Array(9));
    };
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_000);
    onTestFinished(() => clock.mockRestore());
    await edit(VICTIM);
    await expect(storage.read(4, 0, [new Uint8Array(60)])).rejects.toMatchObject({ code: "changed" });
    await edit(others);
    await storage.check({ only: storage.suspect.held() });
    const failure = { code: "changed", path: path(others) };
    await expect(storage.read(10, 0, [new Uint8Array(60)])).rejects.toMatchObject(failure);
    await storage.check({ only: storage.suspect.held() });
    expect([...storage.held.missing()]).toEqual([4, 10]);
    await storage.write(4, torrent.piece(4));
    await storage.read(3, 0, [new Uint8Array(120)]);
  });

  test.each([
    ["deleted", "missing", (path: string) => rm(path)],
    ["cut", "truncated", (path: string) => truncate(path, 0)],
    ["replaced", "changed", (path: string) => rm(path).then(() => writeFile(path, "the others"))],
    ["a link", "link", (path: string) => rename(path, `${path}.old`).then(() => symlink(`${path}.old`, path))],
  ])("does not give out what it held of a file that is %s now, only that", async (_, code, act) => {
    const { storage, path } = await open();
    await write(storage);
    await storage.sync();
    await act(path(VICTIM));
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_000);
    onTestFinished(() => clock.mockRestore());
    const reading = [0, 1].map(() => storage.read(3, 30, [new Uint8Array(50), new Uint8Array(40)]));
    for (const outcome of await Promise.allSettled(reading)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "StorageError", code, path: path(VICTIM) } });
    }
    expect([...storage.suspect.held()]).toEqual([4]);
    await storage.read(2, 0, [new Uint8Array(120)]);
  });

  test("is read at any place, into any number of buffers", async () => {
    const { storage } = await open();
    await write(storage);
    for (const [start, lengths] of [
      [0, [1_190]],
      [7, [1, 30, 0, 150, 3]],
      [239, [5]],
      [602, [16, 16, 16]],
    ] as const) {
      const buffers = lengths.map((length) => new Uint8Array(length));
      await storage.read(Math.floor(start / 60), start % 60, buffers);
      const length = lengths.reduce((a: number, b) => a + b, 0);
      expect(Buffer.compare(Buffer.concat(buffers), torrent.data.subarray(start, start + length))).toBe(0);
    }
  });

  test("takes its own write of a file that it reads for its own", async () => {
    const { storage } = await open();
    await storage.write(5, torrent.piece(5));
    await storage.sync();
    await storage.read(5, 0, [new Uint8Array(60)]);
    const [, reading] = await Promise.allSettled([
      storage.write(4, torrent.piece(4)),
      storage.read(5, 0, [new Uint8Array(60)]),
    ]);
    expect(reading.status).toBe("fulfilled");
    await storage.read(5, 0, [new Uint8Array(60)]);
    expect([...storage.held.held()]).toEqual([4, 5]);
  });

  test("takes its own write of a file that is being synced for its own", async () => {
    const { storage, path } = await open();
    const { file: border } = layout.filesOfPiece(4).at(-1)!;
    const looked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const { syncFiles } = DiskThreads.prototype;
    const syncing = vi.spyOn(diskThreads, "syncFiles").mockImplementation(async (files) => {
      const synced = await syncFiles.call(diskThreads, files);
      looked.resolve();
      await answered.promise;
      return synced;
    });
    onTestFinished(() => syncing.mockRestore());
    await storage.write(5, torrent.piece(5));
    const synced = storage.sync();
    await looked.promise;
    const { ctimeMs } = await stat(path(border));
    const clock = `${path(border)}-clock`;
    do await writeFile(clock, "");
    while ((await stat(clock)).ctimeMs <= ctimeMs);
    await storage.write(4, torrent.piece(4));
    answered.resolve();
    await synced;
    await storage.read(5, 0, [new Uint8Array(60)]);
    expect([...storage.held.held()]).toEqual([4, 5]);
  });

  test("takes its own second write of a file for its own", async () => {
    const { storage, path } = await open();
    await write(storage);
    await storage.sync();
    await truncate(path(VICTIM), 0);
    await storage.check();
    expect([...storage.held.missing()]).toEqual([4]);
    await Promise.all([storage.write(4, torrent.piece(4)), storage.sync()]);
    await storage.sync();
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_000);
    onTestFinished(() => clock.mockRestore());
    await storage.read(4, 0, [new Uint8Array(60)]);
    expect(storage.held.isFull).toBe(true);
    expect((await lstat(path(VICTIM))).size).toBe(FILES[VICTIM]!.length);
  });
});
