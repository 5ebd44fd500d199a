import {
  chmod,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { OpenFiles } from "../../source/storage/open-files.ts";
import { TorrentStorage, type TorrentStorageOptions } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder, type TestTorrent } from "./fixtures.ts";

const FILES = [
  { path: ["empty at first"], length: 0 },
  { path: ["a.bin"], length: 40 },
  { path: ["sub", "b.bin"], length: 1 },
  { path: ["sub", "nothing"], length: 0 },
  { path: ["sub", "deep", "c.bin"], length: 3 },
  { path: ["d.bin"], length: 77 },
  { path: ["last and empty"], length: 0 },
];

interface Place {
  readonly folder: string;
  readonly journalFile: string;
}

async function place(): Promise<Place> {
  const root = await temporaryFolder();
  return { folder: join(root, "downloads"), journalFile: join(root, "x.pieces") };
}

async function open(torrent: TestTorrent, at: Place, options: Partial<TorrentStorageOptions> = {}) {
  const { metainfo, layout } = torrent;
  const storage = await TorrentStorage.open({ metainfo, layout, diskThreads, ...at, ...options });
  onTestFinished(() => storage.close());
  return storage;
}

/** Changes a file, so that its change time tells of it. */
async function touch(path: string): Promise<void> {
  const { ctimeMs, atime, mtime } = await stat(path);
  while ((await stat(path)).ctimeMs <= ctimeMs) await utimes(path, atime, mtime);
}

/** As kill -9: the files stay as they are, nothing is closed in order. */
async function download(torrent: TestTorrent, at: Place, pieces?: readonly number[]) {
  const storage = await open(torrent, at);
  const indexes = pieces ?? Array.from(Array(torrent.layout.pieceCount).keys());
  await Promise.all(indexes.map((index) => storage.write(index, torrent.piece(index))));
  return storage;
}

async function bytesOnDisk(torrent: TestTorrent, at: Place): Promise<Buffer> {
  return Buffer.concat(
    await Promise.all(FILES.map(({ path }) => readFile(join(at.folder, torrent.metainfo.name, ...path)))),
  );
}

describe("TorrentStorage", () => {
  test("writes pieces that span many files, in any order, and makes the empty files too", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const order = [...Array(torrent.layout.pieceCount).keys()].toReversed();
    const storage = await download(torrent, at, order);
    expect(storage.held.isFull).toBe(true);
    expect(Buffer.compare(await bytesOnDisk(torrent, at), torrent.data)).toBe(0);
    expect(storage.path).toBe(join(at.folder, "shared"));
  });

  test("makes the empty files when it opens a torrent that was whole without them", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    await rm(join(at.folder, "shared", "last and empty"));
    const storage = await open(torrent, at);
    expect(storage.held.isFull).toBe(true);
    expect((await stat(join(at.folder, "shared", "last and empty"))).size).toBe(0);
  });

  test("writes many pieces at once", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await open(torrent, at, { openFiles: new OpenFiles(2) });
    const pieces = [...Array(torrent.layout.pieceCount).keys()];
    await Promise.all(pieces.map((index) => storage.write(index, torrent.piece(index))));
    expect(Buffer.compare(await bytesOnDisk(torrent, at), torrent.data)).toBe(0);
    await storage.close();
    expect((await open(torrent, at)).held.isFull).toBe(true);
  });

  test("needs the bytes of a piece no more once they are in the files, before it is held", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await open(torrent, at);
    for (let index = 0; index < torrent.layout.pieceCount; index++) {
      const bytes = torrent.piece(index);
      let wasHeld: boolean | undefined;
      await storage.write(index, bytes, () => {
        wasHeld = storage.held.get(index);
        bytes.fill(0);
      });
      expect(wasHeld).toBe(false);
    }
    expect(Buffer.compare(await bytesOnDisk(torrent, at), torrent.data)).toBe(0);
  });

  test("creates nothing before the first piece, and then files of full length", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await open(torrent, at);
    expect(await readdir(at.folder)).toEqual([]);
    await storage.write(0, torrent.piece(0));
    expect(await readdir(join(at.folder, "shared"))).toEqual(["a.bin"]);
    expect((await stat(join(at.folder, "shared", "a.bin"))).size).toBe(40);
  });

  test("tells right pieces from wrong ones", async () => {
    const torrent = makeTorrent(FILES);
    const storage = await open(torrent, await place());
    expect(await storage.verify(1, torrent.piece(1))).toBe(true);
    expect(await storage.verify(2, torrent.piece(1))).toBe(false);
    expect(await storage.verify(1, torrent.piece(1).subarray(1))).toBe(false);
    await expect(storage.write(1, new Uint8Array(15))).rejects.toThrow(RangeError);
  });

  test("reads into several buffers, across files and pieces", async () => {
    const torrent = makeTorrent(FILES);
    const storage = await download(torrent, await place());
    for (const [start, lengths] of [
      [0, [121]],
      [7, [1, 30, 0, 50, 3]],
      [39, [5]],
      [120, [1]],
    ] as const) {
      const buffers = lengths.map((length) => new Uint8Array(length));
      await storage.read(Math.floor(start / 16), start % 16, buffers);
      const length = lengths.reduce((a: number, b) => a + b, 0);
      expect(Buffer.compare(Buffer.concat(buffers), torrent.data.subarray(start, start + length))).toBe(0);
    }
    await expect(storage.read(7, 0, [new Uint8Array(17)])).rejects.toThrow(RangeError);
  });

  test("remembers its pieces after a clean end and after none, without hashing", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await download(torrent, at, [1, 3, 5]);
    const second = await open(torrent, at);
    expect([...second.held.held()]).toEqual([1, 3, 5]);
    expect(second.suspect.isEmpty).toBe(true);
    await second.close();
    expect([...(await open(torrent, at)).held.held()]).toEqual([1, 3, 5]);
  });

  test("holds what was just hashed, without a look at it", async () => {
    const torrent = makeTorrent([{ length: 40 }]);
    const at = await place();
    await mkdir(at.folder);
    await writeFile(join(at.folder, "shared"), torrent.data);
    const storage = await open(torrent, at, { justHashed: true });
    expect(storage.held.isFull).toBe(true);
    await storage.close();
    expect((await open(torrent, at)).held.isFull).toBe(true);
  });

  test("suspects files that are there without a journal, and check finds what is right in them", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    await rm(at.journalFile);
    await rm(join(at.folder, "shared", "sub", "deep"), { recursive: true });
    await chmod(join(at.folder, "shared", "d.bin"), 0o444);
    const storage = await open(torrent, at);
    expect(storage.held.isEmpty).toBe(true);
    expect([...storage.suspect.held()]).toEqual([0, 1, 3, 4, 5, 6, 7]);
    const progress: number[] = [];
    const found = await storage.check({
      only: storage.suspect.held(),
      onProgress: (checked) => progress.push(checked),
    });
    expect([...found.held()]).toEqual([0, 1, 3, 4, 5, 6, 7]);
    expect([...storage.held.held()]).toEqual([0, 1, 3, 4, 5, 6, 7]);
    expect(storage.suspect.isEmpty).toBe(true);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("finds a flipped bit by check, and those pieces alone", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await download(torrent, at);
    const path = join(at.folder, "shared", "d.bin");
    const bytes = await readFile(path);
    bytes[76]! ^= 1;
    bytes[10]! ^= 0x80;
    await writeFile(path, bytes);
    await storage.check();
    expect([...storage.held.missing()]).toEqual([3, 7]);
    expect([...(await open(torrent, at)).held.missing()]).toEqual([3, 7]);
  });

  test("stops a check with the reason of its signal, and keeps what was checked", async () => {
    const torrent = makeTorrent([{ length: 160 }], 1);
    const at = await place();
    await (await download(torrent, at)).close();
    await rm(at.journalFile);
    const storage = await open(torrent, at);
    const controller = new AbortController();
    const onProgress = (checked: number) => checked === 20 && controller.abort();
    await expect(storage.check({ signal: controller.signal, onProgress })).rejects.toThrow("aborted");
    expect(storage.held.count).toBeGreaterThanOrEqual(20);
    expect(storage.held.count + storage.suspect.count).toBe(160);
  });

  test("does not claim pieces of files that became shorter or went", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    await truncate(join(at.folder, "shared", "d.bin"), 60);
    await rm(join(at.folder, "shared", "sub", "b.bin"));
    const storage = await open(torrent, at);
    expect([...storage.held.held()]).toEqual([0, 1]);
    expect([...storage.suspect.held()]).toEqual([3, 4, 5]);
    await storage.check({ only: storage.suspect.held() });
    expect([...storage.held.held()]).toEqual([0, 1, 3, 4, 5]);
  });

  test("suspects what changed after it was closed, however soon, and nothing else, over and over", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    await touch(join(at.folder, "shared", "d.bin"));
    const storage = await open(torrent, at);
    expect([...storage.suspect.held()]).toEqual([2, 3, 4, 5, 6, 7]);
    await storage.check({ only: storage.suspect.held() });
    await storage.close();
    const again = await open(torrent, at);
    expect(again.held.isFull).toBe(true);
    await again.close();
    expect((await open(torrent, at)).held.isFull).toBe(true);
  });

  test("hashes nothing again when it is killed at its first write", async () => {
    const torrent = makeTorrent([{ length: 160 }]);
    const at = await place();
    await (await download(torrent, at, [0, 1, 2])).close();
    const before = await readFile(at.journalFile);
    const storage = await open(torrent, at);
    const path = join(at.folder, "shared");
    const { ctimeMs } = await stat(path);
    // The journal of the last run is gone before the first byte.
    const journals: boolean[] = [];
    const handle = await openFile(at.journalFile);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const { write } = prototype;
    const spy = vi.spyOn(prototype, "write").mockImplementation(async function (this: FileHandle, ...args) {
      const [bytes] = args as readonly unknown[];
      const ofPiece = bytes instanceof Uint8Array && Buffer.compare(bytes, torrent.piece(3)) === 0;
      if (ofPiece) journals.push(Buffer.compare(await readFile(at.journalFile), before) === 0);
      return Reflect.apply(write, this, args) as ReturnType<typeof write>;
    });
    onTestFinished(() => spy.mockRestore());
    await storage.write(3, torrent.piece(3));
    expect(journals.length).toBeGreaterThan(0);
    expect(journals).not.toContain(true);
    while ((await stat(path)).ctimeMs <= ctimeMs) await touch(path);
    expect((await open(torrent, at)).suspect.isEmpty).toBe(true);
  });

  test("suspects files that changed long after the journal that nobody closed", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await download(torrent, at);
    const past = new Date(Date.now() - 3_000);
    await utimes(at.journalFile, past, past);
    const storage = await open(torrent, at);
    expect(storage.held.isEmpty).toBe(true);
    expect(storage.suspect.isFull).toBe(true);
    await storage.check({ only: storage.suspect.held() });
    expect(storage.held.isFull).toBe(true);
  });

  test("keeps suspects over a restart", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    for (const { path } of FILES) await touch(join(at.folder, "shared", ...path));
    await (await open(torrent, at)).close();
    expect((await open(torrent, at)).suspect.isFull).toBe(true);
  });

  test("says that all data is gone instead of starting over, until told to", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    await rm(at.folder, { recursive: true });
    const journal = await readFile(at.journalFile);
    await expect(open(torrent, at)).rejects.toMatchObject({ name: "StorageError", code: "missing", path: at.folder });
    expect(await readdir(join(at.folder, ".."))).toEqual(["x.pieces"]);
    await mkdir(at.folder);
    await expect(open(torrent, at)).rejects.toMatchObject({ name: "StorageError", code: "missing", path: at.folder });
    expect(await readdir(at.folder)).toEqual([]);
    expect(Buffer.compare(await readFile(at.journalFile), journal)).toBe(0);
    expect((await open(torrent, at, { acceptMissing: true })).held.isEmpty).toBe(true);
  });

  test("writes nothing into another folder that stands where its own was", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await open(torrent, at);
    await rename(at.folder, `${at.folder}-kept`);
    await mkdir(at.folder);
    await expect(storage.write(0, torrent.piece(0))).rejects.toMatchObject({ code: "missing" });
    expect(await readdir(at.folder)).toEqual([]);
    expect(storage.held.isEmpty).toBe(true);
  });

  test("says which file is too short when it is read", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await download(torrent, at);
    const path = join(at.folder, "shared", "a.bin");
    await truncate(path, 20);
    await expect(storage.read(1, 0, [new Uint8Array(16)])).rejects.toMatchObject({ code: "truncated", path });
    expect([...storage.suspect.held()]).toEqual([0, 1, 2]);
    expect([...(await storage.check({ only: storage.suspect.held() })).held()]).toEqual([0]);
    expect([...storage.held.missing()]).toEqual([1, 2]);
    await storage.write(1, torrent.piece(1));
    expect((await stat(path)).size).toBe(40);
  });

  test("a write of ours that fails, and was seen half done by a read, is no change by others", async () => {
    const torrent = makeTorrent([{ length: 48 }]);
    const storage = await open(torrent, await place());
    await storage.write(0, torrent.piece(0));
    const clock = vi.spyOn(performance, "now");
    onTestFinished(() => clock.mockRestore());
    const handle = await openFile(storage.path);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const spy = vi.spyOn(prototype, "write").mockImplementationOnce(async () => {
      await storage.read(0, 0, [new Uint8Array(16)]);
      await touch(storage.path);
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    });
    onTestFinished(() => spy.mockRestore());
    await expect(storage.write(1, torrent.piece(1))).rejects.toMatchObject({ code: "disk-full" });
    clock.mockReturnValue(performance.now() + 5_000);
    await storage.read(0, 0, [new Uint8Array(16)]);
    expect(storage.held.get(0)).toBe(true);
  });

  test("notices within a second that a file which it shares was written by another program", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const clock = vi.spyOn(performance, "now");
    onTestFinished(() => clock.mockRestore());
    clock.mockReturnValue(0);
    const storage = await download(torrent, at);
    const path = join(at.folder, "shared", "d.bin");
    await storage.read(4, 0, [new Uint8Array(16)]);
    const { ctimeMs } = await stat(path);
    while ((await stat(path)).ctimeMs === ctimeMs) await writeFile(path, new Uint8Array(77));
    clock.mockReturnValue(1_000);
    await expect(storage.read(4, 0, [new Uint8Array(16)])).rejects.toMatchObject({ code: "changed", path });
    expect([...storage.suspect.held()]).toEqual([2, 3, 4, 5, 6, 7]);
    await storage.read(0, 0, [new Uint8Array(16)]);
    await storage.check({ only: storage.suspect.held() });
    expect([...storage.held.held()]).toEqual([0, 1]);
  });

  test.each(["deleted", "replaced"])(
    "does not go on claiming what it wrote into a file that was %s behind it",
    async (how) => {
      const torrent = makeTorrent(FILES);
      const at = await place();
      const storage = await download(torrent, at, [0, 1, 3, 4]);
      const path = join(at.folder, "shared", "d.bin");
      await rename(path, join(at.folder, "moved away"));
      if (how === "replaced") await writeFile(path, new Uint8Array(77));
      await storage.write(5, torrent.piece(5));
      await expect(storage.sync()).rejects.toMatchObject({ code: "changed", path });
      expect([...storage.held.held()]).toEqual([0, 1]);
      expect([...storage.suspect.held()]).toEqual([3, 4, 5]);
      await storage.check({ only: storage.suspect.held() });
      for (const index of [2, 3, 4, 5, 6, 7]) await storage.write(index, torrent.piece(index));
      expect((await storage.check()).isFull).toBe(true);
    },
  );

  test("suspects what it held of a file that it had to make anew, and says so", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const onProblem = vi.fn();
    const storage = await open(torrent, at, { openFiles: new OpenFiles(1), onProblem });
    for (const index of [3, 4, 0]) await storage.write(index, torrent.piece(index));
    const path = join(at.folder, "shared", "d.bin");
    await rm(path);
    await storage.write(5, torrent.piece(5));
    expect([...storage.held.held()]).toEqual([0, 5]);
    expect([...storage.suspect.held()]).toEqual([3, 4]);
    expect((await stat(path)).size).toBe(77);
    await storage.sync();
    expect(onProblem.mock.calls).toMatchObject([[{ code: "changed", path }]]);
  });

  test("suspects what it held of a file that was cut and would be as long again with the next write", async () => {
    const torrent = makeTorrent([{ path: ["a.bin"], length: 160 }]);
    const at = await place();
    const storage = await open(torrent, at);
    for (const index of [0, 1]) await storage.write(index, torrent.piece(index));
    await storage.sync();
    const path = join(at.folder, "shared", "a.bin");
    await truncate(path, 20);
    await storage.write(9, torrent.piece(9));
    expect([...storage.held.held()]).toEqual([9]);
    await storage.check({ only: storage.suspect.held() });
    await storage.sync();
    expect([...storage.held.held()]).toEqual([0, 9]);
  });

  test("suspects what it held of a file that was cut between two writes", async () => {
    const torrent = makeTorrent([{ path: ["a.bin"], length: 160 }]);
    const at = await place();
    const storage = await open(torrent, at);
    for (const index of [0, 1, 8]) await storage.write(index, torrent.piece(index));
    const path = join(at.folder, "shared", "a.bin");
    await truncate(path, 20);
    await storage.write(4, torrent.piece(4));
    await expect(storage.sync()).rejects.toMatchObject({ code: "changed", path });
    expect(storage.held.isEmpty).toBe(true);
    await storage.check({ only: storage.suspect.held() });
    expect([...storage.held.held()]).toEqual([0, 4]);
    await storage.write(1, torrent.piece(1));
    await storage.sync();
    expect((await stat(path)).size).toBe(160);
    expect((await storage.check()).count).toBe(3);
  });

  test("ends a check at the first error of the disk", async () => {
    const torrent = makeTorrent([{ length: 160 }], 1);
    const at = await place();
    const storage = await download(torrent, at);
    const path = join(at.folder, "shared");
    await rm(path);
    await mkdir(path);
    let checked = 0;
    await expect(storage.check({ onProgress: () => checked++ })).rejects.toMatchObject({ code: "io", path });
    expect(checked).toBe(0);
    await expect(storage.close()).rejects.toMatchObject({ code: "changed", path });
  });

  test("leaves its journal alone as long as there is nothing to write", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    await (await download(torrent, at)).close();
    const { ino, mtimeMs } = await stat(at.journalFile);
    const storage = await open(torrent, at);
    await storage.read(0, 0, [new Uint8Array(16)]);
    await storage.close();
    expect(await stat(at.journalFile)).toMatchObject({ ino, mtimeMs });
  });

  test("follows no link in the place of a file or a folder", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const outside = await temporaryFolder();
    const storage = await open(torrent, at);
    await mkdir(join(at.folder, "shared"), { recursive: true });
    await symlink(join(outside, "file"), join(at.folder, "shared", "a.bin"));
    await symlink(outside, join(at.folder, "shared", "sub"));
    await expect(storage.write(0, torrent.piece(0))).rejects.toMatchObject({ code: "link" });
    await expect(storage.write(2, torrent.piece(2))).rejects.toMatchObject({ code: "link" });
    await writeFile(join(outside, "b.bin"), "secret");
    await expect(storage.read(2, 8, [new Uint8Array(1)])).rejects.toMatchObject({ code: "missing" });
    expect(await readdir(outside)).toEqual(["b.bin"]);
    await storage.removeData();
    expect(await readdir(outside)).toEqual(["b.bin"]);
  });

  test("follows no link in the place of the torrent's own folder", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const outside = await temporaryFolder();
    const storage = await open(torrent, at);
    await symlink(outside, join(at.folder, "shared"));
    await expect(storage.write(0, torrent.piece(0))).rejects.toMatchObject({ code: "link" });
    expect(await readdir(outside)).toEqual([]);
  });

  test("keeps hostile names below its folder", async () => {
    const torrent = makeTorrent(
      [
        { path: ["..", "..", "escaped"], length: 20 },
        { path: ["/etc", "passwd"], length: 20 },
        { path: ["a\0b", "", "."], length: 20 },
      ],
      16,
      "../../up",
    );
    const at = await place();
    await download(torrent, at);
    expect(await readdir(join(at.folder, ".."))).toEqual(["downloads", "x.pieces"]);
    expect(await readdir(at.folder)).toEqual([".._.._up"]);
    expect((await readdir(join(at.folder, ".._.._up"))).toSorted()).toEqual(["__", "_etc", "a_b"]);
  });

  test("keeps the names of files that are there already, and gives others names that are safe everywhere", async () => {
    const files = [
      { path: ["Makefile"], length: 20 },
      { path: ["makefile"], length: 20 },
      { path: ["aux.c"], length: 20 },
    ];
    const torrent = makeTorrent(files, 16, "source");
    const fresh = await place();
    await download(torrent, fresh);
    expect((await readdir(join(fresh.folder, "source"))).toSorted()).toEqual(["Makefile", "_aux.c", "makefile (2)"]);

    const own = await place();
    await mkdir(join(own.folder, "source"), { recursive: true });
    for (const [index, { path }] of files.entries()) {
      await writeFile(join(own.folder, "source", path[0]!), torrent.data.subarray(20 * index, 20 * index + 20));
    }
    const storage = await open(torrent, own);
    await storage.check();
    expect(storage.held.isFull).toBe(true);
  });

  test("does not take two hard links for two files", async () => {
    const torrent = makeTorrent([
      { path: ["A"], length: 20 },
      { path: ["a"], length: 20 },
    ]);
    const at = await place();
    await mkdir(join(at.folder, "shared"), { recursive: true });
    await writeFile(join(at.folder, "shared", "A"), torrent.data.subarray(0, 20));
    await link(join(at.folder, "shared", "A"), join(at.folder, "shared", "a"));
    await download(torrent, at);
    expect((await readdir(join(at.folder, "shared"))).toSorted()).toEqual(["A", "a", "a (2)"]);
  });

  test("removes its own files and its empty folders, and nothing else", async () => {
    const torrent = makeTorrent(FILES);
    const at = await place();
    const storage = await download(torrent, at);
    await writeFile(join(at.folder, "shared", "sub", "mine"), "keep");
    await storage.removeData();
    expect(await readdir(join(at.folder, "shared"))).toEqual(["sub"]);
    expect(await readdir(join(at.folder, "shared", "sub"))).toEqual(["mine"]);
    expect((await lstat(at.folder)).isDirectory()).toBe(true);
  });

  test("moves a torrent of more files than may be open", async () => {
    const torrent = makeTorrent(
      Array.from({ length: 700 }, (_, i) => ({ path: [`d${i % 7}`, `f${i}`], length: i % 40 })),
      100,
    );
    const at = await place();
    const openFiles = new OpenFiles(8);
    const storage = await open(torrent, at, { openFiles });
    const pieces = [...Array(torrent.layout.pieceCount).keys()];
    await Promise.all(pieces.map((index) => storage.write(index, torrent.piece(index))));
    expect(openFiles.size).toBeLessThanOrEqual(8);
    expect((await storage.check()).isFull).toBe(true);
    await storage.sync();
    expect(openFiles.size).toBeLessThanOrEqual(8);
    await storage.close();
    expect(openFiles.size).toBe(0);
  });
});
