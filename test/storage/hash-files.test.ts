import { createHash } from "node:crypto";
import { truncateSync } from "node:fs";
import { mkdir, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { DiskThreads } from "../../source/storage/disk-threads.ts";
import { createTorrent, defaultPieceLength, hashPath, readTorrentFile } from "../../source/storage/hash-files.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { diskThreads, temporaryFolder } from "./fixtures.ts";

function sha1(bytes: Uint8Array | string): string {
  return createHash("sha1").update(bytes).digest("hex");
}

describe("hashPath", () => {
  test("hashes one file in pieces and tells where it lies", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "a.txt"), "0123456789");
    const progress: number[] = [];
    const onProgress = (done: number, total: number) => progress.push(done / total);
    const hashed = await hashPath(join(folder, "a.txt"), { pieceLength: 4, onProgress });
    expect(hashed).toMatchObject({ name: "a.txt", singleFile: true, length: 10, pieceLength: 4, folder });
    expect(Buffer.from(hashed.pieceHashes).toString("hex")).toBe(sha1("0123") + sha1("4567") + sha1("89"));
    expect(progress.at(-1)).toBe(1);
  });

  test("takes a folder's regular files in one order, hidden ones too, and follows no link", async () => {
    const folder = join(await temporaryFolder(), "shared");
    await mkdir(join(folder, "sub", "empty"), { recursive: true });
    for (const name of ["b", "a", ".hidden", "sub/z", "Z", "nothing"]) {
      await writeFile(join(folder, name), name === "nothing" ? "" : name);
    }
    await symlink("/etc/passwd", join(folder, "link"));
    await symlink("/etc", join(folder, "linked"));
    const hashed = await hashPath(folder);
    expect(hashed.files.map(({ path }) => path.join("/"))).toEqual([".hidden", "Z", "a", "b", "nothing", "sub/z"]);
    expect(Buffer.from(hashed.pieceHashes).toString("hex")).toBe(sha1(".hiddenZabsub/z"));
    expect(hashed).toMatchObject({ name: "shared", singleFile: false, pieceLength: 524_288, leftOut: 2 });
  });

  test.each(["an empty folder", "an empty file"])("says that %s has no data", async (kind) => {
    const folder = await temporaryFolder();
    const path = kind === "an empty file" ? join(folder, "x") : folder;
    if (path !== folder) await writeFile(path, "");
    await expect(hashPath(path)).rejects.toMatchObject({
      name: "MetainfoError",
      message: expect.stringContaining(path),
    });
  });

  test("says what is not there, what is a link, and what is no file", async () => {
    const folder = await temporaryFolder();
    await symlink("/etc/passwd", join(folder, "link"));
    for (const [path, code, says] of [
      [join(folder, "gone"), "missing", "check the path"],
      [join(folder, "link"), "link", "name what it leads to"],
      ["/dev/null", "io", "is neither a file nor a folder"],
    ] as const) {
      await expect(hashPath(path)).rejects.toMatchObject({ code, path, message: expect.stringContaining(says) });
    }
    await expect(readTorrentFile(folder)).rejects.toThrow(`${folder} is a folder, where the path of a file is needed.`);
  });

  test("asks for another name when one is not UTF-8", async () => {
    const folder = await temporaryFolder();
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0x61)]), "x");
    await expect(hashPath(folder)).rejects.toMatchObject({
      name: "MetainfoError",
      message: expect.stringContaining("UTF-8"),
    });
  });

  test("stops with the reason of its signal", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "x"), "0123456789");
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(hashPath(folder, { pieceLength: 1, signal: controller.signal, onProgress })).rejects.toThrow(
      "aborted",
    );
  });

  test("notices a file that becomes shorter while it is hashed", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "x");
    await writeFile(path, new Uint8Array(20_000));
    // Twenty batches, of which at most eight are under way at once.
    const onProgress = () => truncateSync(path, 0);
    await expect(hashPath(path, { pieceLength: 1, onProgress })).rejects.toMatchObject({ code: "truncated", path });
  });

  test("says that pieces are too small before it reads anything", async () => {
    const path = join(await temporaryFolder(), "sparse");
    await writeFile(path, "");
    await truncate(path, 500_001);
    await expect(hashPath(path, { pieceLength: 1 })).rejects.toMatchObject({ code: "limit" });
    await expect(hashPath(path, { pieceLength: 0 })).rejects.toMatchObject({ code: "limit" });
  });

  test("doubles the piece length of large torrents so that they have at most 40 000 pieces", () => {
    expect(defaultPieceLength(1)).toBe(524_288);
    expect(defaultPieceLength(40_000 * 524_288)).toBe(524_288);
    expect(defaultPieceLength(40_000 * 524_288 + 1)).toBe(1_048_576);
    expect(defaultPieceLength(Number.MAX_SAFE_INTEGER)).toBe(268_435_456);
  });
});

describe("createTorrent", () => {
  test("leaves threads that it was given to their owner", async () => {
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, "content");
    const threads = new DiskThreads(1);
    onTestFinished(() => threads.close());
    const [own, given] = [await createTorrent(path), await createTorrent(path, { diskThreads: threads })];
    expect(given.metainfo.infoHash).toEqual(own.metainfo.infoHash);
    expect(await threads.sha1(new Uint8Array(3))).toHaveLength(20);
  });

  test("makes a torrent that its storage holds at once, and that is the same the next time", async () => {
    const folder = join(await temporaryFolder(), "shared");
    await mkdir(folder);
    for (const name of ["con", "a.", "A", "a"]) await writeFile(join(folder, name), name.repeat(10));
    const { metainfo, folder: parent } = await createTorrent(folder, { announce: [["http://127.0.0.1/announce"]] });
    const again = await createTorrent(folder, { announce: [["http://127.0.0.2/announce"]] });
    expect(toHex(again.metainfo.infoHash)).toBe(toHex(metainfo.infoHash));
    expect(toHex((await createTorrent(folder, { private: true })).metainfo.infoHash)).not.toBe(
      toHex(metainfo.infoHash),
    );
    const layout = new PieceLayout(metainfo);
    const journalFile = join(await temporaryFolder(), "journal");
    const options = { metainfo, layout, folder: parent, journalFile, diskThreads, justHashed: true };
    const storage = await TorrentStorage.open(options);
    expect(storage.held.isFull).toBe(true);
    expect((await storage.check()).isFull).toBe(true);
    await storage.close();
    expect((await readdir(parent)).toSorted()).toEqual([basename(folder)]);
  });

  test("reads back what it wrote to a file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "x"), "data");
    const { metainfo } = await createTorrent(join(folder, "x"), { name: "y", createdBy: "sta" });
    await writeFile(join(folder, "x.torrent"), metainfo.bytes);
    const read = await readTorrentFile(join(folder, "x.torrent"));
    expect(read).toMatchObject({ name: "y", length: 4 });
    await expect(readTorrentFile(join(folder, "x"))).rejects.toMatchObject({ name: "MetainfoError" });
    await expect(readTorrentFile(join(folder, "z"))).rejects.toMatchObject({ code: "missing" });
  });
});
