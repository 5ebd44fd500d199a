import { createHash } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { HashWorkers } from "../../source/storage/hash-workers.ts";
import { sharedBytes } from "../../source/storage/piece-io.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { makeTorrent, temporaryFolder } from "./fixtures.ts";

function workers(size: number): HashWorkers {
  const pool = new HashWorkers(size);
  onTestFinished(() => pool.close());
  return pool;
}

function expected(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

describe("HashWorkers", () => {
  test("hash shared and other bytes alike, views too, many at once", async () => {
    const pool = workers(2);
    const inputs = Array.from({ length: 50 }, (_, i) => {
      const bytes = i % 2 === 0 ? sharedBytes(1_000 + i) : new Uint8Array(1_000 + i);
      return bytes.fill(i).subarray(i);
    });
    const digests = await Promise.all(inputs.map((bytes) => pool.sha1(bytes)));
    expect(digests.map((digest) => Buffer.from(digest).toString("hex"))).toEqual(inputs.map(expected));
  });

  test("leave no one waiting when they end", async () => {
    const pool = new HashWorkers(1);
    const answer = pool.sha1(new Uint8Array(1_000_000));
    const outcome = expect(answer).rejects.toThrow("the hashing thread has ended");
    await pool.close();
    await outcome;
    expect(Buffer.from(await pool.sha1(new Uint8Array(1))).toString("hex")).toBe(expected(new Uint8Array(1)));
    await pool.close();
  });

  test("verify, check and write pieces from shared memory", async () => {
    const { metainfo, layout, piece } = makeTorrent([
      { path: ["a"], length: 40 },
      { path: ["b"], length: 41 },
    ]);
    const root = await temporaryFolder();
    const options = {
      metainfo,
      layout,
      folder: `${root}/data`,
      journalFile: `${root}/journal`,
      hashWorkers: workers(1),
    };
    const storage = await TorrentStorage.open(options);
    for (let index = 0; index < layout.pieceCount; index++) {
      const bytes = sharedBytes(layout.pieceLengthAt(index));
      expect(await storage.verify(index, bytes)).toBe(false);
      bytes.set(piece(index));
      expect(await storage.verify(index, bytes)).toBe(true);
      await storage.write(index, bytes);
    }
    expect((await storage.check()).isFull).toBe(true);
    await storage.close();
  });
});
