import { readFile, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FolderStore } from "../../tracker/folder-store.ts";
import { temporaryFolder, torrentOf } from "./support.ts";

const quiet = (sentence: string) => expect.fail(sentence);

test("what is put is there, and there again after a restart, oldest first", async () => {
  const folder = join(await temporaryFolder(), "made", "for us");
  const store = new FolderStore(folder);
  expect(await store.load(quiet)).toEqual([]);
  const [a, b] = [torrentOf("a"), torrentOf("b")];
  await store.put(b.infoHash, b.bytes);
  await store.put(a.infoHash, a.bytes);
  expect(new Uint8Array((await store.get(a.infoHash))!)).toEqual(a.bytes);
  expect(store.bytes).toBe(a.bytes.length + b.bytes.length);
  await utimes(join(folder, `${a.infoHash}.torrent`), 1, 1);

  const again = new FolderStore(folder);
  const loaded = await again.load(quiet);
  expect(loaded.map(({ metainfo }) => metainfo.name)).toEqual(["a", "b"]);
  expect(loaded[0]?.addedAt).toBe(1000);
  expect(again.bytes).toBe(store.bytes);
});

test("files and folder are the user's alone, and nothing half-written is left", async () => {
  const folder = join(await temporaryFolder(), "store");
  const store = new FolderStore(folder);
  await store.load(quiet);
  const { bytes, infoHash } = torrentOf("a");
  await store.put(infoHash, bytes);
  await store.put(infoHash, bytes);
  expect(store.bytes).toBe(bytes.length);
  expect(await readdir(folder)).toEqual([`${infoHash}.torrent`]);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, `${infoHash}.torrent`))).mode & 0o777).toBe(0o600);
});

test("what is removed is gone", async () => {
  const store = new FolderStore(await temporaryFolder());
  await store.load(quiet);
  const { bytes, infoHash } = torrentOf("a");
  await store.put(infoHash, bytes);
  await store.remove(infoHash);
  await store.remove(infoHash);
  expect(await store.get(infoHash)).toBeUndefined();
  expect(store.bytes).toBe(0);
});

test.for([
  ["empty", () => new Uint8Array(), "is damaged"],
  ["cut", () => torrentOf("a").bytes.subarray(0, 30), "is damaged"],
  ["another torrent", () => torrentOf("b").bytes, "another info hash"],
  ["too large", () => new Uint8Array(10_000_001), "has 10000001 bytes"],
] as const)("a file that is %s is set aside with a warning, and no other is touched", async ([, content, warning]) => {
  const folder = await temporaryFolder();
  const { infoHash } = torrentOf("a");
  await writeFile(join(folder, `${infoHash}.torrent`), content());
  await writeFile(join(folder, "notes.txt"), "mine");
  const warnings: string[] = [];
  expect(await new FolderStore(folder).load((sentence) => warnings.push(sentence))).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining(warning)]);
  expect((await readdir(folder)).toSorted()).toEqual([`${infoHash}.torrent.damaged`, "notes.txt"].toSorted());
  expect(String(await readFile(join(folder, "notes.txt")))).toBe("mine");
});

test("when a torrent was last held is remembered, and counted from its first day where that cannot be read", async () => {
  const folder = await temporaryFolder();
  const store = new FolderStore(folder);
  await store.load(quiet);
  const [a, b] = [torrentOf("a"), torrentOf("b")];
  for (const { infoHash, bytes } of [a, b]) await store.put(infoHash, bytes);
  await store.held([a.infoHash], 5);
  await store.held([], 6);
  const heldAt = async (warn: (sentence: string) => void) =>
    Object.fromEntries(
      (await new FolderStore(folder).load(warn)).map(({ metainfo, heldAt }) => [metainfo.name, heldAt]),
    );
  const { a: held, b: never } = await heldAt(quiet);
  expect(held).toBe(5);
  expect(never).toBeGreaterThan(1e12);
  const warnings: string[] = [];
  await writeFile(join(folder, "held.json"), "{");
  expect((await heldAt((sentence) => warnings.push(sentence))).a).toBeGreaterThan(1e12);
  expect(warnings).toEqual([expect.stringContaining("held.json is damaged")]);
});

test("a folder that cannot be had is said at the start", async () => {
  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "in the way");
  await expect(new FolderStore(join(file, "torrents")).load(quiet)).rejects.toMatchObject({ code: "ENOTDIR" });
});
