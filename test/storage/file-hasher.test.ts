import { createHash } from "node:crypto";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashFileParts, type PieceDigest } from "../../source/storage/file-hasher.ts";
import { temporaryFolder } from "./fixtures.ts";

const text = (digest: PieceDigest) =>
  digest instanceof Uint8Array ? Buffer.from(digest).toString("hex") : digest.code;

const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");

async function folderOf(files: Record<string, Uint8Array>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

const DATA = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 31) & 0xff);

test.each([1, 7, 64, 100, 101, 1_000, 5_000])(
  "pieces are hashed across files and windows alike, with a window of %i bytes",
  async (windowBytes) => {
    const folder = await folderOf({ a: DATA.subarray(0, 333), b: DATA.subarray(333, 334), c: DATA.subarray(300) });
    const part = (name: string, position: number, length: number) => {
      return { path: join(folder, name), depth: 1, position, length };
    };
    const parts = [part("a", 0, 333), part("b", 0, 1), part("c", 34, 666)];
    const digests = hashFileParts({ pieceLengths: [100, 300, 300, 300], parts }, new Uint8Array(windowBytes));
    const expected = [
      [0, 100],
      [100, 400],
      [400, 700],
      [700, 1_000],
    ].map(([from, to]) => sha1(DATA.subarray(from, to)));
    expect(digests.map(text)).toEqual(expected);
  },
);

test.each([1, 64, 5_000])(
  "what cannot be read fails its own pieces alone, with a window of %i bytes",
  async (bytes) => {
    const folder = await folderOf({ a: DATA, cut: DATA, d: DATA });
    await truncate(join(folder, "cut"), 120);
    await symlink(join(folder, "a"), join(folder, "link"));
    await mkdir(join(folder, "folder"));
    const parts = ["a", "cut", "gone", "link", "folder", "d"].map((name) => {
      return { path: join(folder, name), depth: 1, position: 0, length: 200 };
    });
    const pieceLengths = Array<number>(12).fill(100);
    const first = sha1(DATA.subarray(0, 100));
    const second = sha1(DATA.subarray(100, 200));
    expect(hashFileParts({ pieceLengths, parts }, new Uint8Array(bytes)).map(text)).toEqual([
      first,
      second,
      first,
      "truncated",
      "missing",
      "missing",
      "link",
      "link",
      "io",
      "io",
      first,
      second,
    ]);
  },
);

test("no link is followed on the way to a file", async () => {
  const folder = await folderOf({ a: DATA });
  await mkdir(join(folder, "sub"));
  await symlink(folder, join(folder, "sub", "up"));
  const part = { path: join(folder, "sub", "up", "a"), position: 0, length: 10 };
  const window = new Uint8Array(100);
  expect(hashFileParts({ pieceLengths: [10], parts: [{ ...part, depth: 3 }] }, window).map(text)).toEqual(["link"]);
  // What lies above the torrent's own folders is the user's choice.
  const [digest] = hashFileParts({ pieceLengths: [10], parts: [{ ...part, depth: 1 }] }, window);
  expect(text(digest!)).toBe(sha1(DATA.subarray(0, 10)));
});
