import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { limit } from "../../source/engine/change-settings.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { Transfer } from "../../source/engine/transfer.ts";
import { TransferBook } from "../../source/engine/transfer-book.ts";
import { WireBuffers } from "../../source/engine/wire-buffers.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { SafeFolder } from "../../source/storage/safe-open.ts";
import { StateFolder } from "../../source/storage/state-folder.ts";
import { newTransferSettings, type TransferSettings, TransferStore } from "../../source/storage/transfer-store.ts";
import { makeTorrent, temporaryFolder, type TestTorrent } from "../storage/fixtures.ts";
import { peerIdOf } from "./support.ts";

async function openBook(home?: string) {
  const state = await StateFolder.open(home ?? (await temporaryFolder()));
  const problems: string[] = [];
  const events: string[] = [];
  const dials: string[] = [];
  const store = await TransferStore.open(state);
  const book = new TransferBook({
    store,
    onProblem: (text) => problems.push(text),
    queueChanged: () => undefined,
    newTransfer: (metainfo, storage) =>
      new Transfer({
        metainfo,
        storage,
        peerId: peerIdOf("book"),
        client: "book",
        listenPort: 1,
        downLimit: new TokenBucket(0),
        upLimit: new TokenBucket(0),
        giftRefusal: () => "unwanted",
        wireBuffers: new WireBuffers(),
        dht: undefined,
        dial: (_, { host }) => dials.push(host),
        ban: () => undefined,
        onEvent: (_, { type }) => events.push(type),
      }),
  });
  const close = async () => {
    await book.close();
    await state.close();
  };
  onTestFinished(close);
  return { book, problems, events, dials, close, state, store };
}

const settingsOf = (folder: string, more: Partial<TransferSettings> = {}): TransferSettings => ({
  ...newTransferSettings(folder, 1),
  uploadedBytes: 10,
  downloadedBytes: 20,
  wastedBytes: 30,
  ...more,
});

async function folderWith(torrent: TestTorrent): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "shared"), torrent.data);
  return folder;
}

describe("the book of transfers", () => {
  it.each([
    [3_600, 5],
    [null, 0],
  ])(
    "remembers for how long was shared where that ends at %s s, and writes nothing where nothing moved",
    async (limit, seconds) => {
      const { book, store } = await openBook();
      const torrent = makeTorrent([{ length: 100 }]);
      const folder = await temporaryFolder();
      const entry = await book.add(torrent.metainfo, settingsOf(folder, { seedSecondsLimit: limit }));
      await book.saveChanged();
      entry.settings = { ...entry.settings, seededSeconds: 5 };
      const save = vi.spyOn(store, "save");
      await book.saveChanged();
      await book.saveChanged();
      expect(save).toHaveBeenCalledTimes(limit === null ? 0 : 1);
      const [remembered] = (await store.load()).transfers;
      expect(remembered!.settings.seededSeconds).toBe(seconds);
    },
  );

  it("makes one transfer of two adds at once, and returns one that is there", async () => {
    const { book } = await openBook();
    const { metainfo } = makeTorrent([{ length: 100 }]);
    const settings = settingsOf(await temporaryFolder());
    const [one, two] = await Promise.all([book.add(metainfo, settings), book.add(metainfo, settings)]);
    expect(one).toBe(two);
    expect(await book.add(metainfo, settingsOf("/elsewhere"))).toBe(one);
    expect(book.of(one.transfer)).toBe(one);
  });

  it("leaves nothing of a transfer that is removed while it is saved, or that is saved behind that", async () => {
    const { book, state, store } = await openBook();
    const { metainfo } = makeTorrent([{ length: 100 }]);
    const entry = await book.add(metainfo, settingsOf(await temporaryFolder()));
    const gate = Promise.withResolvers<void>();
    const save = store.save.bind(store);
    vi.spyOn(store, "save").mockImplementationOnce(async (...args) => {
      await gate.promise;
      await save(...args);
    });
    const saving = book.save(entry);
    const removing = book.remove(entry, true);
    gate.resolve();
    await Promise.all([saving, removing]);
    await book.save(entry);
    expect(await readdir(state.resolve("torrents"))).toEqual([]);
  });

  it("does not forget over a save that its data is being removed", async () => {
    const { book, store } = await openBook();
    const torrent = makeTorrent([{ length: 100 }]);
    const entry = await book.add(torrent.metainfo, settingsOf(await temporaryFolder()));
    const saved: boolean[] = [];
    const save = store.save.bind(store);
    vi.spyOn(store, "save").mockImplementation(async (infoHash, settings) => {
      await save(infoHash, settings);
      saved.push(settings.removing);
    });
    await Promise.all([book.save(entry), book.remove(entry, true), book.save(entry), book.saveChanged()]);
    expect(saved).toEqual([false, true]);
  });

  it("forgets none of several choices that are made at once, nor what else is set meanwhile", async () => {
    const { book, store } = await openBook();
    const torrent = makeTorrent(["a", "b", "c"].map((name) => ({ path: [name], length: 100 })));
    const entry = await book.add(torrent.metainfo, settingsOf(await temporaryFolder()));
    const choosing = [
      book.setFiles(entry, [{ index: 0, priority: "off" }]),
      book.setSequential(entry, true),
      book.setFiles(entry, [{ index: 2, priority: "high" }]),
    ];
    const save = store.save.bind(store);
    vi.spyOn(store, "save").mockImplementationOnce(async (...args) => {
      choosing.push(limit({ book }, entry, { upBytesPerSecond: 5 }));
      await save(...args);
    });
    for (const choice of choosing) await choice;
    const chosen = { filesOff: "0", filesHigh: "2", sequential: true, filesSetAside: "0", upLimit: 5 };
    expect(entry.settings).toMatchObject(chosen);
    expect([...entry.transfer.selection.leftOut]).toEqual([0]);
    expect(entry.transfer.isSequential).toBe(true);
    expect((await store.load()).transfers[0]!.settings).toMatchObject(chosen);
  });

  it("looks at what lies there when it is told to, and only then", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const looked = await openBook();
    const entry = await looked.book.add(torrent.metainfo, settingsOf(folder), { expect: "data" });
    expect(entry.transfer.isComplete).toBe(true);
    const blind = await openBook();
    const other = await blind.book.add(torrent.metainfo, settingsOf(folder));
    expect(other.transfer.swarm.states.held.isEmpty).toBe(true);
  });

  it("brings back what it was told, with counts that go on", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const { book, close, state } = await openBook();
    const entry = await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    entry.transfer.up.add(1_000, 1);
    await book.setMode(entry, "paused");
    await close();
    const again = await openBook(state.path);
    const [loaded] = await again.book.load();
    expect(loaded!.settings).toMatchObject({
      paused: true,
      uploadedBytes: 1_010,
      downloadedBytes: 20,
      wastedBytes: 30,
    });
    expect(loaded!.transfer.isComplete).toBe(true);
    expect(again.problems).toEqual([]);
  });

  it("makes one transfer of what it brings back and of an add meanwhile, and forgets nothing of it", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const { book, close, state } = await openBook();
    await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    await close();
    const again = await openBook(state.path);
    const [[loaded], added] = await Promise.all([
      again.book.load(),
      again.book.add(torrent.metainfo, settingsOf(folder, { gift: true }), { expect: "nothing" }),
    ]);
    expect(added).toBe(loaded);
    await again.close();
    const later = await openBook(state.path);
    expect((await later.book.load())[0]?.settings).toMatchObject({ gift: false, folder });
  });

  it("lets nobody begin a transfer before it is known that what lies there is its own", async () => {
    const { book, dials, store } = await openBook();
    const torrent = makeTorrent([{ length: 100 }]);
    const { metainfo } = torrent;
    const folder = await folderWith({ ...torrent, data: torrent.data.map((byte) => byte ^ 1) });
    const gate = Promise.withResolvers<void>();
    const added = vi.spyOn(store, "add").mockImplementationOnce(() => gate.promise);
    const adding = Promise.allSettled([book.add(metainfo, settingsOf(folder), { expect: "data" })]);
    await vi.waitUntil(() => added.mock.calls.length > 0);
    const entry = book.get(toHex(metainfo.infoHash))!;
    await book.setMode(entry, "download");
    const addresses = [{ host: "10.0.0.1", port: 1 }];
    entry.transfer.dispatch({ type: "candidates", addresses, source: "given" });
    gate.resolve();
    expect(await adding).toMatchObject([{ reason: { code: "in-use" } }]);
    expect(dials).toEqual([]);
  });

  it("pauses and removes although nothing can be written", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const { book, store, state, problems } = await openBook();
    const full = new StorageError("disk-full", "/state", "The disk is full.");
    for (const withData of [false, true]) {
      const folder = await folderWith(torrent);
      const entry = await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
      const saving = vi.spyOn(store, "save").mockRejectedValue(full);
      const { storage } = entry.transfer;
      const close = storage.close.bind(storage);
      vi.spyOn(storage, "close").mockImplementation(() => close().then(() => Promise.reject(full)));
      await entry.transfer.setMode("hold");
      await expect(book.setMode(entry, "paused")).rejects.toBe(full);
      expect(entry.transfer.mode).toBe("paused");
      await book.remove(entry, withData);
      saving.mockRestore();
      expect(await readdir(folder)).toEqual(withData ? [] : ["shared"]);
      expect(await readdir(state.resolve("torrents"))).toEqual([]);
    }
    expect(problems).toEqual(["shared: The disk is full.", "shared: The disk is full."]);
  });

  it("tells of what is damaged or cannot be opened, and brings back the rest", async () => {
    const { book, close, state } = await openBook();
    const fine = makeTorrent([{ length: 100 }], 16, "fine");
    const damaged = makeTorrent([{ length: 101 }], 16, "damaged");
    for (const torrent of [fine, damaged]) {
      await book.add(torrent.metainfo, settingsOf(await temporaryFolder(), { paused: true }));
    }
    await close();
    const file = join(state.path, "torrents", `${toHex(damaged.metainfo.infoHash)}.torrent`);
    await writeFile(file, (await readFile(file)).subarray(0, 40));
    const again = await openBook(state.path);
    const loaded = await again.book.load();
    expect(loaded.map(({ transfer }) => transfer.metainfo.name)).toEqual(["fine"]);
    expect(again.problems).toEqual([expect.stringContaining(toHex(damaged.metainfo.infoHash))]);
  });

  it("brings back what was away with its disk, once that is there, and tells of it once", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const { book, close, state } = await openBook();
    await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    await close();
    await rename(folder, `${folder}.away`);
    const again = await openBook(state.path);
    expect(await again.book.load()).toEqual([]);
    expect(await again.book.openMissing()).toEqual([]);
    expect(again.book.missing).toEqual([expect.stringContaining(`${folder} is not there`)]);
    expect(again.problems).toEqual(again.book.missing);
    await rename(`${folder}.away`, folder);
    const [entry] = await again.book.openMissing();
    expect(entry?.transfer.isComplete).toBe(true);
    expect(again.book.missing).toEqual([]);
    expect(await again.book.openMissing()).toEqual([]);
  });

  it("opens none twice, and says once what is wrong, while it cannot be remembered which files are set aside", async () => {
    const torrent = makeTorrent([
      { path: ["a"], length: 100 },
      { path: ["b"], length: 100 },
    ]);
    const folder = await temporaryFolder();
    const { book, close, state } = await openBook();
    await book.add(torrent.metainfo, settingsOf(folder, { filesOff: "1" }));
    await close();
    const file = join(state.path, "torrents", `${toHex(torrent.metainfo.infoHash)}.json`);
    await writeFile(file, JSON.stringify(settingsOf(folder, { filesOff: "1" })));
    const again = await openBook(state.path);
    const full = new StorageError("disk-full", state.path, "The disk is full.");
    vi.spyOn(again.store, "save").mockRejectedValueOnce(full).mockRejectedValueOnce(full);
    const opened = [await again.book.load()];
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      opened.push(await again.book.openMissing());
    }
    expect(opened.map(({ length }) => length)).toEqual([0, 0, 1]);
    expect(again.problems).toEqual(["shared: The disk is full."]);
    const entry = opened[2]![0];
    expect([...again.book.entries.values()]).toEqual([entry]);
    expect([entry?.settings.filesSetAside, again.book.missing]).toEqual(["1", []]);
  });

  it("forgets what was away when it is added anew elsewhere", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const { book, close, state } = await openBook();
    await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    await close();
    await rm(folder, { recursive: true });
    const again = await openBook(state.path);
    await again.book.load();
    await expect(again.book.add(torrent.metainfo, settingsOf(folder))).rejects.toThrow("is not there; bring it back");
    const entry = await again.book.add(torrent.metainfo, settingsOf(await temporaryFolder()));
    expect(again.book.missing).toEqual([]);
    expect(await again.book.openMissing()).toEqual([]);
    expect([...again.book.entries.values()]).toEqual([entry]);
  });

  it("remembers nothing of an add that failed", async () => {
    const { book, state } = await openBook();
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    const { metainfo } = makeTorrent([{ length: 100 }]);
    await expect(book.add(metainfo, settingsOf(join(file, "below")))).rejects.toThrow();
    expect(book.entries.size).toBe(0);
    expect(await readdir(join(state.path, "torrents"))).toEqual([]);
    const folder = await temporaryFolder();
    expect((await book.add(metainfo, settingsOf(folder))).settings.folder).toBe(folder);
  });

  it("takes nothing more once it is closed, and closing it twice is closing it once", async () => {
    const { book, close } = await openBook();
    const { metainfo } = makeTorrent([{ length: 100 }]);
    const adding = Promise.allSettled([book.add(metainfo, settingsOf(await temporaryFolder()))]);
    await close();
    const [outcome] = await adding;
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ message: "The engine is stopping." });
    await expect(book.add(makeTorrent([{ length: 5 }]).metainfo, settingsOf("/tmp"))).rejects.toThrow(
      "The engine is stopping.",
    );
    await close();
  });

  it("ends a removal that a crash interrupted, and brings nothing back", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const { book, close, state } = await openBook();
    await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    await close();
    const file = join(state.path, "torrents", `${toHex(torrent.metainfo.infoHash)}.json`);
    await writeFile(file, JSON.stringify({ ...settingsOf(folder), removing: true }));
    const again = await openBook(state.path);
    expect(await again.book.load()).toEqual([]);
    expect(again.problems).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
    expect(await readdir(join(state.path, "torrents"))).toEqual([]);
  });

  it("does not bring back a transfer whose data could not be removed, and says what is left", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const folder = await folderWith(torrent);
    const { book, close, state } = await openBook();
    const entry = await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    const removing = vi.spyOn(SafeFolder.prototype, "remove");
    onTestFinished(() => removing.mockRestore());
    removing.mockRejectedValue(new StorageError("not-writable", folder, `${folder} may not be written.`));
    await expect(book.remove(entry, true)).rejects.toMatchObject({
      code: "not-writable",
      message: expect.stringContaining("The transfer is removed; what is left of its data must be removed by hand."),
    });
    await close();
    const again = await openBook(state.path);
    expect(await again.book.load()).toEqual([]);
    expect(again.problems).toEqual([]);
  });
});

describe("a transfer", () => {
  it("that has ended takes no peer, checks nothing and begins nothing", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const { book, events } = await openBook();
    const entry = await book.add(torrent.metainfo, settingsOf(await folderWith(torrent)));
    await book.remove(entry, false);
    events.length = 0;
    const closed: string[] = [];
    const socket = { address: { host: "h", port: 1 }, close: (reason: string) => closed.push(reason) };
    entry.transfer.attach(socket as never, { peerId: peerIdOf("late") } as never, "incoming");
    expect(closed).toEqual(["the transfer has ended"]);
    await entry.transfer.checks.run();
    await entry.transfer.setMode("download");
    await book.setMode(entry, "download");
    expect(events).toEqual([]);
    expect(entry.transfer.connectedPeers).toBe(0);
  });

  it("checks also what is found to be changed while it checks: it would be shared no more until the next start", async () => {
    const { book } = await openBook();
    const torrent = makeTorrent(["a", "b"].map((name) => ({ path: [name], length: 160 })));
    const folder = await temporaryFolder();
    const paths = ["a", "b"].map((name) => join(folder, "shared", name));
    await mkdir(join(folder, "shared"));
    for (const [i, path] of paths.entries()) await writeFile(path, torrent.data.subarray(160 * i, 160 * (i + 1)));
    const { transfer } = await book.add(torrent.metainfo, settingsOf(folder), { justHashed: true });
    const { storage } = transfer;
    const readOf = (piece: number) => storage.read(piece, 0, [new Uint8Array(16)]);
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    for (const piece of [0, 10]) await readOf(piece);
    for (const path of paths) await chmod(path, 0o600);
    // It is looked at once a second.
    vi.advanceTimersByTime(1_000);
    await expect(readOf(0)).rejects.toMatchObject({ code: "changed" });
    const check = storage.check.bind(storage);
    vi.spyOn(storage, "check").mockImplementationOnce(async (options) => {
      await expect(readOf(10)).rejects.toMatchObject({ code: "changed" });
      return check(options);
    });
    await transfer.checks.ofSuspects();
    expect([transfer.isComplete, storage.suspect.isEmpty]).toEqual([true, true]);
  });

  it("checks once when it is asked twice, and both hear the end", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const { book, events } = await openBook();
    const folder = await folderWith(torrent);
    const entry = await book.add(torrent.metainfo, settingsOf(folder));
    await Promise.all([entry.transfer.checks.run(), entry.transfer.checks.run()]);
    expect(entry.transfer.isComplete).toBe(true);
    expect(events.filter((type) => type === "pieces-lost")).toHaveLength(1);
    await copyFile(join(folder, "shared"), join(folder, "copy"));
    await writeFile(join(folder, "shared"), torrent.data.slice(0, 50));
    await entry.transfer.checks.run();
    expect([...entry.transfer.swarm.states.held.held()]).toEqual([0, 1, 2]);
    expect(entry.transfer.heldBytes).toBe(48);
  });

  it("checks all when it is asked to while it checks some, and nothing more when what runs will do", async () => {
    const torrent = makeTorrent([{ length: 100 }]);
    const { book } = await openBook();
    const { transfer } = await book.add(torrent.metainfo, settingsOf(await folderWith(torrent)), { justHashed: true });
    const check = vi.spyOn(transfer.storage, "check");
    await Promise.all([
      transfer.checks.run([0]),
      transfer.checks.ofSuspects(),
      transfer.checks.run(),
      transfer.checks.run([1]),
      transfer.checks.run(),
    ]);
    expect(check.mock.calls.map(([options]) => options?.only)).toEqual([[0], undefined]);
  });
});
