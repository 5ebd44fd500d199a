import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BegunPiece } from "../../source/metainfo/piece-layout.ts";
import { bringBegun, keepBegun, type KeptPiece } from "../../source/storage/begun-pieces.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { makeTorrent, temporaryFolder } from "./fixtures.ts";

/** Pieces of 5 blocks, the last one of two, the second of which has 100 bytes. */
const PIECE = 5 * 16_384;
const torrent = makeTorrent([{ length: 3 * PIECE + 16_384 + 100 }], PIECE);
const { layout, piece } = torrent;
const BEGUN: readonly BegunPiece[] = [
  { index: 3, blocks: [1] },
  { index: 0, blocks: [0, 1, 4] },
];
const KEPT: readonly KeptPiece[] = BEGUN.map((begun) => ({ ...begun, bytes: piece(begun.index) }));

const fileIn = async () => join(await temporaryFolder(), "x.begun");

/** What is brought back: the pieces, and the bytes as they were stored, by piece. */
async function bring(file: string, accepts: (index: number) => boolean = () => true) {
  const bytes = new Map<number, Uint8Array>();
  const pieces = await bringBegun(file, layout, accepts, (index, begin, data) => {
    const into = bytes.get(index) ?? new Uint8Array(layout.pieceLengthAt(index));
    into.set(data, begin);
    bytes.set(index, into);
  });
  return { pieces, bytes };
}

/** A piece with nothing but these blocks. */
function only({ index, blocks }: BegunPiece): Uint8Array {
  const bytes = new Uint8Array(layout.pieceLengthAt(index));
  for (const block of blocks) bytes.set(piece(index).subarray(block * 16_384, (block + 1) * 16_384), block * 16_384);
  return bytes;
}

test("blocks come back to their places, and no others", async () => {
  const file = await fileIn();
  await keepBegun(file, layout, KEPT);
  const { pieces, bytes } = await bring(file);
  expect(pieces).toEqual(BEGUN);
  for (const begun of BEGUN) expect(Buffer.compare(bytes.get(begun.index)!, only(begun))).toBe(0);
  // The header, three blocks of 16 KiB, and the short one.
  expect((await stat(file)).size).toBeLessThan(3 * 16_384 + 100 + 200);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a piece that is held by now is passed over", async () => {
  const file = await fileIn();
  await keepBegun(file, layout, KEPT);
  const { pieces, bytes } = await bring(file, (index) => index === 0);
  expect(pieces).toEqual([BEGUN[1]]);
  expect([...bytes.keys()]).toEqual([0]);
});

test("what is kept replaces what was, and nothing removes the file", async () => {
  const file = await fileIn();
  await keepBegun(file, layout, KEPT);
  await keepBegun(file, layout, [{ index: 2, blocks: [3], bytes: piece(2) }]);
  expect((await bring(file)).pieces).toEqual([{ index: 2, blocks: [3] }]);
  await keepBegun(file, layout, []);
  expect(await readdir(join(file, ".."))).toEqual([]);
  expect((await bring(file)).pieces).toEqual([]);
  await keepBegun(file, layout, []);
});

test("a file that is cut short at any place gives the whole pieces before that, or none", async () => {
  const file = await fileIn();
  await keepBegun(file, layout, KEPT);
  const all = await readFile(file);
  const cuts = [...Array(120).keys(), all.length - 16_384, all.length - 1];
  for (const length of cuts) {
    await writeFile(file, all.subarray(0, length));
    const { pieces } = await bring(file);
    expect(pieces).toEqual(BEGUN.slice(0, pieces.length));
    expect(pieces.length).toBeLessThan(2);
  }
});

test("a header that is damaged keeps nothing", async () => {
  const file = await fileIn();
  const headers = [
    "[]",
    "{}",
    "nonsense",
    '[{"index":4,"blocks":"0"}]',
    '[{"index":-1,"blocks":"0"}]',
    '[{"index":0.5,"blocks":"0"}]',
    '[{"index":0,"blocks":"5"}]',
    '[{"index":3,"blocks":"2"}]',
    '[{"index":0,"blocks":"3-1"}]',
    '[{"index":0,"blocks":"0"},{"index":0,"blocks":"1"}]',
    '[{"index":0,"blocks":"0-4"}]',
    '[{"index":0}]',
  ];
  for (const header of headers) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    await writeFile(file, Buffer.concat([length, Buffer.from(header), Buffer.alloc(200_000)]));
    expect((await bring(file)).pieces, header).toEqual([]);
  }
  await writeFile(file, Buffer.alloc(1_000, 0xff));
  expect((await bring(file)).pieces).toEqual([]);
});

test("every byte of the header may be any other: nothing is thrown, and no block lands outside its piece", async () => {
  const file = await fileIn();
  await keepBegun(file, layout, KEPT);
  const all = await readFile(file);
  const headerEnd = 4 + all.readUInt32BE(0);
  for (let at = 0; at < headerEnd; at++) {
    const damaged = Buffer.from(all);
    damaged[at]! ^= 0x11;
    await writeFile(file, damaged);
    await bring(file);
  }
});

test("what the disk does not take or give is a StorageError, and what was kept stays", async () => {
  const file = await fileIn();
  await keepBegun(file, layout, KEPT);
  const elsewhere = join(file, "..", "none", "x.begun");
  await expect(keepBegun(elsewhere, layout, KEPT)).rejects.toThrow(StorageError);
  const folder = join(file, "..");
  await expect(bring(folder)).rejects.toThrow(StorageError);
  await chmod(file, 0o600);
  expect((await bring(file)).pieces).toEqual(BEGUN);
});
