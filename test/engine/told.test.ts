// What an engine tells of itself is so: to the trackers, in its alerts, right after a command.
import { rename, rm, writeFile } from "node:fs/promises";
import { createServer as createWeb } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { encodeAnnounceResponse, parseAnnounceQuery } from "../../source/protocol/tracker/http-announce.ts";
import { createTorrent } from "../../source/storage/hash-files.ts";
import { writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { startTracker } from "../tracker/support.ts";
import { rowOf, share, startEngine, torrentFile, until, untilRow } from "./support.ts";

it("what is paused is not offered to the swarm, and what goes on is offered again", async () => {
  const tracker = await startTracker();
  const trackers = [{ host: "127.0.0.1", port: tracker.port }];
  const giver = await startEngine({ trackers });
  const looker = await startEngine({ trackers });
  await until(giver, ({ trackers: [status] }) => status?.state === "connected");
  await writeFileOf(join(giver.folder, "one.bin"), 100_000, "told");
  const infoHash = await share(giver, join(giver.folder, "one.bin"));
  const isOffered = (offered: boolean) =>
    until(looker, ({ catalogue: [row] }) => row !== undefined && row.holders === (offered ? 1 : 0));
  await isOffered(true);
  await giver.engine.send({ method: "pause", infoHash });
  await isOffered(false);
  await giver.engine.send({ method: "resume", infoHash });
  await isOffered(true);
});

/** A torrent of `files` that names an HTTP tracker, and what that tracker is told. */
async function announced(files: Record<string, number>) {
  const events: (string | undefined)[] = [];
  let heard = () => undefined as void;
  const server = createWeb((request, response) => {
    events.push(parseAnnounceQuery(request.url!.split("?")[1]!).event);
    response.end(encodeAnnounceResponse({ interval: 1_800, peers: [] }, true));
    heard();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const folder = join(await temporaryFolder(), "content");
  for (const [name, bytes] of Object.entries(files)) await writeFileOf(join(folder, name), bytes, name);
  const { metainfo } = await createTorrent(folder, {
    signal: new AbortController().signal,
    createdBy: "told",
    announce: [[`http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`]],
  });
  const torrent = join(folder, "..", "content.torrent");
  await writeFile(torrent, metainfo.bytes);
  const told = async (...wanted: readonly string[]) => {
    while (events.length < wanted.length) await new Promise<void>((resolve) => (heard = resolve));
    expect(events).toEqual(wanted);
  };
  return { torrent, folder: join(folder, ".."), told };
}

it("what is paused has left its trackers, and is back there when it goes on, also after a restart", async () => {
  const { torrent, folder, told } = await announced({ one: 100_000 });
  const on = await startEngine();
  const reply = await on.engine.send({ method: "share", path: torrent, folder });
  const infoHash = reply.ok ? reply.infoHash! : "";
  await told("started");
  await on.engine.send({ method: "pause", infoHash });
  await on.engine.send({ method: "resume", infoHash });
  await told("started", "stopped", "started");
  await on.engine.send({ method: "pause", infoHash });
  await told("started", "stopped", "started", "stopped");
  await on.engine.close();
  const again = await startEngine({ home: on.home });
  expect(rowOf(again, infoHash)?.trackers).toMatchObject([{ state: "unused" }]);
  await again.engine.send({ method: "resume", infoHash });
  await told("started", "stopped", "started", "stopped", "started");
});

it("what became of an announce is in the row, though nothing moves", async () => {
  const on = await startEngine();
  await writeFileOf(join(on.folder, "alone.bin"), 20_000, "told");
  const { metainfo } = await createTorrent(join(on.folder, "alone.bin"), {
    signal: new AbortController().signal,
    createdBy: "told",
    announce: [["udp://127.0.0.1:0/announce"]],
  });
  const path = join(on.home, "alone.torrent");
  await writeFile(path, metainfo.bytes);
  const reply = await on.engine.send({ method: "download", target: path, folder: await temporaryFolder() });
  await untilRow(on, reply.ok ? reply.infoHash! : "", ({ trackers }) => trackers[0]?.state === "failing");
});

it("a port that a person named and another program has is an alert that names the one in its place", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const { engine } = await startEngine({ port, isPortNamed: true });
  expect(engine.getSnapshot().engine.alerts).toEqual([
    `Port ${port} is in use by another program: peers are taken on port ${engine.port}.`,
  ]);
  const usual = await startEngine({ port });
  expect(usual.engine.port).not.toBe(port);
  expect(usual.engine.getSnapshot().engine.alerts).toEqual([]);
});

it("what a command did is in the snapshot behind it, also while somebody looks on", async () => {
  const on = await startEngine();
  await writeFileOf(join(on.folder, "one.bin"), 100_000, "told");
  on.engine.subscribe(() => undefined);
  on.engine.getSnapshot();
  const infoHash = await share(on, join(on.folder, "one.bin"));
  expect(rowOf(on, infoHash)?.state).toBe("seeding");
});

it("a tracker that cannot keep what is shared is named, and sharing goes on", async () => {
  const dir = await temporaryFolder();
  const tracker = await startTracker({ dir });
  const on = await startEngine({ trackers: [{ host: "127.0.0.1", port: tracker.port }] });
  await until(on, ({ trackers: [status] }) => status?.state === "connected");
  await rm(dir, { recursive: true });
  await writeFileOf(join(on.folder, "one.bin"), 100_000, "told");
  const reply = await on.engine.send({ method: "share", path: join(on.folder, "one.bin") });
  expect(reply).toMatchObject({ ok: true });
  expect(reply.text).toMatch(/^Sharing one\.bin .* The tracker 127\.0\.0\.1:[0-9]+ did not take it: ./);
  expect(on.events).toContainEqual({ event: "problem", text: expect.stringContaining("did not take it") });
});

it("a tracker that takes a torrent and never says so keeps nobody from sharing it", async () => {
  const published = Promise.withResolvers<void>();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sta.1" });
  server.on("connection", (socket) =>
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === "publish") published.resolve();
      if (type !== "hello") return;
      const limits = { messagesPerSecond: 10, frame: 65_536 };
      const you = { address: "127.0.0.1", port: 1 };
      socket.send(
        JSON.stringify({ type: "welcome", seq: 0, epoch: "e", you, peers: 1, catalogue: [], more: false, limits }),
      );
    }),
  );
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const trackers = [{ host: "127.0.0.1", port: (server.address() as AddressInfo).port }];
  const on = await startEngine({ trackers });
  await until(on, ({ trackers: [status] }) => status?.state === "connected");
  await writeFileOf(join(on.folder, "one.bin"), 100_000, "told");
  const reply = on.engine.send({ method: "share", path: join(on.folder, "one.bin") });
  await until(on, ({ transfers: [row] }) => row?.state === "seeding");
  await published.promise;
  await on.engine.close();
  expect(await reply).toMatchObject({ ok: true });
});

it("hashing of what was to be shared ends with the engine", async () => {
  const on = await startEngine();
  await writeFileOf(join(on.folder, "large.bin"), 64_000_000, "told");
  const reply = on.engine.send({ method: "share", path: join(on.folder, "large.bin") });
  await on.engine.close();
  expect(await reply).toMatchObject({ ok: false, code: "engine-gone" });
});

it("data that is gone altogether, as with a disk that was unmounted, is not taken for lost", async () => {
  const seeder = await startEngine();
  const leecher = await startEngine();
  const path = join(seeder.folder, "one.bin");
  await writeFileOf(path, 3_000_000, "told");
  const infoHash = await share(seeder, path);
  // Not a byte of it was read yet, so no file is open.
  await rename(path, `${path}.away`);
  const peers = [seeder.address];
  const target = await torrentFile(seeder, infoHash);
  await leecher.engine.send({ method: "download", target, peers });
  await untilRow(seeder, infoHash, ({ state }) => state === "error");
  expect(rowOf(seeder, infoHash)?.heldPieces).toBe(rowOf(seeder, infoHash)?.pieceCount);
});

it("trackers count a download as completed once all of it is here, not what was chosen of it", async () => {
  const { torrent, folder, told } = await announced({ one: 100_000, two: 3_000_000 });
  const seeder = await startEngine();
  await seeder.engine.send({ method: "share", path: torrent, folder });
  await told("started");
  const leecher = await startEngine();
  const download = (files: number[] | "all") =>
    leecher.engine.send({ method: "download", target: torrent, peers: [seeder.address], files });
  const reply = await download([0]);
  const infoHash = reply.ok ? reply.infoHash! : "";
  await untilRow(leecher, infoHash, ({ state }) => state === "seeding");
  await told("started", "started");
  await download("all");
  await told("started", "started", "completed");
  expect(rowOf(leecher, infoHash)?.heldPieces).toBe(rowOf(leecher, infoHash)?.pieceCount);
  await leecher.engine.close();
  await told("started", "started", "completed", "stopped");
});
