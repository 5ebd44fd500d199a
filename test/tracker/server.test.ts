import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { decode } from "../../source/protocol/bencode.ts";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { idFromHex } from "../../source/protocol/ids.ts";
import { latin1 } from "../../source/protocol/bencode.ts";
import { percentEncode } from "../../source/protocol/tracker/http-announce.ts";
import { createTracker } from "../../tracker/server.ts";
import { RawClient, announce, get, peerIdOf, startTracker, temporaryFolder, torrentOf, welcomed } from "./support.ts";

const all = (pieceCount: number) => toBase64(fullBitfield(pieceCount));
const failure = (answer: ReadonlyMap<string, unknown>) =>
  String(Buffer.from(answer.get("failure reason") as Uint8Array));

test("a file can be downloaded when its pieces are all held, and no longer when a holder goes", async () => {
  const tracker = await startTracker();
  const [a, b] = [await welcomed(tracker, 1), await welcomed(tracker, 2)];
  const { bytes, infoHash } = torrentOf("film.mkv");
  expect(await a.publish(bytes)).toBe(infoHash);

  a.say({ type: "have", infoHash, pieces: toBase64(new Uint8Array([0b1100_0000])) });
  await b.next("changed", ({ entries }) => entries[0]?.availablePieces === 2);
  b.say({ type: "update", infoHash, gained: [2, 3], lost: [] });
  const available = await a.next("available");
  expect(available.entry).toMatchObject({ infoHash, name: "film.mkv", availablePieces: 4, holders: 2, seeds: 0 });

  b.socket.terminate();
  expect(await a.next("unavailable")).toMatchObject({
    infoHash,
    name: "film.mkv",
    why: "connection lost",
    peer: "127.0.0.1:7002",
  });
});

test("broadcasts are numbered without a gap, the same for everybody", async () => {
  const tracker = await startTracker();
  const [a, b] = [await welcomed(tracker, 1), new RawClient(tracker.port)];
  // From the first frame on: a broadcast may come in the same read as the welcome.
  const numbers: number[] = [];
  b.socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as { type: string; seq: number };
    if (message.type !== "welcome") numbers.push(message.seq);
  });
  const { seq } = await b.hello(2);
  const { bytes, infoHash } = torrentOf("x", 1);
  await a.publish(bytes);
  for (let i = 0; i < 20; i++) a.say({ type: "have", infoHash, pieces: i % 2 ? null : all(1) });
  await a.settled();
  tracker.notice("the end");
  const last = (await b.next("notice")).seq;
  expect((await a.next("notice")).seq).toBe(last);
  expect(last - seq).toBeGreaterThanOrEqual(21);
  expect(numbers.slice(0, last - seq)).toEqual(Array.from({ length: last - seq }, (_, i) => seq + 1 + i));
});

test("asking for holders names the others, their ports and their pieces", async () => {
  const tracker = await startTracker();
  const [a, b] = [await welcomed(tracker, 1), await welcomed(tracker, 2)];
  const { bytes, infoHash } = torrentOf("x", 9);
  await a.publish(bytes);
  b.say({ type: "holders", id: 1, infoHash });
  expect((await b.next("error")).code).toBe("no-holder");
  a.say({ type: "have", infoHash, pieces: all(9) });
  await a.settled();
  b.say({ type: "holders", id: 2, infoHash, piece: 8 });
  expect((await b.next("holders")).peers).toEqual([
    { peerId: peerIdOf(1), address: "127.0.0.1", port: 7001, pieces: all(9) },
  ]);
  a.say({ type: "holders", id: 3, infoHash });
  expect(await a.next("error")).toMatchObject({ re: 3, code: "no-holder" });
  a.say({ type: "peers", id: 4 });
  expect((await a.next("peers")).peers).toEqual([{ peerId: peerIdOf(2), address: "127.0.0.1", port: 7002 }]);
});

test("a torrent is given by info hash and by name, and twins in name stay apart", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  const [one, two] = [torrentOf("same", 2, 1), torrentOf("same", 2, 2)];
  await a.publish(one.bytes);
  a.say({ type: "torrent", id: 10, name: "same" });
  expect((await a.next("torrent")).torrent).toBe(toBase64(one.bytes));
  await a.publish(two.bytes);
  a.say({ type: "torrent", id: 11, name: "same" });
  expect((await a.next("error")).code).toBe("ambiguous");
  a.say({ type: "torrent", id: 12, infoHash: two.infoHash });
  expect((await a.next("torrent")).torrent).toBe(toBase64(two.bytes));
  a.say({ type: "torrent", id: 13, name: "other" });
  expect(await a.next("error")).toMatchObject({ re: 13, code: "not-found" });
});

test("an announcing seed makes a file available, and stopping takes it away", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 3);
  await a.publish(bytes);
  await announce(tracker, { infoHash, port: 6881 });
  expect((await a.next("available")).entry).toMatchObject({ holders: 1, seeds: 1, availablePieces: 3 });
  await announce(tracker, { infoHash, port: 6881 }, "&event=stopped");
  expect(await a.next("unavailable")).toMatchObject({ why: "stopped", peer: "127.0.0.1:6881" });
});

test("peers of the channel and of announces are one swarm", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 3);
  await a.publish(bytes);
  a.say({ type: "have", infoHash, pieces: all(3) });
  await a.settled();
  const answer = await announce(tracker, { infoHash, port: 6881, left: 10 }, "&compact=1");
  expect(answer.get("peers")).toEqual(new Uint8Array([127, 0, 0, 1, 7001 >> 8, 7001 & 0xff]));
  expect(answer.get("complete")).toBe(1);
  expect(answer.get("incomplete")).toBe(1);
  const plain = await announce(tracker, { infoHash, port: 6882, left: 10 }, "&compact=0");
  expect((plain.get("peers") as unknown[]).length).toBe(2);
  const none = await announce(tracker, { infoHash, port: 6882, left: 10 }, "&numwant=0");
  expect(none.get("peers")).toEqual(new Uint8Array());
});

test("one peer on both wires is counted once", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 3);
  await a.publish(bytes);
  await announce(tracker, { infoHash, port: 7001 });
  a.say({ type: "have", infoHash, pieces: all(3) });
  await a.settled();
  await announce(tracker, { infoHash, port: 7001 });
  const { entries } = JSON.parse(String((await get(tracker, "/catalogue.json")).body)) as { entries: object[] };
  expect(entries[0]).toMatchObject({ holders: 1, seeds: 1 });
});

test("an announcing peer that is silent too long is forgotten", async () => {
  let now = 0;
  const tracker = await startTracker({ now: () => now, timing: { announceIntervalMs: 100 } });
  const a = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 3);
  await a.publish(bytes);
  await announce(tracker, { infoHash, port: 6881 });
  now = 251;
  expect((await a.next("unavailable")).why).toBe("stopped announcing");
});

test("info hashes nobody published are refused, unless the tracker is open", async () => {
  const { infoHash } = torrentOf("x");
  expect(failure(await announce(await startTracker(), { infoHash, port: 1 }))).toContain("not published");
  expect((await announce(await startTracker({ open: true }), { infoHash, port: 1 })).get("interval")).toBe(300);
});

test("a wrong announce is told why", async () => {
  const tracker = await startTracker({ open: true });
  const { infoHash } = torrentOf("x");
  expect(failure(await announce(tracker, { infoHash, port: 0 }))).toContain("port");
  const answer = decode((await get(tracker, "/announce?info_hash=abc")).body) as ReadonlyMap<string, unknown>;
  expect(failure(answer)).toBe("info_hash: expected 20 bytes, received 3");
});

test("a scrape counts seeds, others and completed downloads", async () => {
  const tracker = await startTracker({ open: true });
  const { infoHash } = torrentOf("x");
  await announce(tracker, { infoHash, port: 1, left: 5 });
  await announce(tracker, { infoHash, port: 2 }, "&event=completed");
  const path = `/scrape?info_hash=${percentEncode(idFromHex(infoHash)!)}`;
  const files = (decode((await get(tracker, path)).body) as Map<string, Map<string, Map<string, number>>>).get("files");
  expect(Object.fromEntries(files!.get(latin1(idFromHex(infoHash)!))!)).toEqual({
    complete: 1,
    downloaded: 1,
    incomplete: 1,
  });
});

test("only those who know the token come in, on every wire", async () => {
  const tracker = await startTracker({ token: "s3cret ü", open: true });
  const { infoHash } = torrentOf("x");
  expect(failure(await announce(tracker, { infoHash, port: 1 }))).toContain("token");
  expect(failure(await announce(tracker, { infoHash, port: 1 }, "&token=s3cret"))).toContain("token");
  expect(
    (await announce(tracker, { infoHash, port: 1 }, `&token=${encodeURIComponent("s3cret ü")}`)).has("peers"),
  ).toBe(true);
  expect((await get(tracker, "/catalogue.json")).status).toBe(403);
  const stranger = new RawClient(tracker.port);
  await stranger.opened();
  stranger.say({ type: "hello", peerId: peerIdOf(1), port: 1, agent: "", token: "wrong" });
  expect((await stranger.next("error")).code).toBe("refused");
  expect(await stranger.closed).toEqual({ code: 1008, reason: "wrong token" });
  await new RawClient(tracker.port).hello(2, { token: "s3cret ü" });
});

test("metainfo outlives a restart, and a damaged file is set aside", async () => {
  const dir = await temporaryFolder();
  const [kept, damaged] = [torrentOf("kept"), torrentOf("damaged")];
  const first = await createTracker({ host: "127.0.0.1", port: 0, dir });
  const a = await welcomed(first, 1);
  await a.publish(kept.bytes);
  await a.publish(damaged.bytes);
  await first.close();
  expect(await a.closed).toEqual({ code: 1001, reason: "the tracker stops" });
  await writeFile(join(dir, `${damaged.infoHash}.torrent`), "d4:infod");
  await writeFile(join(dir, `${damaged.infoHash}.0000.tmp`), "half");

  const warnings: string[] = [];
  const second = await startTracker({
    dir,
    log: (level, message) => void (level === "warn" && warnings.push(message)),
  });
  const b = new RawClient(second.port);
  expect((await b.hello(2)).catalogue).toMatchObject([{ infoHash: kept.infoHash, holders: 0, availablePieces: 0 }]);
  b.say({ type: "torrent", id: 5, infoHash: kept.infoHash });
  expect((await b.next("torrent")).torrent).toBe(toBase64(kept.bytes));
  expect(warnings).toEqual([expect.stringContaining("is damaged")]);
  expect((await readdir(dir)).toSorted()).toEqual(
    [`${kept.infoHash}.torrent`, `${damaged.infoHash}.torrent.damaged`].toSorted(),
  );
  expect(await readFile(join(dir, `${kept.infoHash}.torrent`))).toEqual(Buffer.from(kept.bytes));
});

test("a folder that cannot be made stops the start", async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, "file"), "");
  await mkdir(join(dir, "folder"));
  await expect(createTracker({ host: "127.0.0.1", port: 0, dir: join(dir, "file") })).rejects.toThrow(/EEXIST|ENOTDIR/);
});

test("who comes back hears what it missed, or the catalogue when that is too much or of another run", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  const b = new RawClient(tracker.port);
  const { epoch } = await b.hello(2);
  tracker.notice("one");
  const { seq } = await b.next("notice");
  b.socket.terminate();
  tracker.notice("two");
  await a.next("notice", ({ text }) => text === "two");

  const c = new RawClient(tracker.port);
  expect((await c.hello(2, { resume: seq, epoch })).catalogue).toBeUndefined();
  expect((await c.next("notice")).text).toBe("two");
  expect((await new RawClient(tracker.port).hello(3, { resume: seq, epoch: "another" })).catalogue).toEqual([]);
  expect((await new RawClient(tracker.port).hello(4, { resume: seq + 1000, epoch })).catalogue).toEqual([]);
});

test("a large catalogue comes in pages", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  for (let i = 0; i < 70; i++) await a.publish(torrentOf(`file ${i}`, 1).bytes);
  const b = new RawClient(tracker.port);
  const { catalogue, more } = await b.hello(2);
  const names = catalogue!.map(({ name }) => name);
  expect(more).toBe(true);
  for (let page = await b.next("catalogue"); ; page = await b.next("catalogue")) {
    names.push(...page.entries.map(({ name }) => name));
    if (!page.more) break;
  }
  expect(names).toEqual(Array.from({ length: 70 }, (_, i) => `file ${i}`));
});

test("a client that does not read is cut, and the others hear of it", async () => {
  const tracker = await startTracker();
  const [a, deaf] = [await welcomed(tracker, 1), await welcomed(tracker, 2)];
  const { bytes, infoHash } = torrentOf("x", 1);
  await a.publish(bytes);
  deaf.say({ type: "have", infoHash, pieces: all(1) });
  await a.next("available");
  deaf.socket.pause();
  const gone = a.next("unavailable");
  // More than the sockets' buffers hold: 256 KiB must then wait in the tracker itself.
  for (let i = 0; i < 200; i++) {
    for (let k = 0; k < 100; k++) tracker.notice("x".repeat(1000));
    await new Promise(setImmediate);
  }
  deaf.socket.terminate();
  expect((await gone).why).toBe("did not read");
});

test("silence ends a connection", async () => {
  const tracker = await startTracker({ timing: { helloMs: 20 } });
  expect(await new RawClient(tracker.port).closed).toEqual({ code: 1008, reason: "no hello in time" });
  const a = await welcomed(await startTracker({ timing: { pingMs: 5, silentMs: 50 } }), 1);
  a.socket.pong = () => undefined;
  expect((await a.closed).code).toBe(1006);
});

test("a tracker that was suspended itself holds it against nobody", async () => {
  let now = 0;
  const a = await welcomed(await startTracker({ now: () => now, timing: { pingMs: 5 } }), 1);
  now = 200_000;
  await new Promise((pinged) => a.socket.once("ping", pinged));
  await a.settled();
  expect(a.socket.readyState).toBe(WebSocket.OPEN);
});

test.for([
  ["not JSON", "{", "frame is not JSON"],
  ["no object", "[]", "frame is not an object with a type"],
  ["a port above all", { type: "hello", peerId: peerIdOf(1), port: 65_536, agent: "" }, "hello: port: "],
  ["an id that is none", { type: "hello", peerId: "xyz", port: 1, agent: "" }, "hello: peerId: "],
  ["a request before hello", { type: "peers", id: 1 }, "hello must come first"],
  ["a frame too large", { type: "peers", id: 1, x: "x".repeat(65_536) }, "frame of 65"],
] as const)("%s ends the connection with the reason", async ([, frame, reason]) => {
  const client = await new RawClient((await startTracker()).port).opened();
  client.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  const closed = await client.closed;
  expect(closed.code).toBe(1008);
  expect(closed.reason).toContain(reason);
});

test.for([
  ["a bitfield too short", { pieces: "" }],
  ["a bitfield with spare bits", { pieces: toBase64(new Uint8Array([0xff])) }],
  ["a bitfield that is not base64", { pieces: "*" }],
])("%s ends the connection", async ([, message]) => {
  const a = await welcomed(await startTracker(), 1);
  const { bytes, infoHash } = torrentOf("x", 4);
  await a.publish(bytes);
  a.say({ type: "have", infoHash, ...(message as object) });
  expect((await a.closed).code).toBe(1008);
});

test("a wrong request is answered, and the connection goes on", async () => {
  const a = await welcomed(await startTracker(), 1);
  a.say({ type: "publish", id: 1, torrent: toBase64(new Uint8Array([1, 2, 3])) });
  expect(await a.next("error")).toMatchObject({ re: 1, code: "bad-torrent" });
  const { bytes, infoHash } = torrentOf("x", 4);
  a.say({ type: "have", infoHash, pieces: all(4) });
  expect(await a.next("error")).toMatchObject({ code: "not-published", infoHash });
  await a.publish(bytes);
  a.say({ type: "update", infoHash, gained: [4], lost: [] });
  expect(await a.next("error")).toMatchObject({ code: "refused", text: "there is no piece 4, only 4" });
  a.say({ type: "something of tomorrow" });
  await a.settled();
});

test("a client that asks and does not read is not read either, and answered when it does", async () => {
  const tracker = await startTracker({ timing: { gatherMs: 60_000 } });
  const a = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 50_000);
  await a.publish(bytes);
  a.socket.pause();
  for (let id = 100; id < 130; id++) a.say({ type: "torrent", id, infoHash });
  const b = await welcomed(tracker, 2);
  await b.settled();
  a.socket.resume();
  await a.next("torrent", ({ re }) => re === 129);
});

test("a client that says port 0 only looks: it is no peer, holds nothing and publishes nothing", async () => {
  const tracker = await startTracker();
  const [a, viewer] = [await welcomed(tracker, 1), new RawClient(tracker.port)];
  expect((await viewer.hello(2, { port: 0 })).peers).toBe(1);
  const { bytes, infoHash } = torrentOf("x", 1);
  await a.publish(bytes);
  viewer.say({ type: "have", infoHash, pieces: all(1) });
  expect(await viewer.next("error")).toMatchObject({ code: "refused" });
  viewer.say({ type: "publish", id: 1, torrent: toBase64(torrentOf("y").bytes) });
  expect(await viewer.next("error")).toMatchObject({ re: 1, code: "refused" });
  a.say({ type: "have", infoHash, pieces: all(1) });
  expect((await viewer.next("available")).entry).toMatchObject({ infoHash, holders: 1 });
  viewer.say({ type: "holders", id: 2, infoHash });
  expect((await viewer.next("holders")).peers).toHaveLength(1);
  a.say({ type: "peers", id: 3 });
  expect((await a.next("peers")).peers).toEqual([]);
});

test("a page of another site may not speak for its reader, the tracker's own may", async () => {
  const tracker = await startTracker();
  const from = (origin: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${tracker.port}/swarm`, ["sta.1"], { origin });
    onTestFinished(() => socket.terminate());
    return new Promise<string>((resolve) => {
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });
  };
  expect(await from("http://evil.example")).toContain("403");
  expect(await from("null")).toContain("403");
  expect(await from(`http://127.0.0.1:${tracker.port}`)).toBe("open");
});

test("whoever publishes a name that others have hears how many", async () => {
  const a = await welcomed(await startTracker(), 1);
  const published = async (id: number, salt: number) => {
    a.say({ type: "publish", id, torrent: toBase64(torrentOf("same", 2, salt).bytes) });
    return (await a.next("published")).twins;
  };
  expect([await published(1, 1), await published(2, 2), await published(3, 3), await published(4, 3)]).toEqual([
    undefined,
    1,
    2,
    2,
  ]);
});

test("a proxy that is not believed is told of in the log, once", async () => {
  const lines: string[] = [];
  const proxied = { "X-Forwarded-For": "203.0.113.7" };
  const log = (_: string, message: string) => void lines.push(message);
  for (const trustProxy of [undefined, []]) {
    const tracker = await startTracker({ trustProxy, log });
    for (let n = 0; n < 2; n++) await new RawClient(tracker.port, undefined, proxied).hello(n);
  }
  expect(lines.filter((line) => line.includes("--trust-proxy"))).toHaveLength(1);
});

test("whoever does not speak the subprotocol is refused", async () => {
  const tracker = await startTracker();
  expect((await new RawClient(tracker.port, ["other"]).closed).code).toBe(1006);
});

test("the other paths answer", async () => {
  const tracker = await startTracker();
  expect(await get(tracker, "/health")).toMatchObject({ status: 200 });
  expect(String((await get(tracker, "/metrics")).body)).toContain("sta_tracker_torrents 0\n");
  expect((await get(tracker, "/other")).status).toBe(404);
  expect((await get(tracker, "/announce", "POST")).status).toBe(405);
});

test("a header that never ends, or is too large, ends its connection", async () => {
  const tracker = await startTracker();
  const socket = connect(tracker.port, "127.0.0.1");
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (data) => (text += String(data)));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
  socket.write(`GET /${"x".repeat(10_000)} HTTP/1.1\r\n\r\n`);
  expect(await answer).toContain("431");
});

test("when many leave at once, everybody else hears of each", async () => {
  const tracker = await startTracker();
  const watcher = await welcomed(tracker, 1);
  const clients = await Promise.all(Array.from({ length: 60 }, (_, i) => welcomed(tracker, 2 + i)));
  for (const [i, client] of clients.entries()) {
    const { bytes, infoHash } = torrentOf(`file ${i}`, 1);
    await client.publish(bytes);
    client.say({ type: "have", infoHash, pieces: all(1) });
    await client.settled();
  }
  for (const client of clients) client.socket.terminate();
  const names = new Set<string>();
  while (names.size < 60) names.add((await watcher.next("unavailable")).name);
  await watcher.next("changed", ({ peers }) => peers === 1);
});

test("peers of IPv6 and IPv4 are told apart on one port", async () => {
  const tracker = await startTracker({ host: "::", open: true });
  const { infoHash } = torrentOf("x");
  const over = (host: string) => ({ ...tracker, host });
  await announce(over("::1"), { infoHash, port: 1 });
  await announce(over("127.0.0.1"), { infoHash, port: 2 });
  const answer = await announce(over("127.0.0.1"), { infoHash, port: 3 });
  expect(answer.get("peers")).toEqual(new Uint8Array([127, 0, 0, 1, 0, 2]));
  expect(answer.get("peers6")).toEqual(new Uint8Array([...new Uint8Array(15), 1, 0, 1]));
});
