import {
  type FileHandle,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { TorrentStorage, type TorrentStorageOptions } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "./fixtures.ts";

/** Pieces of 16: a has 0-2, b 2-6, c 6-7. */
const torrent = makeTorrent([
  { path: ["a"], length: 40 },
  { path: ["b"], length: 60 },
  { path: ["empty"], length: 0 },
  { path: ["c"], length: 20 },
]);
const A = torrent.data.subarray(0, 40);
const B = torrent.data.subarray(40, 100);

interface Place {
  readonly folder: string;
  readonly journalFile: string;
}

async function place(): Promise<Place> {
  const root = await temporaryFolder();
  return { folder: join(root, "downloads"), journalFile: join(root, "x.pieces") };
}

async function open(at: Place, options: Partial<TorrentStorageOptions> = {}): Promise<TorrentStorage> {
  const { metainfo, layout } = torrent;
  const storage = await TorrentStorage.open({ metainfo, layout, diskThreads, ...at, ...options });
  onTestFinished(() => storage.close());
  return storage;
}

const without = async (storage: TorrentStorage, files: number[]) => {
  let remembered: readonly number[] = [];
  await storage.leaveOut(new Set(files), async (setAside) => void (remembered = setAside));
  return remembered;
};

const writeAll = async (storage: TorrentStorage, pieces: readonly number[]) => {
  for (const index of pieces) await storage.write(index, torrent.piece(index));
};

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function expectRead(storage: TorrentStorage, index: number): Promise<void> {
  const bytes = torrent.piece(index).fill(0);
  await storage.read(index, 0, [bytes]);
  expect(Buffer.compare(bytes, torrent.piece(index))).toBe(0);
}

test("the part file is its owner's alone, as all state is; files of the torrent are for whom the umask says", async () => {
  const at = await place();
  const storage = await open(at);
  await without(storage, [0]);
  await writeAll(storage, [1, 2]);
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await modeOf(at.journalFile.replace("pieces", "parts"))).toBe(0o600);
  expect(await modeOf(join(at.folder, "shared", "b"))).toBe(0o666 & ~process.umask());
});

describe("the part file", () => {
  test("takes what shared pieces hold of files that are not wanted, and those are not made", async () => {
    const at = await place();
    const storage = await open(at);
    expect(await without(storage, [1, 2])).toEqual([1, 2]);
    await writeAll(storage, [0, 1, 2, 6, 7]);
    expect((await readdir(join(at.folder, "shared"))).toSorted()).toEqual(["a", "c"]);
    expect(Buffer.compare(await readFile(join(at.folder, "shared", "a")), A)).toBe(0);
    for (const index of [0, 1, 2, 6, 7]) await expectRead(storage, index);
    await storage.check();
    expect([...storage.held.missing()]).toEqual([3, 4, 5]);
  });

  test("is of use after the end of the process", async () => {
    const at = await place();
    const storage = await open(at);
    const setAside = await without(storage, [1]);
    await writeAll(storage, [0, 1, 2, 6]);
    const again = await open(at, { setAside, leftOut: [1] });
    expect([...again.held.held()]).toEqual([0, 1, 2, 6]);
    await expectRead(again, 2);
  });

  test("gives its bytes to the file when that is wanted after all, and goes when nothing is in it", async () => {
    const at = await place();
    const storage = await open(at);
    await without(storage, [1]);
    await writeAll(storage, [0, 1, 2, 6, 7]);
    const parts = at.journalFile.replace("pieces", "parts");
    expect(await isThere(parts)).toBe(true);
    expect(await without(storage, [])).toEqual([]);
    expect(await isThere(parts)).toBe(false);
    await expectRead(storage, 2);
    await writeAll(storage, [3, 4, 5]);
    expect(Buffer.compare(await readFile(join(at.folder, "shared", "b")), B)).toBe(0);
    expect(storage.held.isFull).toBe(true);
    expect((await readdir(join(at.folder, "shared"))).toSorted()).toEqual(["a", "b", "c", "empty"]);
    expect((await storage.check()).isFull).toBe(true);
  });

  test("is not used for a file that is there: it stays as it is, and goes on from there", async () => {
    const at = await place();
    const storage = await open(at);
    await writeAll(storage, [2, 3]);
    const path = join(at.folder, "shared", "b");
    const before = await readFile(path);
    expect(await without(storage, [1])).toEqual([]);
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
    await writeAll(storage, [6]);
    await expectRead(storage, 6);
    expect(Buffer.compare((await readFile(path)).subarray(56), B.subarray(56))).toBe(0);
  });

  test("leaves all as it was when it cannot be remembered what it holds", async () => {
    const at = await place();
    const storage = await open(at);
    const setAside = await without(storage, [1]);
    await writeAll(storage, [0, 1, 2, 6]);
    const failing = storage.leaveOut(new Set(), () => Promise.reject(new Error("no space")));
    await expect(failing).rejects.toThrow("no space");
    for (const index of [0, 1, 2, 6]) await expectRead(storage, index);
    await storage.sync();
    // As after kill -9 between the move and the word of it.
    const again = await open(at, { setAside, leftOut: [1] });
    for (const index of [0, 1, 2, 6]) await expectRead(again, index);
    expect(await without(again, [])).toEqual([]);
    for (const index of [0, 1, 2, 6]) await expectRead(again, index);
    expect((await again.check()).count).toBe(4);
  });

  test("goes on holding what another program's file would have swallowed", async () => {
    const at = await place();
    const storage = await open(at);
    const setAside = await without(storage, [1]);
    await writeAll(storage, [0, 1, 2, 6]);
    await storage.sync();
    const b = join(at.folder, "shared", "b");
    const handle = await openFile(at.journalFile);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    // Between the bytes written and the look at them.
    const datasync = vi.spyOn(prototype, "datasync").mockImplementationOnce(async () => {
      await rm(b);
      await writeFile(b, new Uint8Array(60));
    });
    onTestFinished(() => datasync.mockRestore());
    let remembered = setAside;
    const wantAll = () => storage.leaveOut(new Set(), async (files) => void (remembered = files));
    await expect(wantAll()).rejects.toMatchObject({ code: "changed", path: b });
    expect(remembered).toEqual([1]);
    for (const index of [0, 1, 2, 6]) await expectRead(storage, index);
    await wantAll();
    for (const index of [0, 1, 2, 6]) await expectRead(storage, index);
    expect(Buffer.compare((await readFile(b)).subarray(0, 8), B.subarray(0, 8))).toBe(0);
  });

  test("does not make the files that it filled look changed", async () => {
    const at = await place();
    const first = await open(at);
    const setAside = await without(first, [1]);
    await writeAll(first, [0, 1, 2, 6]);
    await first.close();
    const long = new Date(Date.now() - 60_000);
    const second = await open(at, { setAside, leftOut: [1] });
    await utimes(at.journalFile, long, long);
    await without(second, []);
    await second.close();
    const third = await open(at);
    expect([...third.held.held()]).toEqual([0, 1, 2, 6]);
    expect(third.suspect.isEmpty).toBe(true);
  });

  test.each(["removed", "cut", "changed"])("is not believed when it was %s behind us", async (how) => {
    const at = await place();
    const storage = await open(at);
    const setAside = await without(storage, [1]);
    await writeAll(storage, [0, 1, 2, 6, 7]);
    await storage.close();
    const parts = at.journalFile.replace("pieces", "parts");
    if (how === "removed") await rm(parts);
    if (how === "cut") await truncate(parts, 50);
    if (how === "changed") await writeFile(parts, new Uint8Array(100));
    const again = await open(at, { setAside, leftOut: [1] });
    await again.check();
    expect([...again.held.held()]).toEqual(how === "cut" ? [0, 1, 2, 7] : [0, 1, 7]);
    await writeAll(again, [2, 6]);
    await expectRead(again, 6);
  });

  test("does not make an unmounted disk look as if data were there", async () => {
    const at = await place();
    const storage = await open(at);
    const setAside = await without(storage, [1]);
    await writeAll(storage, [0, 1, 2, 6, 7]);
    await storage.close();
    await rm(join(at.folder, "shared"), { recursive: true });
    await expect(open(at, { setAside, leftOut: [1] })).rejects.toMatchObject({ code: "missing" });
  });

  test("goes with the data", async () => {
    const at = await place();
    const storage = await open(at);
    await without(storage, [1]);
    await writeAll(storage, [0, 1, 2]);
    await storage.removeData();
    expect(await readdir(at.folder)).toEqual([]);
    expect(await readdir(join(at.folder, ".."))).toEqual(["downloads"]);
  });

  test("empty files come with the last piece that is wanted", async () => {
    const at = await place();
    const storage = await open(at);
    await without(storage, [1, 3]);
    await writeAll(storage, [0, 1]);
    expect(await readdir(join(at.folder, "shared"))).toEqual(["a"]);
    await writeAll(storage, [2]);
    expect((await readdir(join(at.folder, "shared"))).toSorted()).toEqual(["a", "empty"]);
  });
});
