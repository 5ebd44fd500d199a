import { type FileHandle, open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { toInfoHash } from "../../source/protocol/ids.ts";
import {
  decodeJournal,
  emptyState,
  encodeHeader,
  encodeRecord,
  type JournalRecord,
  RECORD_BYTES,
} from "../../source/storage/journal-format.ts";
import * as pieceIo from "../../source/storage/piece-io.ts";
import { recoverJournal, ResumeJournal } from "../../source/storage/resume-journal.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "./fixtures.ts";

const BOOT = "0123456789abcdef0123456789abcdef";
const LATER_BOOT = "ffffffffffffffffffffffffffffffff";
const identity = { infoHash: toInfoHash(new Uint8Array(20).fill(7)), pieceCount: 20 };

const RECORDS: readonly JournalRecord[] = [
  { type: "written", value: 3 },
  { type: "written", value: 19 },
  { type: "synced", value: 1 },
  { type: "written", value: 4 },
  { type: "lost", value: 3 },
  { type: "written", value: 0 },
  { type: "synced", value: 4 },
  { type: "written", value: 3 },
];

function encodeJournal(records: readonly JournalRecord[], state = emptyState(20)): Uint8Array {
  let { bytes, crc } = encodeHeader(identity, BOOT, state);
  const parts = [bytes];
  for (const record of records) {
    ({ bytes, crc } = encodeRecord(record, crc));
    parts.push(bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function show(bytes: Uint8Array): { written: number[]; synced: number[]; records: number } | undefined {
  const decoded = decodeJournal(bytes, identity);
  return (
    decoded && { written: [...decoded.written.held()], synced: [...decoded.synced.held()], records: decoded.records }
  );
}

describe("the journal's format", () => {
  test("replays its records in order", () => {
    expect(show(encodeJournal(RECORDS))).toEqual({ written: [0, 3, 4, 19], synced: [4, 19], records: 8 });
  });

  test("takes what was written before the file began for synced with its first sync", () => {
    const state = { synced: Bitfield.of(20, [1]), written: Bitfield.of(20, [1, 2, 5]), suspect: Bitfield.of(20, [9]) };
    const records: JournalRecord[] = [
      { type: "lost", value: 5 },
      { type: "written", value: 5 },
      { type: "synced", value: 0 },
    ];
    expect(show(encodeJournal(records, state))).toEqual({ written: [1, 2, 5], synced: [1, 2], records: 3 });
    expect([...decodeJournal(encodeJournal([{ type: "written", value: 9 }], state), identity)!.suspect.held()]).toEqual(
      [],
    );
  });

  test("cut at every byte, uses the records that are whole", () => {
    const whole = encodeJournal(RECORDS);
    const header = whole.length - RECORDS.length * RECORD_BYTES;
    for (let length = 0; length < whole.length; length++) {
      const shown = show(whole.subarray(0, length));
      if (length < header) expect(shown).toBeUndefined();
      else expect(shown).toEqual(show(encodeJournal(RECORDS.slice(0, Math.floor((length - header) / RECORD_BYTES)))));
    }
  });

  test("with any bit flipped, uses the records before it", () => {
    const whole = encodeJournal(RECORDS);
    const header = whole.length - RECORDS.length * RECORD_BYTES;
    for (let at = 0; at < whole.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = whole.slice();
        damaged[at]! ^= 1 << bit;
        const shown = show(damaged);
        if (at < header) expect(shown).toBeUndefined();
        else expect(shown).toEqual(show(encodeJournal(RECORDS.slice(0, Math.floor((at - header) / RECORD_BYTES)))));
      }
    }
  });

  test("stops at a record that makes no sense, though its sum is right", () => {
    const nonsense = [
      { type: "written", value: 20 },
      { type: "lost", value: 0xffffffff },
      { type: "synced", value: 3 },
    ] as const;
    for (const record of nonsense) {
      const shown = show(encodeJournal([RECORDS[0]!, RECORDS[1]!, record, RECORDS[3]!]));
      expect(shown).toEqual({ written: [3, 19], synced: [], records: 2 });
    }
  });

  test("is not used for another torrent or another number of pieces", () => {
    const bytes = encodeJournal(RECORDS);
    expect(decodeJournal(bytes, { ...identity, infoHash: toInfoHash(new Uint8Array(20)) })).toBeUndefined();
    expect(decodeJournal(bytes, { ...identity, pieceCount: 21 })).toBeUndefined();
    expect(decodeJournal(bytes, { ...identity, pieceCount: 800 })).toBeUndefined();
  });
});

describe("ResumeJournal", () => {
  async function journal() {
    const file = join(await temporaryFolder(), "x.pieces");
    const opened = new ResumeJournal({ file, identity, bootId: BOOT }, emptyState(20));
    onTestFinished(() => opened.close());
    return { file, opened };
  }

  test("trusts what was written within one boot, and only what was synced over the next", async () => {
    const { file, opened } = await journal();
    await Promise.all(RECORDS.map((record) => opened.append([record])));
    const same = await recoverJournal(file, identity, BOOT);
    expect([...same!.held.held()]).toEqual([0, 3, 4, 19]);
    expect(same!.suspect.isEmpty).toBe(true);
    const later = await recoverJournal(file, identity, LATER_BOOT);
    expect([...later!.held.held()]).toEqual([4, 19]);
    expect([...later!.suspect.held()]).toEqual([0, 3]);
  });

  test("gathers records for a few milliseconds, and appends them in the order of all that was asked for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { file, opened } = await journal();
    const seen = async () => show(await readFile(file))!;
    const written = (value: number): JournalRecord => ({ type: "written", value });
    await opened.gather(written(3));
    expect(await seen()).toEqual({ written: [3], synced: [], records: 1 });

    const later = [4, 5].map((index) => opened.gather(written(index)));
    expect((await seen()).records).toBe(1);
    await vi.advanceTimersByTimeAsync(4);
    expect((await seen()).records).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(later);
    expect(await seen()).toEqual({ written: [3, 4, 5], synced: [], records: 3 });

    const overtaken = opened.gather(written(6));
    await opened.append([
      { type: "lost", value: 6 },
      { type: "synced", value: 3 },
    ]);
    await overtaken;
    expect(await seen()).toEqual({ written: [3, 4, 5], synced: [3, 4, 5], records: 6 });

    const last = opened.gather(written(7));
    await opened.close();
    await last;
    expect(await seen()).toEqual({ written: [3, 4, 5, 7], synced: [3, 4, 5], records: 7 });
  });

  test("tells all whose records could not be appended, and the next take their place", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { file, opened } = await journal();
    await opened.gather({ type: "written", value: 3 });
    const fault = Object.assign(new Error("made up"), { code: "ENOSPC" });
    const failing = vi.spyOn(pieceIo, "writeFully").mockRejectedValueOnce(fault);
    onTestFinished(() => failing.mockRestore());
    const gathered = [4, 5].map((value) => opened.gather({ type: "written", value }));
    vi.advanceTimersByTime(5);
    for (const outcome of await Promise.allSettled(gathered)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "StorageError", code: "disk-full" } });
    }
    expect(opened.records).toBe(1);
    vi.advanceTimersByTime(5);
    await opened.gather({ type: "written", value: 6 });
    expect(show(await readFile(file))).toEqual({ written: [3, 6], synced: [], records: 2 });
  });

  test("appends records while a slow disk syncs others, and closes no file before that is over", async () => {
    const { file, opened } = await journal();
    await opened.append([{ type: "written", value: 3 }]);
    const handle = await open(file);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const disk = Promise.withResolvers<void>();
    const syncs = vi.spyOn(prototype, "datasync").mockImplementationOnce(() => disk.promise);
    onTestFinished(() => void syncs.mockRestore());
    let isSynced = false;
    const synced = opened.append([{ type: "synced", value: 1 }], true).then(() => (isSynced = true));
    await opened.append([{ type: "written", value: 4 }]);
    expect(show(await readFile(file))).toEqual({ written: [3, 4], synced: [3], records: 3 });
    expect(isSynced).toBe(false);
    let isClosed = false;
    const closed = opened.close().then(() => (isClosed = true));
    for (let n = 0; n < 3; n++) await readFile(file);
    expect(isClosed).toBe(false);
    disk.resolve();
    await Promise.all([synced, closed]);
  });

  test("tells who waits for it of a sync that fails, and of what was written meanwhile nothing is lost", async () => {
    const { file, opened } = await journal();
    await opened.append([{ type: "written", value: 3 }]);
    const handle = await open(file);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const fault = Object.assign(new Error("made up"), { code: "EIO" });
    const syncs = vi.spyOn(prototype, "datasync").mockRejectedValueOnce(fault);
    onTestFinished(() => void syncs.mockRestore());
    const synced = opened.append([{ type: "synced", value: 1 }], true);
    const written = opened.append([{ type: "written", value: 4 }]);
    await expect(synced).rejects.toMatchObject({ name: "StorageError", code: "io" });
    await written;
    await opened.close();
    expect(show(await readFile(file))?.written).toEqual([3, 4]);
  });

  test("leaves a file 2 s on its own disk for a record that did not come, 10 s elsewhere and after another boot, none once closed", async () => {
    const { file, opened } = await journal();
    await opened.append(RECORDS);
    const { mtimeMs, dev } = await stat(file);
    const foreignAfter = async (bootId: string, elsewhere = 0) => {
      const { isForeign } = (await recoverJournal(file, identity, bootId))!;
      return [0, 2_000, 2_001, 10_000, 10_001].filter((ms) =>
        isForeign({ ctimeMs: mtimeMs + ms, dev: dev + elsewhere }),
      );
    };
    expect(await foreignAfter(BOOT)).toEqual([2_001, 10_000, 10_001]);
    expect(await foreignAfter(BOOT, 1)).toEqual([10_001]);
    expect(await foreignAfter(LATER_BOOT)).toEqual([10_001]);
    await opened.compact(emptyState(20), mtimeMs);
    expect(await foreignAfter(BOOT, 1)).toEqual([2_000, 2_001, 10_000, 10_001]);
  });

  test("goes on after it was written anew", async () => {
    const { file, opened } = await journal();
    await opened.append(RECORDS);
    const state = { ...emptyState(20), written: Bitfield.of(20, [1]) };
    await opened.compact(state);
    expect(opened.records).toBe(0);
    await opened.append([{ type: "written", value: 2 }]);
    expect([...(await recoverJournal(file, identity, BOOT))!.held.held()]).toEqual([1, 2]);
  });

  test("is nothing when there is no file, an empty one, or junk", async () => {
    const file = join(await temporaryFolder(), "x.pieces");
    expect(await recoverJournal(file, identity, BOOT)).toBeUndefined();
    for (const content of ["", "junk", "STAPIEC1".repeat(100)]) {
      await writeFile(file, content);
      expect(await recoverJournal(file, identity, BOOT)).toBeUndefined();
    }
  });
});

describe("a piece whose record is not written yet", () => {
  /** Piece 0 is held; of piece 1 the data is there, and `writing` waits for its record. */
  async function gathering() {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const torrent = makeTorrent([{ length: 40 }]);
    const { metainfo, layout } = torrent;
    const root = await temporaryFolder();
    const options = { metainfo, layout, folder: join(root, "data"), journalFile: join(root, "x.pieces"), diskThreads };
    const storage = await TorrentStorage.open(options);
    onTestFinished(() => storage.close());
    await storage.write(0, torrent.piece(0));
    const writing = storage.write(1, torrent.piece(1));
    while (Buffer.compare((await readFile(storage.path)).subarray(16, 32), torrent.piece(1)) !== 0);
    return { torrent, storage, options, writing };
  }

  test("is not held, and after kill -9 it is fetched again, and nothing else", async () => {
    const { storage, options, writing } = await gathering();
    expect([...storage.held.held()]).toEqual([0]);
    const next = await TorrentStorage.open(options);
    expect([...next.held.held()]).toEqual([0]);
    expect(next.suspect.isEmpty).toBe(true);
    await next.close();
    vi.runAllTimers();
    await writing;
    expect([...storage.held.held()]).toEqual([0, 1]);
  });

  test("is not held when its file turns out to be another one meanwhile", async () => {
    const { torrent, storage, options, writing } = await gathering();
    const told = writing.catch((error: unknown) => error);
    await rename(storage.path, `${storage.path}.old`);
    await writeFile(storage.path, new Uint8Array(40));
    await expect(storage.sync()).rejects.toMatchObject({ code: "changed" });
    expect(await told).toMatchObject({ code: "changed" });
    expect(storage.held.isEmpty).toBe(true);
    expect([...storage.suspect.held()]).toEqual([0, 1]);
    const { infoHash } = torrent.metainfo;
    expect((await recoverJournal(options.journalFile, { infoHash, pieceCount: 3 }, BOOT))!.held.isEmpty).toBe(true);
    vi.advanceTimersByTime(5);
    await storage.write(1, torrent.piece(1));
    expect([...storage.held.held()]).toEqual([1]);
  });
});

test("storage opens with its journal cut at any byte, and holds no piece that is not there", async () => {
  const torrent = makeTorrent([{ length: 100 }]);
  const { metainfo, layout } = torrent;
  const root = await temporaryFolder();
  const options = { metainfo, layout, folder: join(root, "data"), journalFile: join(root, "x.pieces"), diskThreads };
  const storage = await TorrentStorage.open(options);
  for (const index of [6, 1, 4]) await storage.write(index, torrent.piece(index));
  const whole = await readFile(options.journalFile);
  await storage.close();
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(options.journalFile, whole.subarray(0, length));
    const cut = await TorrentStorage.open(options);
    for (const index of cut.held.held()) expect([6, 1, 4]).toContain(index);
    if (cut.held.count === 0 && length < whole.length - 3 * RECORD_BYTES) expect(cut.suspect.isFull).toBe(true);
    const before = cut.held.count;
    expect(before).toBe(Math.max(0, Math.floor((length - (whole.length - 3 * RECORD_BYTES)) / RECORD_BYTES)));
    await cut.close();
  }
});
