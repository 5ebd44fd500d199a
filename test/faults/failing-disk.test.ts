// Every disk operation of a download fails once, in every way: it is completed, or what is wrong is said; nothing false is ever claimed.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { toHex } from "../../source/protocol/ids.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { ResumeJournal } from "../../source/storage/resume-journal.ts";
import { StateFolder } from "../../source/storage/state-folder.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { newTransferSettings, TransferStore } from "../../source/storage/transfer-store.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "../storage/fixtures.ts";
import { DiskUser, type Fault, FAULTS } from "./faulty-disk.ts";

vi.mock("node:fs/promises", async (importOriginal) => {
  const { wrapped } = await import("./faulty-disk.ts");
  return wrapped(await importOriginal());
});

// Nobody waits for other records: there are thousands of pieces here.
vi.spyOn(ResumeJournal.prototype, "gather").mockImplementation(function (this: ResumeJournal, record) {
  return this.append([record]);
});

// A real disk takes milliseconds for a sync, and there are thousands here.
if (existsSync("/dev/shm")) process.env["TMPDIR"] = "/dev/shm";

const torrent = makeTorrent([
  { path: ["a"], length: 40 },
  { path: ["sub", "b"], length: 30 },
  { path: ["empty"], length: 0 },
  { path: ["c"], length: 10 },
]);
const { metainfo, layout } = torrent;
const infoHash = toHex(metainfo.infoHash);
const PIECES = [...Array(layout.pieceCount).keys()];

const crashes: unknown[] = [];
const noteCrash = (error: unknown) => crashes.push(error);
beforeAll(() => void process.on("unhandledRejection", noteCrash));
afterAll(() => void process.off("unhandledRejection", noteCrash));

interface Told {
  readonly errors: StorageError[];
}

/** Does `step` until it works, as a person or the engine's retry would; what it throws is told. */
async function until<T>(told: Told, step: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 3; tries++) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      told.errors.push(error);
    }
  }
  throw new Error(`three tries failed: ${told.errors.map(({ message }) => message).join(" ")}`);
}

/** A whole life: an engine's state, a download that leaves a file out and takes it after all, an upload, a check, the end. */
async function live(root: string, told: Told): Promise<void> {
  const state = await until(told, () => StateFolder.open(join(root, "state")));
  const store = await until(told, () => TransferStore.open(state));
  const settings = newTransferSettings(join(root, "downloads"), 1);
  await until(told, () => store.add(metainfo, settings));
  const journalFile = store.journalFile(infoHash);
  let setAside: readonly number[] = [];
  const open = (leftOut: readonly number[]) =>
    until(told, async () => {
      const storage = await TorrentStorage.open({
        metainfo,
        layout,
        folder: settings.folder,
        journalFile,
        diskThreads,
        setAside,
        leftOut,
        acceptMissing: true,
        onProblem: (error) => void told.errors.push(error),
      });
      return storage;
    });
  const write = async (storage: TorrentStorage, pieces: readonly number[]) => {
    for (const index of pieces) {
      if (!storage.held.get(index)) await until(told, () => storage.write(index, torrent.piece(index)));
    }
  };
  const read = async (storage: TorrentStorage) => {
    for (const index of PIECES) {
      const bytes = torrent.piece(index).fill(0);
      await until(told, async () => {
        if (storage.held.get(index)) await storage.read(index, 0, [bytes]);
      });
      if (storage.held.get(index)) expect(Buffer.compare(bytes, torrent.piece(index))).toBe(0);
    }
  };
  const remember = async (files: readonly number[]) => {
    await store.save(infoHash, { ...settings, filesSetAside: files.join(",") });
    setAside = files;
  };

  const first = await open([]);
  await until(told, () => first.leaveOut(new Set([1]), remember));
  await write(first, [2, 0, 4]);
  await read(first);
  await first.sync().catch((error: unknown) => void told.errors.push(error as StorageError));
  await until(told, () => first.leaveOut(new Set(), remember));
  await write(first, PIECES);
  await first.close().catch((error: unknown) => void told.errors.push(error as StorageError));

  const second = await open([]);
  await until(told, () => second.check({ only: [...second.suspect.held()] }));
  await write(second, PIECES);
  await read(second);
  await until(told, () => second.check());
  expect(second.held.isFull).toBe(true);
  await second.close().catch((error: unknown) => void told.errors.push(error as StorageError));
  await until(told, () => store.save(infoHash, settings));
  expect((await until(told, () => store.load())).transfers).toHaveLength(1);
  await until(told, () => state.close());
}

interface Outcome extends Told {
  /** Operations of the disk there were, and the one that met the fault, if it came to it. */
  readonly operations: number;
  readonly failed: string | undefined;
}

async function run(fault: Fault | undefined, at: number): Promise<Outcome> {
  const root = await temporaryFolder();
  const told: Told = { errors: [] };
  const user = new DiskUser();
  user.plan(fault, at);
  await user
    .run(() => live(root, told))
    .catch((error: unknown) => {
      throw new Error(`operation ${at} (${user.failed ?? "none"}), ${fault}`, { cause: error });
    });
  const { count: operations, failed, openFiles } = user;
  expect({ operation: at, failed, openFiles }).toEqual({ operation: at, failed, openFiles: 0 });
  const files = ["a", "sub/b", "empty", "c"].map((name) => readFileSync(join(root, "downloads", "shared", name)));
  expect(Buffer.compare(Buffer.concat(files), torrent.data)).toBe(0);
  expect(readdirSync(join(root, "downloads"))).toEqual(["shared"]);
  expect(readdirSync(root).toSorted()).toEqual(["downloads", "state"]);
  rmSync(root, { recursive: true });
  return { ...told, operations, failed };
}

test("without a fault nothing is told", async () => {
  expect(await run(undefined, 0)).toMatchObject({ errors: [], failed: undefined });
});

test.each(FAULTS)("the n-th operation of the disk meets %s, for every n", { timeout: 60_000 }, async (fault) => {
  let silent = 0;
  let n = 1;
  for (; ; n++) {
    const { errors, operations, failed } = await run(fault, n);
    if (operations < n) break;
    expect(failed).toBeDefined();
    for (const { message } of errors) expect(message).toMatch(/^[^\n]+\.$/);
    if (errors.length === 0) silent++;
  }
  expect(crashes).toEqual([]);
  expect(n).toBeGreaterThan(100);
  if (fault === "short write" || fault === "2 s of delay") expect(silent).toBe(n - 1);
});
