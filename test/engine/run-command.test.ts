import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Command, Reply } from "../../source/control/contract.ts";
import type { EngineLimits } from "../../source/engine/engine-options.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { writeFileOf } from "../helpers/files.ts";
import { freePort } from "../helpers/processes.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { RawClient, startTracker, torrentOf } from "../tracker/support.ts";
import {
  handshakeFor,
  makeFolder,
  MB,
  nextEvent,
  RawPeer,
  rowOf,
  share,
  startEngine,
  type TestEngine,
  torrentFile,
  until,
  untilRow,
} from "./support.ts";

const NOWHERE = "0123456789abcdef0123456789abcdef01234567";

async function ask({ engine }: TestEngine, command: Command): Promise<Reply> {
  const reply = await engine.send(command);
  expect(reply.text).toMatch(/^[^\n]+[.]$/);
  expect(reply.text).not.toMatch(/\bat \/|Error:|undefined|\[object/);
  return reply;
}

describe("downloading", () => {
  it("fetches what is given to us in the same moment, and not only what is given", async () => {
    const [giver, taker] = [await startEngine(), await startEngine()];
    await writeFileOf(join(giver.folder, "fresh.bin"), MB, "fresh");
    const infoHash = await share(giver, join(giver.folder, "fresh.bin"));
    const { book } = taker.engine;
    const add = book.add.bind(book);
    vi.spyOn(book, "add").mockImplementationOnce(async (metainfo, settings, options) => {
      const gift = await add(metainfo, { ...settings, gift: true }, { expect: "nothing" });
      await taker.engine.begin(gift);
      return add(metainfo, settings, options);
    });
    const target = await torrentFile(giver, infoHash);
    expect(await ask(taker, { method: "download", target, peers: [giver.address] })).toMatchObject({ ok: true });
    await untilRow(taker, infoHash, ({ heldPieces, pieceCount }) => heldPieces === pieceCount);
  });
});

describe("a command that cannot be carried out", () => {
  const refusals: readonly [string, Command, string, string | RegExp][] = [
    [
      "a name nobody has",
      { method: "download", target: "nothing.pdf" },
      "not-found",
      "File does not exist in the swarm: nothing.pdf. No tracker is set: add one with --tracker HOST:PORT.",
    ],
    [
      "an info hash nobody has",
      { method: "download", target: NOWHERE },
      "not-found",
      /^File does not exist in the swarm: 0123/,
    ],
    [
      "a magnet link",
      { method: "download", target: "magnet:?xt=urn:btih:1" },
      "file-problem",
      /^The info hash of this magnet link is neither/,
    ],
    [
      "a peer that is no address",
      { method: "download", target: "x", peers: ["nowhere"] },
      "bad-format",
      'Wrong format: "nowhere" is no HOST:PORT of a peer.',
    ],
    [
      "a torrent file that is not there",
      { method: "download", target: "/nowhere/x.torrent" },
      "file-problem",
      /\/nowhere\/x\.torrent/,
    ],
    ["a path that is not there", { method: "share", path: "/nowhere/x" }, "file-problem", /\/nowhere\/x/],
    [
      "giving what does not exist",
      { method: "push", target: "nothing.pdf", count: 1 },
      "not-found",
      "File does not exist in the swarm: nothing.pdf.",
    ],
    [
      "pausing what is not there",
      { method: "pause", infoHash: NOWHERE },
      "not-found",
      `There is no transfer ${NOWHERE}.`,
    ],
    [
      "resuming what is not there",
      { method: "resume", infoHash: NOWHERE },
      "not-found",
      `There is no transfer ${NOWHERE}.`,
    ],
    [
      "checking what is not there",
      { method: "check", infoHash: NOWHERE },
      "not-found",
      `There is no transfer ${NOWHERE}.`,
    ],
    [
      "removing what is not there",
      { method: "remove", infoHash: NOWHERE, withData: true },
      "not-found",
      `There is no transfer ${NOWHERE}.`,
    ],
    [
      "a tracker that is no address",
      { method: "add-tracker", address: "a:b:c" },
      "bad-format",
      'Wrong format: "a:b:c" is no HOST:PORT of a tracker.',
    ],
  ];
  it.each(refusals)("says so: %s", async (_, command, code, text) => {
    const on = await startEngine();
    const reply = await ask(on, command);
    expect(reply).toMatchObject({ ok: false, code });
    if (typeof text === "string") expect(reply.text).toBe(text);
    else expect(reply.text).toMatch(text);
    expect(on.engine.getSnapshot().transfers).toEqual([]);
  });

  it("says so: a torrent file that is none", async () => {
    const on = await startEngine();
    const path = join(on.home, "none.torrent");
    await writeFile(path, "this is no torrent");
    expect(await ask(on, { method: "download", target: path })).toMatchObject({ ok: false, code: "file-problem" });
    expect(await ask(on, { method: "share", path })).toMatchObject({ ok: false, code: "file-problem" });
  });

  it("says so: a folder that cannot be made", async () => {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "a.bin");
    await writeFileOf(path, 100, "a");
    const target = await torrentFile(on, await share(on, path));
    const other = await startEngine();
    const blocked = join(await temporaryFolder(), "a file");
    await writeFile(blocked, "");
    const reply = await ask(other, { method: "download", target, folder: join(blocked, "below") });
    expect(reply).toMatchObject({ ok: false, code: "file-problem" });
    expect(other.engine.getSnapshot().transfers).toEqual([]);
  });

  it("says so: data that is not what the torrent describes", async () => {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "right.bin");
    await writeFileOf(path, 600_000, "right");
    const target = await torrentFile(on, await share(on, path));
    const other = await startEngine();
    const folder = await temporaryFolder();
    await writeFileOf(join(folder, "right.bin"), 600_000, "wrong");
    expect((await ask(other, { method: "share", path: target, folder })).text).toBe(
      `right.bin cannot be shared from ${folder}: 0 of its 2 pieces are there and right.`,
    );
    expect(other.engine.getSnapshot().transfers).toEqual([]);
  });

  it("says so: a file that nobody holds now, and one that two contents are named", async () => {
    const tracker = await startTracker();
    const client = new RawClient(tracker.port);
    await client.hello(1);
    await client.publish(torrentOf("lonely.bin").bytes);
    await client.publish(torrentOf("twin.bin", 4, 1).bytes);
    await client.publish(torrentOf("twin.bin", 4, 2).bytes);
    const on = await startEngine({ trackers: [{ host: "127.0.0.1", port: tracker.port }] });
    await until(on, ({ catalogue }) => catalogue.length === 3);
    expect(await ask(on, { method: "download", target: "lonely.bin" })).toMatchObject({
      code: "no-holder",
      text: "No peer has the file lonely.bin now.",
    });
    expect(await ask(on, { method: "download", target: "twin.bin" })).toMatchObject({
      code: "bad-format",
      text: expect.stringMatching(/^2 files are named twin\.bin: give the info hash, [0-9a-f]{40} or [0-9a-f]{40}\.$/),
    });
    const { infoHash } = on.engine.getSnapshot().catalogue.find(({ name }) => name === "lonely.bin")!;
    expect(await ask(on, { method: "push", target: infoHash, count: 1 })).toMatchObject({
      code: "not-held",
      text: "You do not have the file lonely.bin: download it before you give pieces of it.",
    });
  });

  it("says so: giving when nobody is there", async () => {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "alone.bin");
    await writeFileOf(path, 100, "alone");
    await share(on, path);
    expect(await ask(on, { method: "push", target: "alone.bin", count: 1 })).toMatchObject({
      code: "no-holder",
      text: "No other peer is connected to take pieces of alone.bin.",
    });
  });
});

describe("a command", () => {
  it("gives pieces until it is told to stop", async () => {
    const path = join(await temporaryFolder(), "given.bin");
    await writeFileOf(path, MB, "given");
    const on = await startEngine();
    const infoHash = await share(on, path);
    const peer = new RawPeer(on.engine.port);
    peer.say(handshakeFor(infoHash));
    await untilRow(on, infoHash, ({ peers }) => peers.length === 1);
    const { transfer } = on.engine.book.get(infoHash)!;
    await ask(on, { method: "push", target: "given.bin", count: 1, keep: true });
    expect(transfer.swarm.campaign).toMatchObject({ keep: true });
    // A check begins with a swarm of its own, which goes on giving.
    await transfer.checks.run();
    expect(transfer.swarm.campaign).toMatchObject({ keep: true });
    const reply = await ask(on, { method: "push", target: "given.bin", count: 1, stop: true });
    expect(reply).toMatchObject({
      ok: true,
      text: "Giving no more pieces of given.bin; those that are under way arrive.",
    });
    expect(transfer.swarm.campaign).toBeUndefined();
  });

  it("sets limits, each by itself", async () => {
    const on = await startEngine();
    const down = await ask(on, { method: "set-limits", downBytesPerSecond: 5 });
    expect(down.text).toBe("The limits are set: down 5 B/s, no limit up.");
    const both = await ask(on, { method: "set-limits", upBytesPerSecond: 7 });
    expect(both.text).toBe("The limits are set: down 5 B/s, up 7 B/s.");
    expect([on.engine.downLimit.bytesPerSecond, on.engine.upLimit.bytesPerSecond]).toEqual([5, 7]);
  });

  it("sets limits that the next start knows, those of what is added from now on among them", async () => {
    const told: EngineLimits[] = [];
    const on = await startEngine({ rememberLimits: async (limits) => void told.push(limits) });
    const path = join(await temporaryFolder(), "a.bin");
    await writeFileOf(path, 100_000, "a");
    const reply = await ask(on, { method: "set-limits", ratioLimit: 2, seedSecondsLimit: 90, activeDownloads: 4 });
    expect(reply.text).toBe(
      "The limits are set: no limit down, no limit up, 4 downloads at once, and what is added is shared until its ratio is 2 or for 90 s.",
    );
    const limits = { downLimit: 0, upLimit: 0, activeDownloads: 4, ratioLimit: 2, seedSecondsLimit: 90 };
    expect(told).toEqual([limits]);
    expect(rowOf(on, await share(on, path))).toMatchObject({ ratioLimit: 2, seedSecondsLimit: 90 });
  });

  it("adds a transfer with limits of its own, and puts them on one that is there", async () => {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "own.bin");
    await writeFileOf(path, 100_000, "own");
    const reply = await ask(on, { method: "share", path, upBytesPerSecond: 7, ratioLimit: 3 });
    const target = reply.ok ? reply.infoHash! : "";
    expect(rowOf(on, target)).toMatchObject({ upLimitBytesPerSecond: 7, downLimitBytesPerSecond: 0, ratioLimit: 3 });
    await ask(on, { method: "download", target, downBytesPerSecond: 5, ratioLimit: null });
    expect(rowOf(on, target)).toMatchObject({ upLimitBytesPerSecond: 7, downLimitBytesPerSecond: 5, ratioLimit: null });
    expect(on.engine.upLimit.bytesPerSecond).toBe(0);
    const other = await startEngine();
    const download = {
      method: "download",
      target: await torrentFile(on, target as InfoHashHex),
      downBytesPerSecond: 9,
    };
    await ask(other, download as Command);
    expect(rowOf(other, target)).toMatchObject({ downLimitBytesPerSecond: 9, ratioLimit: null });
    expect(other.engine.book.get(target as InfoHashHex)!.transfer.downLimit.bytesPerSecond).toBe(9);
  });

  it("remembers a tracker only once it has answered", async () => {
    const told: unknown[] = [];
    const nobody = await freePort();
    const on = await startEngine({
      trackers: [{ host: "127.0.0.1", port: nobody }],
      rememberTracker: async (address) => void told.push(address.port),
    });
    const { port } = await startTracker();
    await ask(on, { method: "add-tracker", address: `127.0.0.1:${port}` });
    await until(on, ({ trackers }) => trackers.map(({ state }) => state).join() === "waiting,connected");
    expect(told).toEqual([port]);
  });

  it("connects to a tracker once", async () => {
    const on = await startEngine();
    const tracker = await startTracker();
    const address = `127.0.0.1:${tracker.port}`;
    expect((await ask(on, { method: "add-tracker", address })).text).toBe(
      `Connecting to the tracker ${address}, which is remembered once it answers.`,
    );
    expect((await ask(on, { method: "add-tracker", address })).text).toBe(`The tracker ${address} is known already.`);
    await until(on, ({ trackers }) => trackers.some(({ state }) => state === "connected"));
  });

  it("says how much of a shared folder is not in it", async () => {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "linked");
    await mkdir(path);
    await writeFile(join(path, "a"), "a");
    await symlink("a", join(path, "b"));
    const reply = await ask(on, { method: "share", path });
    expect(reply.text).toMatch(
      /^Sharing linked .* Not in it: entries that are links or no files \(1\)\. No tracker is set/,
    );
    expect((await ask(on, { method: "share", path })).text).toBe(reply.text);
  });

  it("says that nobody hears of what is shared, where no tracker is set", async () => {
    const on = await startEngine();
    const path = join(on.folder, "alone");
    await writeFile(path, "alone");
    const says = "No tracker is set, so nobody hears of it: --tracker HOST:PORT, or :tracker in the viewer, adds one.";
    expect((await ask(on, { method: "share", path })).text).toMatch(
      new RegExp(`^Sharing alone \\(.{40}\\)\\. ${says}$`),
    );
    const tracker = await startTracker();
    const known = await startEngine({ trackers: [{ host: "127.0.0.1", port: tracker.port }] });
    expect((await ask(known, { method: "share", path })).text).not.toContain(says);
  });

  it("says when another content is offered under the name of what is shared", async () => {
    const tracker = await startTracker();
    const on = await startEngine({ trackers: [{ host: "127.0.0.1", port: tracker.port }] });
    await until(on, ({ trackers }) => trackers.some(({ state }) => state === "connected"));
    const texts: string[] = [];
    for (const seed of ["one", "two"]) {
      const path = join(await temporaryFolder(), "same.bin");
      await writeFileOf(path, 50_000, seed);
      const reply = await ask(on, { method: "share", path });
      texts.push(reply.text);
      await until(on, ({ catalogue }) => catalogue.some(({ infoHash }) => reply.ok && infoHash === reply.infoHash));
    }
    expect(texts[0]).not.toContain("Another file");
    expect(texts[1]).toMatch(/Another file is offered under this name: it takes the info hash to tell them apart\.$/);
  });

  it("remembers trackers that it is told of, and forgets those it is to let go", async () => {
    const told: unknown[] = [];
    const on = await startEngine({ rememberTracker: async (address, wanted) => void told.push([address, wanted]) });
    const tracker = await startTracker();
    const address = `127.0.0.1:${tracker.port}`;
    const { bytes } = torrentOf("offered.bin");
    const holder = new RawClient(tracker.port);
    await holder.hello(1);
    await holder.publish(bytes);
    await ask(on, { method: "add-tracker", address });
    await until(on, ({ catalogue }) => catalogue.length === 1);
    expect((await ask(on, { method: "remove-tracker", address })).text).toBe(
      `Removed the tracker ${address}; what it offered is gone from the list.`,
    );
    await until(on, ({ catalogue, trackers }) => catalogue.length + trackers.length === 0);
    expect(await ask(on, { method: "remove-tracker", address })).toMatchObject({ ok: false, code: "not-found" });
    const parsed = { host: "127.0.0.1", port: tracker.port };
    expect(told).toEqual([
      [parsed, true],
      [parsed, false],
    ]);
  });

  it("says what hinders it to remember, and works all the same", async () => {
    const on = await startEngine({
      rememberTracker: () => Promise.reject(new StorageError("io", "/x", "/x cannot be written.")),
      rememberLimits: () => Promise.reject(new StorageError("io", "/x", "/x cannot be written.")),
    });
    const { port } = await startTracker();
    const problem = nextEvent(on, "problem");
    expect((await ask(on, { method: "add-tracker", address: `127.0.0.1:${port}` })).ok).toBe(true);
    expect((await problem).text).toBe(
      `The next start will not know the tracker 127.0.0.1:${port}: /x cannot be written.`,
    );
    const limits = await ask(on, { method: "set-limits", upBytesPerSecond: 1 });
    expect(limits.text).toMatch(/ The next start will not know: \/x cannot be written\.$/);
    await until(on, ({ trackers }) => trackers.some(({ state }) => state === "connected"));
  });

  it("completes paths: folders with / behind, hidden ones only when asked for, 100 at most", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "album"));
    await writeFile(join(folder, "alone.txt"), "");
    await writeFile(join(folder, ".hidden"), "");
    const on = await startEngine();
    const complete = async (prefix: string) => {
      const reply = await on.engine.send({ method: "complete-path", prefix });
      return reply.ok ? reply.paths : reply;
    };
    expect(await complete(join(folder, "al"))).toEqual([join(folder, "album/"), join(folder, "alone.txt")]);
    expect(await complete(`${folder}/`)).toHaveLength(2);
    expect(await complete(`${folder}/.`)).toEqual([join(folder, ".hidden")]);
    expect(await complete(join(folder, "nothing"))).toEqual([]);
    expect(await complete("/nowhere/at/all")).toEqual([]);
    expect(await complete("\0")).toEqual([]);
    await writeFile(join(folder, "escaped\u001b[31m"), "");
    await writeFile(Buffer.from(join(folder, "escaped\xff"), "latin1"), "");
    await writeFile(join(folder, "escaped and plain"), "");
    expect(await complete(join(folder, "esc"))).toEqual([join(folder, "escaped and plain")]);
    expect(await complete(join(folder, "escaped\u001b"))).toEqual([]);
    await Promise.all(Array.from({ length: 120 }, (_, i) => writeFile(join(folder, `many${i}`), "")));
    expect(await complete(join(folder, "many"))).toHaveLength(100);
  });

  it("to stop tells whoever runs the engine", async () => {
    let stopped = 0;
    const on = await startEngine({ onStop: () => stopped++ });
    expect((await ask(on, { method: "stop" })).ok).toBe(true);
    expect(stopped).toBe(1);
  });

  it("shares half of a torrent when it is told that half will do, and asks for nothing then", async () => {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "half.bin");
    await writeFileOf(path, 1_048_576, "half");
    const infoHash = await share(on, path);
    const target = await torrentFile(on, infoHash);
    const other = await startEngine();
    const folder = await temporaryFolder();
    await writeFileOf(join(folder, "half.bin"), 524_288, "half");
    expect((await ask(other, { method: "share", path: target, folder, partial: true })).ok).toBe(true);
    const { transfer } = other.engine.book.get(infoHash)!;
    expect([transfer.mode, transfer.swarm.states.held.count]).toEqual(["hold", 1]);
  });
});

describe("what a transfer goes by", () => {
  async function sharing(): Promise<{ on: TestEngine; infoHash: string }> {
    const on = await startEngine();
    const path = join(await temporaryFolder(), "file.bin");
    await writeFileOf(path, 100_000, "x");
    return { on, infoHash: await share(on, path) };
  }

  it("is changed one by one, and outlives the engine", async () => {
    const { on, infoHash } = await sharing();
    const first = await ask(on, { method: "set-transfer", infoHash, upBytesPerSecond: 5_000, ratioLimit: 2 });
    expect(first.text).toBe("file.bin: no limit down, up 5.0 kB/s, is shared until its ratio is 2.");
    await ask(on, { method: "set-transfer", infoHash, sequential: true, seedSecondsLimit: 60 });
    const set = { upLimitBytesPerSecond: 5_000, ratioLimit: 2, sequential: true, seedSecondsLimit: 60 };
    expect(rowOf(on, infoHash)).toMatchObject(set);
    await on.engine.close();
    const again = await startEngine({ home: on.home });
    expect(rowOf(again, infoHash)).toMatchObject(set);
    expect((await ask(again, { method: "set-transfer", infoHash, ratioLimit: null })).ok).toBe(true);
    expect(rowOf(again, infoHash)).toMatchObject({ ...set, ratioLimit: null });
  });

  it("ends its seeding with a line that says why", async () => {
    const { on, infoHash } = await sharing();
    await ask(on, { method: "set-transfer", infoHash, ratioLimit: 0 });
    await untilRow(on, infoHash, ({ state }) => state === "paused");
    expect(rowOf(on, infoHash)?.log.map(({ text }) => text)).toContain("paused: it reached its ratio of 0");
    const refused = await ask(on, { method: "resume", infoHash });
    expect(refused.text).toBe(
      "file.bin stays paused: it reached its ratio of 0. Set another limit, or none, and it goes on.",
    );
    await ask(on, { method: "set-transfer", infoHash, ratioLimit: null });
    expect(await ask(on, { method: "resume", infoHash })).toMatchObject({ ok: true });
    expect(on.engine.getSnapshot().broadcasts.at(-1)?.text).toBe("file.bin is paused: it reached its ratio of 0");
  });

  it("does not move what is whole", async () => {
    const { on, infoHash } = await sharing();
    const reply = await ask(on, { method: "move", infoHash, to: "top" });
    expect(reply).toMatchObject({ ok: false, text: "file.bin is whole: it waits for nothing." });
  });

  it("has its turn as soon as the one before it is here", async () => {
    const source = await startEngine();
    const on = await startEngine({ activeDownloads: 1 });
    const hashes: InfoHashHex[] = [];
    for (const name of ["one", "two"]) {
      const path = join(await temporaryFolder(), name);
      await writeFileOf(path, 100_000, name);
      hashes.push(await share(source, path));
    }
    const [one, two] = hashes as [InfoHashHex, InfoHashHex];
    await ask(on, { method: "download", target: await torrentFile(source, one) });
    await ask(on, { method: "download", target: await torrentFile(source, two) });
    const isQueued = nextEvent(on, "done").then(() => on.engine.book.get(two)!.transfer.isQueued);
    expect(on.engine.book.get(two)!.transfer.isQueued).toBe(true);
    await ask(on, { method: "download", target: one, peers: [source.address] });
    expect(await isQueued).toBe(false);
  });

  it("waits for its turn when so many download already, and can be moved to the front", async () => {
    const source = await startEngine();
    const on = await startEngine({ activeDownloads: 1 });
    const hashes: string[] = [];
    for (const name of ["one", "two", "three"]) {
      const path = join(await temporaryFolder(), name);
      await writeFileOf(path, 100_000, name);
      hashes.push(await share(source, path));
      const target = await torrentFile(source, hashes.at(-1) as never);
      await ask(on, { method: "download", target });
    }
    const [one, two, three] = hashes as [string, string, string];
    // Nobody is known who has the first: its turn is over when it finds nobody.
    expect([one, two, three].map((infoHash) => rowOf(on, infoHash)?.state)).toEqual(["waiting", "queued", "queued"]);
    const told = (infoHash: string) => rowOf(on, infoHash)?.log.map(({ text }) => text);
    expect([told(one), told(two)]).toEqual([["asks for pieces"], ["waits for its turn"]]);
    await ask(on, { method: "pause", infoHash: two });
    await ask(on, { method: "resume", infoHash: two });
    expect(told(two)).toEqual(["waits for its turn", "is paused", "waits for its turn"]);
    const moved = await ask(on, { method: "move", infoHash: three, to: "top" });
    expect(moved.text).toBe("three is download 1 of 3 now.");
    expect((await ask(on, { method: "move", infoHash: one, to: "down" })).text).toBe("one is download 3 of 3 now.");
  });

  it("is the one that is there when its torrent file is named again: it goes on, with what is said of it", async () => {
    const source = await startEngine();
    const infoHash = await share(source, await makeFolder("again"));
    const target = await torrentFile(source, infoHash);
    const on = await startEngine();
    await ask(on, { method: "download", target, files: [0] });
    await ask(on, { method: "pause", infoHash });
    expect(rowOf(on, infoHash)).toMatchObject({ state: "paused", upLimitBytesPerSecond: 0 });
    await ask(on, { method: "download", target, files: "all", upBytesPerSecond: 9 });
    const row = rowOf(on, infoHash)!;
    expect(row).toMatchObject({ state: "waiting", upLimitBytesPerSecond: 9, wantedBytes: row.length });
  });

  it("can be looked at before it is added", async () => {
    const { on, infoHash } = await sharing();
    const torrent = await torrentFile(on, infoHash as never);
    const other = await startEngine();
    const reply = await ask(other, { method: "inspect", target: torrent });
    expect(reply).toMatchObject({
      ok: true,
      torrent: { infoHash, name: "file.bin", length: 100_000, folder: other.folder, files: [{ path: "file.bin" }] },
    });
    for (const [folder, isNewFolder] of [
      [other.folder, false],
      [join(other.folder, "not", "there"), true],
    ] as const) {
      const asked = { method: "inspect", target: torrent, folder } as const;
      expect(await ask(other, asked)).toMatchObject({ torrent: { folder, isNewFolder } });
    }
    const crowded = await startEngine({ keptFreeBytes: 1e18 });
    expect(await ask(crowded, { method: "inspect", target: torrent })).toMatchObject({ torrent: { freeBytes: 0 } });
    expect(other.engine.getSnapshot().transfers).toEqual([]);
    expect(await ask(other, { method: "inspect", target: "nothing" })).toMatchObject({ ok: false, code: "not-found" });
  });

  it("of the web is fetched once, and what was seen is what is added", async () => {
    const { on, infoHash } = await sharing();
    const torrent = await readFile(await torrentFile(on, infoHash as never));
    let asked = 0;
    const server = createServer((request, response) => {
      asked++;
      if (request.url === "/moved") response.writeHead(302, { location: "/it.torrent?passkey=secret" }).end();
      else if (request.url === "/gone") response.writeHead(404).end("<html>no such page</html>");
      else if (request.url === "/long") response.end(Buffer.alloc(10_000_001));
      else response.end(request.url?.startsWith("/page") ? "<html>no such file</html>" : torrent);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const other = await startEngine();
    const seen = await ask(other, { method: "inspect", target: `http://${host}/moved` });
    expect(seen).toMatchObject({ ok: true, torrent: { infoHash, name: "file.bin" } });
    expect(await ask(other, { method: "download", target: infoHash })).toMatchObject({ ok: true, infoHash });
    expect(asked).toBe(2);
    const refused = async (path: string) => {
      const reply = await ask(other, { method: "inspect", target: `http://${host}${path}` });
      expect(reply).toMatchObject({ ok: false, code: "file-problem" });
      return reply.text;
    };
    expect(await refused("/page?passkey=secret")).toMatch(/^What 127\.0\.0\.1:\d+ gave is no torrent: /);
    expect(await refused("/gone")).toBe(`The torrent cannot be fetched: ${host} answers with the HTTP status 404.`);
    expect(await refused("/long")).toContain("sent more than 10000000 bytes");
    expect(await refused("/page?passkey=secret")).not.toContain("secret");
  });

  it("is one of the figures of the engine", async () => {
    const { on } = await sharing();
    const reply = await on.engine.send({ method: "doctor" });
    expect(reply).toMatchObject({ ok: true, doctor: { transfers: 1, port: on.engine.port, peers: 0 } });
  });
});
