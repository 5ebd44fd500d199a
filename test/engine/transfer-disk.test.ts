import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { MAX_UNWRITTEN_BYTES } from "../../source/engine/limits.ts";
import { TransferDisk } from "../../source/engine/transfer-disk.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { storageError } from "../../source/storage/errors.ts";
import type { TorrentStorage } from "../../source/storage/torrent-storage.ts";

const PIECE = 4 * 1024 * 1024;
const PIECES = 20;
const BLOCK = new Uint8Array(16_384).fill(1);
/** A piece that failed its hash before. */
const ON_PAROLE = 7;
const DIGEST = createHash("sha1").update(BLOCK).digest("base64");

/** A disk whose writes end when the test says so. */
function setUp(verify: (index: number) => boolean = () => true) {
  const writes: {
    index: number;
    bytes: Uint8Array;
    onWritten: (() => void) | undefined;
    end: (error?: Error) => void;
  }[] = [];
  const storage = {
    verify: async (index: number) => verify(index),
    write: (index: number, bytes: Uint8Array, onWritten?: () => void) =>
      new Promise<void>((resolve, reject) => {
        writes.push({ index, bytes, onWritten, end: (error) => (error ? reject(error) : resolve()) });
      }),
    read: async () => undefined,
  } as unknown as TorrentStorage;
  const length = PIECE * PIECES;
  const layout = new PieceLayout({ length, pieceLength: PIECE, files: [{ path: ["f"], length, offset: 0 }] });
  const told: string[] = [];
  const disk = new TransferDisk({
    storage,
    layout,
    isOnParole: (index) => index === ON_PAROLE,
    settled: (index, ok, digestOf) => {
      told.push(`${index} ${ok ? "held" : "wrong"}`);
      if (digestOf) told.push(digestOf(0));
    },
    failed: (index, { code }) => told.push(`${index} ${code}`),
    fullChanged: (full) => told.push(full ? "full" : "room"),
  });
  const arrive = (index: number) => {
    disk.store(index, 0, BLOCK);
    disk.settle(index);
  };
  return { disk, writes, told, arrive };
}

/** Lets everything happen that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("is full above 32 MiB that wait for the disk, and has room again at half of it", async () => {
  const { writes, told, arrive, disk } = setUp();
  const most = MAX_UNWRITTEN_BYTES / PIECE;
  for (let index = 0; index < most; index++) arrive(index);
  expect(told).toEqual([]);
  arrive(most);
  expect(told).toEqual(["full"]);
  await turn();
  for (let index = 0; index < most / 2; index++) writes[index]!.end();
  await turn();
  expect(told).not.toContain("room");
  writes[most / 2]!.end();
  await turn();
  expect(told.at(-1)).toBe("room");
  for (const write of writes) write.end();
  await disk.atRest();
  expect(told.filter((text) => text.endsWith("held"))).toHaveLength(most + 1);
});

it("writes nothing of a piece whose hash is wrong", async () => {
  const { writes, told, arrive, disk } = setUp(() => false);
  arrive(3);
  await disk.atRest();
  expect(told).toEqual(["3 wrong", DIGEST]);
  expect(writes).toEqual([]);
});

it("tells of what could not be stored, and can take the piece again", async () => {
  const { writes, told, arrive, disk } = setUp();
  arrive(3);
  await turn();
  writes[0]!.end(storageError("disk-full", "f"));
  await disk.atRest();
  arrive(3);
  await turn();
  writes[1]!.end();
  await disk.atRest();
  expect(told).toEqual(["3 disk-full", "3 held"]);
});

it("rests only when the last write has ended", async () => {
  const { writes, arrive, disk } = setUp();
  arrive(1);
  await turn();
  let rested = false;
  const rest = disk.atRest().then(() => (rested = true));
  await turn();
  expect(rested).toBe(false);
  writes[0]!.end();
  await rest;
  expect(rested).toBe(true);
});

it("uses a buffer again once its bytes are in the files, before the journal has them", async () => {
  const { writes, told, arrive, disk } = setUp();
  arrive(1);
  await turn();
  arrive(2);
  await turn();
  writes[1]!.onWritten!();
  arrive(3);
  await turn();
  expect(writes[2]!.bytes.buffer).toBe(writes[1]!.bytes.buffer);
  expect(writes[2]!.bytes.buffer).not.toBe(writes[0]!.bytes.buffer);
  for (const write of writes) write.end();
  await disk.atRest();
  expect(told).toEqual(["1 held", "2 held", "3 held"]);
});

it("keeps the bytes of a piece that was wrong before until its blocks were compared", async () => {
  const { writes, told, arrive, disk } = setUp();
  arrive(ON_PAROLE);
  await turn();
  writes[0]!.onWritten?.();
  disk.store(8, 0, new Uint8Array(16_384).fill(2));
  writes[0]!.end();
  await disk.atRest();
  expect(told).toEqual([`${ON_PAROLE} held`, DIGEST]);
});
