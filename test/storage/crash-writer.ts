// A process that writes the missing pieces of a torrent, four at once, and says which are held, until it is killed: `FOLDER [PAUSE]`, with
// so many milliseconds between two pieces. With a pause it also counts in `saved`, a file that it replaces, and says `saved N`. Run by tests.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildMetainfo } from "../../source/metainfo/create.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { utf8 } from "../../source/protocol/bencode.ts";
import { atomicWrite } from "../../source/storage/atomic-write.ts";
import { DiskThreads } from "../../source/storage/disk-threads.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";

const PIECE_LENGTH = 20_000;
const PIECES = 400;

function bytesOf(index: number): Uint8Array {
  return new Uint8Array(PIECE_LENGTH).fill(index * 7 + 1);
}

/** 400 pieces over files of all sizes; the first ones hold many. */
export function writtenTorrent() {
  const lengths = Array.from({ length: 350 }, (_, i) => (i < 300 ? 1_000 : (i - 300) * 5_000));
  lengths.push(PIECE_LENGTH * PIECES - lengths.reduce((a, b) => a + b));
  const hashes = Array.from({ length: PIECES }, (_, index) => createHash("sha1").update(bytesOf(index)).digest());
  const metainfo = parseMetainfo(
    buildMetainfo({
      name: "crash",
      files: lengths.map((length, i) => ({ path: [`d${i % 3}`, `f${i}`], length })),
      singleFile: false,
      pieceLength: PIECE_LENGTH,
      pieceHashes: new Uint8Array(Buffer.concat(hashes)),
    }),
  );
  return { metainfo, layout: new PieceLayout(metainfo) };
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2]!;
  const { metainfo, layout } = writtenTorrent();
  const storage = await TorrentStorage.open({
    metainfo,
    layout,
    folder: join(folder, "data"),
    journalFile: join(folder, "x.pieces"),
    diskThreads: new DiskThreads(),
    keptFreeBytes: 0,
  });
  const pauseMs = Number(process.argv[3] ?? 0);
  const missing = [...storage.held.missing()][Symbol.iterator]();
  const writer = async (): Promise<void> => {
    for (const index of missing) {
      await storage.write(index, bytesOf(index));
      writeSync(1, `${index}\n`);
      if (pauseMs > 0) await delay(pauseMs);
    }
  };
  const saver = async (): Promise<void> => {
    if (pauseMs === 0) return;
    for (let count = 1; !storage.held.isFull; count++) {
      await atomicWrite(join(folder, "saved"), utf8(`${count}\n`.padStart(5_000)));
      writeSync(1, `saved ${count}\n`);
      await delay(pauseMs);
    }
  };
  await Promise.all([writer(), writer(), writer(), writer(), saver()]);
}
