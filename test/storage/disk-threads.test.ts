import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { join } from "node:path";
import { StorageError } from "../../source/storage/errors.ts";
import type { HashJob } from "../../source/storage/file-hasher.ts";
import { DiskThreads } from "../../source/storage/disk-threads.ts";
import type { WriteJob } from "../../source/storage/small-files.ts";
import { sharedBytes } from "../../source/storage/piece-io.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { makeTorrent, temporaryFolder } from "./fixtures.ts";

/** What every thread that is started does; undefined: what it should. */
let thread: string | undefined;
const started: Worker[] = [];
vi.mock("node:worker_threads", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:worker_threads")>();
  class WatchedWorker extends original.Worker {
    constructor(file: URL) {
      if (thread === "not at all") throw Object.assign(new Error("EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" });
      const made = `data:text/javascript,${encodeURIComponent(thread ?? "")}`;
      super(thread === undefined ? file : new URL(made), { resourceLimits: { maxOldGenerationSizeMb: 16 } });
      started.push(this);
    }
  }
  return { ...original, Worker: WatchedWorker };
});

/** A file of 100 bytes and one whose bytes cannot be read, each one piece. */
async function job(): Promise<HashJob> {
  const path = join(await temporaryFolder(), "a");
  await writeFile(path, new Uint8Array(100).fill(7));
  const parts = [
    { path, depth: 1, position: 0, length: 100 },
    // Nothing is mapped at address 0: the read fails with EIO.
    { path: "/proc/self/mem", depth: 1, position: 0, length: 50 },
  ];
  return { pieceLengths: [100, 50], parts };
}

/** One file of two bytes, in a folder that is not there yet. */
async function writeJob(): Promise<WriteJob> {
  const path = await temporaryFolder();
  const { dev, ino } = await stat(path);
  const part = { path: join(path, "in", "file"), depth: 2, start: 1, position: 0, length: 2, fileLength: 2 };
  return { folder: { path, dev, ino }, bytes: new Uint8Array([1, 2, 3, 4]), parts: [part] };
}

const JOB_DIGESTS = [expected(new Uint8Array(100).fill(7)), "io"];

const textOf = (digest: Uint8Array | StorageError) =>
  digest instanceof Uint8Array ? Buffer.from(digest).toString("hex") : digest.code;

function workers(size: number): DiskThreads {
  const pool = new DiskThreads(size);
  onTestFinished(() => pool.close());
  return pool;
}

function expected(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

describe("DiskThreads", () => {
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
    const pool = new DiskThreads(1);
    const answer = pool.sha1(new Uint8Array(1_000_000));
    const outcome = expect(answer).rejects.toThrow("the thread has ended");
    await pool.close();
    await outcome;
    expect(Buffer.from(await pool.sha1(new Uint8Array(1))).toString("hex")).toBe(expected(new Uint8Array(1)));
    await pool.close();
  });

  test("say which piece the disk does not give, and hash the others", async () => {
    const digests = await workers(1).sha1OfFiles(await job());
    expect(digests.map(textOf)).toEqual(JOB_DIGESTS);
    expect((digests[1] as StorageError).message).toBe(
      "/proc/self/mem cannot be read or written; check the disk (EIO).",
    );
  });

  test.each([
    ["throw", "throw new Error('made up');"],
    ["exit", "process.exit(7);"],
    ["do not start", "not at all"],
    ["use up their memory", "const all = []; for (;;) all.push(new Array(1e6).fill(1.5));"],
    [
      "throw at work",
      "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw 1; });",
    ],
  ])("finish the work of threads that %s", { timeout: 60_000 }, async (_, code) => {
    thread = code;
    onTestFinished(() => void (thread = undefined));
    const pool = workers(2);
    const inputs = [1, 2, 3].map((value) => new Uint8Array(100_000).fill(value));
    const files = pool.sha1OfFiles(await job());
    const written = await writeJob();
    const writing = pool.writeFiles(written);
    const digests = await Promise.all(inputs.map((bytes) => pool.sha1(bytes)));
    expect(digests.map(textOf)).toEqual(inputs.map(expected));
    expect((await files).map(textOf)).toEqual(JOB_DIGESTS);
    expect(await writing).toMatchObject({ opened: [{ size: expect.any(Number) }], failure: undefined });
    expect(await readFile(written.parts[0]!.path)).toEqual(Buffer.from([2, 3]));
    expect(await pool.syncFiles(written.parts)).toMatchObject([{ stats: { size: 2 }, failure: undefined }]);
  });

  test("say which file the disk does not take, and what became of each that is synced", async () => {
    const pool = workers(1);
    const written = await writeJob();
    const path = join(written.folder.path, "no", "file");
    await writeFile(join(written.folder.path, "no"), "");
    const bad = { ...written.parts[0]!, path };
    const failing = pool.writeFiles({ ...written, parts: [...written.parts, bad] });
    expect(await failing).toMatchObject({ opened: [{ size: 0 }], failure: { code: "in-the-way" } });
    expect(await pool.syncFiles([{ path, depth: 2 }, ...written.parts])).toMatchObject([
      { stats: undefined, failure: { name: "StorageError", code: "missing" } },
      { stats: { size: 2 }, failure: undefined },
    ]);
  });

  test("finish the work of a thread that is gone, and go on with another", async () => {
    const pool = workers(1);
    await pool.sha1(new Uint8Array(1));
    const answers = [1, 2, 3].map((value) => pool.sha1(new Uint8Array(3_000_000).fill(value)));
    await started.at(-1)!.terminate();
    const digests = await Promise.all(answers);
    expect(digests.map(textOf)).toEqual([1, 2, 3].map((value) => expected(new Uint8Array(3_000_000).fill(value))));
    const threads = started.length;
    expect(textOf(await pool.sha1(new Uint8Array(1)))).toBe(expected(new Uint8Array(1)));
    expect(started).toHaveLength(threads + 1);
  });

  test("for small files are one, and a second only where the disk is slow; and none waits for what is hashed", async () => {
    const pool = workers(1);
    const files = (await writeJob()).parts;
    const before = started.length;
    await Promise.all([1, 2, 3].map(() => pool.syncFiles(files)));
    expect(started).toHaveLength(before + 1);
    await pool.close();

    thread = "setInterval(() => undefined, 1_000);";
    onTestFinished(() => void (thread = undefined));
    const stuck = [pool.sha1(new Uint8Array(1)), pool.syncFiles(files), pool.syncFiles(files)];
    const over = expect(Promise.allSettled(stuck)).resolves.toMatchObject(stuck.map(() => ({ status: "rejected" })));
    expect(started).toHaveLength(before + 3);
    thread = undefined;
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 50);
    onTestFinished(() => clock.mockRestore());
    expect(await pool.syncFiles(files)).toHaveLength(1);
    expect(started).toHaveLength(before + 4);
    await pool.close();
    await over;
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
      diskThreads: workers(1),
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
