import { copyFile, readdir, rename, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Engine } from "../../source/engine/engine.ts";
import { encodeExtendedHandshake } from "../../source/protocol/peer/extensions/extended-handshake.ts";
import { encodePush } from "../../source/protocol/peer/extensions/sta-push.ts";
import { encodeExtended } from "../../source/protocol/peer/messages.ts";
import { createTorrent } from "../../source/storage/hash-files.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { startTracker } from "../tracker/support.ts";
import {
  handshakeFor,
  nextEvent,
  RawPeer,
  rowOf,
  share,
  startEngine,
  torrentFile,
  untilRow,
  until,
  makeFolder,
  MB,
} from "./support.ts";

describe("the screen", () => {
  it("hears of a peer that comes and goes although nothing moves", async () => {
    const path = join(await temporaryFolder(), "quiet.bin");
    await writeFileOf(path, MB, "quiet");
    const on = await startEngine();
    const infoHash = await share(on, path);
    const peer = new RawPeer(on.engine.port);
    const came = untilRow(on, infoHash, ({ peers }) => peers.length === 1);
    peer.say(handshakeFor(infoHash));
    await came;
    const went = untilRow(on, infoHash, ({ peers }) => peers.length === 0);
    peer.socket.destroy();
    await went;
  });

  it("shows no rate where nobody is connected", async () => {
    const path = join(await temporaryFolder(), "paused.bin");
    await writeFileOf(path, 4 * MB, "paused");
    const source = await startEngine({ upLimit: 500_000 });
    const infoHash = await share(source, path);
    const on = await startEngine();
    const target = await torrentFile(source, infoHash);
    await on.engine.send({ method: "download", target, peers: [source.address] });
    await untilRow(on, infoHash, (row) => row.downBytesPerSecond > 0);
    await on.engine.send({ method: "pause", infoHash });
    await Promise.all([on, source].map((engine) => untilRow(engine, infoHash, ({ peers }) => peers.length === 0)));
    expect(rowOf(on, infoHash)!.downBytesPerSecond).toBe(0);
    expect(rowOf(source, infoHash)!.upBytesPerSecond).toBe(0);
  });
});

it("a peer that is dialled by a name is known by its address too", async () => {
  const path = join(await temporaryFolder(), "named.bin");
  await writeFileOf(path, MB, "named");
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  const leecher = await startEngine({ downLimit: 100_000 });
  const target = await torrentFile(seeder, infoHash);
  await leecher.engine.send({ method: "download", target, peers: [`localhost:${seeder.engine.port}`] });
  await untilRow(leecher, infoHash, ({ peers }) => peers.length === 1);
  const [peer] = leecher.engine.book.get(infoHash)!.transfer.swarm.peers.values();
  expect(peer!.connected).toMatchObject({ address: { host: "localhost" }, ip: "127.0.0.1" });
});

describe("removing", () => {
  it("a torrent whose data is still being looked at forgets it for good", async () => {
    const path = join(await temporaryFolder(), "adding.bin");
    await writeFileOf(path, 30 * MB, "adding");
    const seeder = await startEngine();
    const infoHash = await share(seeder, path);
    const target = await torrentFile(seeder, infoHash);
    const on = await startEngine();
    await copyFile(path, join(on.folder, "adding.bin"));
    const adding = on.engine.send({ method: "download", target });
    while (on.engine.book.get(infoHash)?.transfer.checks.checkedPieces === undefined) await setImmediate();
    expect((await on.engine.send({ method: "remove", infoHash, withData: false })).ok).toBe(true);
    await adding;
    expect(on.engine.book.entries.size).toBe(0);
    expect((await readdir(join(on.home, "torrents"))).filter((name) => !name.endsWith(".json"))).toEqual([]);
  });

  it("leaves the data, or takes it away and nothing else", async () => {
    const path = await makeFolder("removed");
    const on = await startEngine();
    const infoHash = await share(on, path);
    expect((await on.engine.send({ method: "remove", infoHash, withData: false })).ok).toBe(true);
    expect(rowOf(on, infoHash)).toBeUndefined();
    expect(Object.keys(await digestsOf(path))).toHaveLength(4);
    expect(await readdir(join(on.home, "torrents"))).toEqual([]);
    await share(on, path);
    await writeFile(join(path, "mine.txt"), "not of the torrent");
    expect((await on.engine.send({ method: "remove", infoHash, withData: true })).text).toContain("and its data");
    expect(Object.keys(await digestsOf(path))).toEqual(["mine.txt"]);
  });

  it("ends a check that runs, and leaves nothing behind", async () => {
    const path = join(await temporaryFolder(), "checked.bin");
    await writeFileOf(path, 20 * MB, "checked");
    const on = await startEngine();
    const infoHash = await share(on, path);
    await on.engine.send({ method: "check", infoHash });
    expect(rowOf(on, infoHash)?.state).toBeDefined();
    expect((await on.engine.send({ method: "remove", infoHash, withData: false })).ok).toBe(true);
    expect(await readdir(join(on.home, "torrents"))).toEqual([]);
    expect(on.events.filter(({ event }) => event === "problem")).toEqual([]);
  });

  it("while it is downloaded closes every connection, and adding it at once begins anew", async () => {
    const path = join(await temporaryFolder(), "again.bin");
    await writeFileOf(path, 6 * MB, "again");
    const seeder = await startEngine({ upLimit: 5 * MB });
    const infoHash = await share(seeder, path);
    const target = await torrentFile(seeder, infoHash);
    const leecher = await startEngine();
    await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(leecher, infoHash, ({ heldPieces }) => heldPieces > 1);
    const removing = leecher.engine.send({ method: "remove", infoHash, withData: true });
    const done = nextEvent(leecher, "done");
    seeder.engine.upLimit.bytesPerSecond = 0;
    const [removed, added] = await Promise.all([
      removing,
      leecher.engine.send({ method: "download", target, peers: [seeder.address] }),
    ]);
    expect([removed.ok, added.ok]).toEqual([true, true]);
    expect(await done).toMatchObject({ infoHash, name: "again.bin", path: join(leecher.folder, "again.bin") });
    expect(await digestsOf(join(leecher.folder, "again.bin"))).toEqual(await digestsOf(path));
    expect(await readdir(join(leecher.home, "torrents"))).toContain(`${infoHash}.torrent`);
  });
});

describe("sharing", () => {
  it("twice is sharing once", async () => {
    const path = await makeFolder("twice");
    const on = await startEngine();
    const [one, two] = await Promise.all([share(on, path), share(on, path)]);
    expect(one).toBe(two);
    expect(await share(on, path)).toBe(one);
    expect(on.engine.getSnapshot().transfers.length).toBeLessThanOrEqual(1);
    await until(on, ({ transfers }) => transfers.length === 1);
  });

  it("a path that has changed shares what lies there now, as a torrent of its own", async () => {
    const path = join(await temporaryFolder(), "changing.bin");
    await writeFileOf(path, MB, "before");
    const on = await startEngine();
    const before = await share(on, path);
    await writeFileOf(path, MB + 1, "after");
    const after = await share(on, path);
    expect(after).not.toBe(before);
    await untilRow(on, after, ({ state }) => state === "seeding");
  });

  it("what is whole here ends a download of the same that was begun elsewhere", async () => {
    const path = join(await temporaryFolder(), "elsewhere.bin");
    await writeFileOf(path, MB, "elsewhere");
    const one = await startEngine();
    const infoHash = await share(one, path);
    const two = await startEngine();
    await two.engine.send({ method: "download", target: await torrentFile(one, infoHash), peers: ["127.0.0.1:1"] });
    expect(await share(two, path)).toBe(infoHash);
    await untilRow(two, infoHash, ({ state, folder }) => state === "seeding" && path.startsWith(folder));
  });
});

describe("an engine that starts again", () => {
  it("goes on with what it had, and seeds what it shared", async () => {
    const path = join(await temporaryFolder(), "resumed.bin");
    await writeFileOf(path, 6 * MB, "resumed");
    const tracker = await startTracker();
    const trackers = [{ host: "127.0.0.1", port: tracker.port }];
    const seeder = await startEngine({ upLimit: 3 * MB, trackers });
    const infoHash = await share(seeder, path);
    const leecher = await startEngine();
    const target = await torrentFile(seeder, infoHash);
    await leecher.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(leecher, infoHash, ({ heldPieces }) => heldPieces > 2);
    await leecher.engine.close();
    await seeder.engine.close();
    const again = await startEngine({ home: leecher.home, folder: leecher.folder });
    const done = nextEvent(again, "done");
    const held = rowOf(again, infoHash)!.heldPieces;
    expect(held).toBeGreaterThan(2);
    const seederAgain = await startEngine({ home: seeder.home, folder: seeder.folder, trackers });
    await until(seederAgain, ({ catalogue }) => catalogue.some((row) => row.infoHash === infoHash && row.seeds > 0));
    await again.engine.send({ method: "download", target: infoHash, peers: [seederAgain.address] });
    await done;
    expect(rowOf(again, infoHash)!.downloadedBytes).toBeLessThan(1.05 * 6 * MB + 524_288);
    expect(await digestsOf(join(again.folder, "resumed.bin"))).toEqual(await digestsOf(path));
  });

  it("says what it cannot open, and starts all the same", async () => {
    const path = join(await temporaryFolder(), "gone.bin");
    await writeFileOf(path, MB, "gone");
    const on = await startEngine();
    const infoHash = await share(on, path);
    await on.engine.close();
    await rename(path, `${path}.away`);
    const again = await startEngine({ home: on.home });
    expect(rowOf(again, infoHash)).toBeUndefined();
    expect(again.engine.getSnapshot().broadcasts.map(({ text }) => text)).toEqual([
      expect.stringContaining("is not there; bring it back"),
    ]);
    expect(again.engine.getSnapshot().engine.alerts).toEqual([expect.stringContaining("gone.bin: ")]);
  });
});

describe("a gift", () => {
  it("reaches an engine that never asked for the file, through the tracker", async () => {
    const tracker = await startTracker();
    const trackers = [{ host: "127.0.0.1", port: tracker.port }];
    const path = join(await temporaryFolder(), "present.bin");
    await writeFileOf(path, 3 * MB, "present");
    const giver = await startEngine({ trackers });
    const infoHash = await share(giver, path);
    await until(giver, ({ catalogue }) => catalogue.some((row) => row.availablePieces === row.pieceCount));
    const taker = await startEngine({ trackers });
    await until(taker, ({ catalogue }) => catalogue.some((row) => row.infoHash === infoHash && row.holders === 1));
    const told = nextEvent(taker, "broadcast", ({ kind }) => kind === "received");
    const reply = await giver.engine.send({ method: "push", target: "present.bin", count: 1 });
    expect(reply.text).toBe("Giving a random piece of present.bin to every peer that takes it.");
    expect((await told).text).toMatch(/gave us piece \d of present\.bin$/);
    await untilRow(taker, infoHash, ({ heldPieces }) => heldPieces === 1);
    await untilRow(giver, infoHash, ({ pieceMap }) => pieceMap.includes("g"));
    await until(taker, ({ catalogue }) => catalogue.some((row) => row.infoHash === infoHash && row.holders === 2));
  });

  it("is refused as full when it would be more than the quota, and nothing of it is written", async () => {
    const tracker = await startTracker();
    const trackers = [{ host: "127.0.0.1", port: tracker.port }];
    const path = join(await temporaryFolder(), "large.bin");
    await writeFileOf(path, 5 * MB, "large");
    const giver = await startEngine({ trackers });
    const infoHash = await share(giver, path);
    const taker = await startEngine({ trackers, giftQuotaBytes: 2 * 524_288 });
    await until(taker, ({ catalogue }) => catalogue.some((row) => row.infoHash === infoHash && row.holders === 1));
    await giver.engine.send({ method: "push", target: "large.bin", count: 1, keep: true });
    await untilRow(taker, infoHash, ({ heldPieces }) => heldPieces === 2);
    const other = new RawPeer(taker.engine.port);
    const speaks = encodeExtended(0, encodeExtendedHandshake({ extensions: new Map([["sta_push", 9]]) }));
    const offers = [...Array(10).keys()].map((piece) => encodeExtended(1, encodePush({ type: "offer", piece })));
    other.say(handshakeFor(infoHash), speaks, ...offers);
    const reasons = () =>
      [
        ...Buffer.from(other.received)
          .toString("latin1")
          .matchAll(/3:why4:([a-z]{4})/g),
      ].map(([, why]) => why);
    for (let bytes = 1; reasons().length < 10; bytes = other.received.length + 1) await other.heard(bytes);
    expect(reasons().toSorted()).toEqual([...Array(8).fill("full"), "have", "have"]);
    expect(rowOf(taker, infoHash)).toMatchObject({ heldPieces: 2 });
  });

  it("is not taken by an engine that takes none", async () => {
    const tracker = await startTracker();
    const trackers = [{ host: "127.0.0.1", port: tracker.port }];
    const path = join(await temporaryFolder(), "unwanted.bin");
    await writeFileOf(path, MB, "unwanted");
    const giver = await startEngine({ trackers });
    const infoHash = await share(giver, path);
    const taker = await startEngine({ trackers, acceptPushes: "never" });
    await until(taker, ({ catalogue }) => catalogue.some((row) => row.infoHash === infoHash && row.holders === 1));
    const peer = new RawPeer(taker.engine.port);
    peer.say(handshakeFor(infoHash));
    await peer.closed;
    expect(taker.engine.book.get(infoHash)).toBeUndefined();
  });
});

describe("ending", () => {
  it("leaves no handle open, also in the middle of downloads, dials and checks", async () => {
    const tracker = await startTracker();
    const before = process.getActiveResourcesInfo().toSorted();
    const path = join(await temporaryFolder(), "busy.bin");
    await writeFileOf(path, 20 * MB, "busy");
    const seeder = await startEngine({ trackers: [{ host: "127.0.0.1", port: tracker.port }], upLimit: 4 * MB });
    const infoHash = await share(seeder, path);
    const leecher = await startEngine();
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const target = await torrentFile(seeder, infoHash);
    const peers = [seeder.address, `127.0.0.1:${port}`];
    await leecher.engine.send({ method: "download", target, peers });
    await untilRow(leecher, infoHash, ({ heldPieces }) => heldPieces > 0);
    new RawPeer(leecher.engine.port).say("\x13BitTorrent");
    await seeder.engine.send({ method: "check", infoHash });
    const started = performance.now();
    await Promise.all([seeder.engine.close(), leecher.engine.close()]);
    expect(performance.now() - started).toBeLessThan(5_000);
    await new Promise<void>((resolve) => silent.close(() => resolve()));
    const left = process.getActiveResourcesInfo().toSorted();
    for (const kind of before) left.splice(left.indexOf(kind), 1);
    expect(left.filter((kind) => !/^(PipeWrap|TTYWrap|MessagePort|CloseReq)$/.test(kind))).toEqual([]);
  });

  it("waits for a torrent that is being added, or refuses it, and leaves nothing of it open", async () => {
    const path = join(await temporaryFolder(), "late.bin");
    await writeFileOf(path, 10 * MB, "late");
    const on = await startEngine();
    const sharing = on.engine.send({ method: "share", path });
    await on.engine.close();
    const reply = await sharing;
    if (!reply.ok) expect(reply.text).toBe("The engine is stopping.");
    const again = await Engine.start({ ...on.engine.options, home: on.home });
    await again.close();
    expect((await again.send({ method: "pause", infoHash: "0".repeat(40) })).text).toBe("The engine is stopping.");
  });

  it("does not wait for the check of data that lies there, of a torrent that was put into the watched folder", async () => {
    const path = join(await temporaryFolder(), "long.bin");
    await writeFileOf(path, MB, "long");
    const checking = vi
      .spyOn(TorrentStorage.prototype, "check")
      .mockImplementation(
        ({ signal } = {}) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("it was ended")))),
      );
    onTestFinished(() => checking.mockRestore());
    const watchedFolder = await temporaryFolder();
    const on = await startEngine({ watchedFolder, folder: join(path, "..") });
    const { metainfo } = await createTorrent(path);
    await writeFile(join(watchedFolder, "long.torrent"), metainfo.bytes);
    await expect.poll(() => checking.mock.calls.length, { timeout: 10_000 }).toBe(1);
    const started = performance.now();
    await on.engine.close();
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it("gives up what it took when it cannot start", async () => {
    const on = await startEngine();
    const home = await temporaryFolder();
    await expect(startEngine({ home, host: "192.0.2.1" })).rejects.toThrow("EADDRNOTAVAIL");
    const after = await startEngine({ home });
    expect(after.engine.port).toBeGreaterThan(0);
    await expect(startEngine({ home: on.home })).rejects.toThrow("Another sta");
    await expect(stat(join(on.home, "lock"))).resolves.toBeDefined();
  });
});

it("the log of a transfer tells who came and went, and what it did", async () => {
  const source = await startEngine();
  const path = join(await temporaryFolder(), "logged.bin");
  await writeFileOf(path, 200_000, "logged");
  const infoHash = await share(source, path);
  const on = await startEngine();
  const done = nextEvent(on, "done");
  await on.engine.send({
    method: "download",
    target: await torrentFile(source, infoHash),
    peers: [source.address],
  });
  await done;
  await on.engine.send({ method: "pause", infoHash });
  const lines = rowOf(on, infoHash)!.log.map(({ text }) => text);
  expect(lines).toContain("asks for pieces");
  expect(lines).toContain(`${source.address} has come (given)`);
  expect(lines.some((line) => line.startsWith("complete: 200 kB in "))).toBe(true);
  expect(lines.some((line) => line.startsWith(`${source.address} was let go: `))).toBe(true);
  expect(lines.at(-1)).toBe("is paused");
});
