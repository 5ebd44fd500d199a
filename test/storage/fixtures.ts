// Torrents with data of their own, and folders that go when the test ends.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Metainfo } from "../../source/metainfo/metainfo.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { encode } from "../../source/protocol/bencode.ts";
import { DiskThreads } from "../../source/storage/disk-threads.ts";

/** The threads of all tests of a file; they are let go by themselves. */
export const diskThreads = new DiskThreads(2);

export interface TestTorrent {
  readonly metainfo: Metainfo;
  readonly layout: PieceLayout;
  /** The bytes of all files, in order. */
  readonly data: Uint8Array;
  piece(index: number): Uint8Array;
}

/** A torrent `name` of files with these paths and lengths; one file without a path is a single-file torrent. Padding is zeros. */
export function makeTorrent(
  files: readonly { path?: readonly string[]; length: number; padding?: true }[],
  pieceLength = 16,
  name = "shared",
): TestTorrent {
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const data = new Uint8Array(length);
  for (let i = 0, seed = 1; i < length; i++) data[i] = (seed = (seed * 48_271) % 2_147_483_647) & 0xff;
  let offset = 0;
  for (const file of files) {
    if (file.padding) data.fill(0, offset, offset + file.length);
    offset += file.length;
  }
  const hashes: Uint8Array[] = [];
  for (let start = 0; start < length; start += pieceLength) {
    hashes.push(
      createHash("sha1")
        .update(data.subarray(start, start + pieceLength))
        .digest(),
    );
  }
  const content =
    files.length === 1 && files[0]!.path === undefined
      ? { length }
      : {
          files: files.map((file) => ({
            attr: file.padding ? "p" : undefined,
            length: file.length,
            path: file.path ?? [name],
          })),
        };
  const pieces = new Uint8Array(Buffer.concat(hashes));
  const metainfo = parseMetainfo(encode({ info: { ...content, name, "piece length": pieceLength, pieces } }));
  const layout = new PieceLayout(metainfo);
  const piece = (index: number) => {
    const start = layout.pieceStart(index);
    return data.slice(start, start + layout.pieceLengthAt(index));
  };
  return { metainfo, layout, data, piece };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sta-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
