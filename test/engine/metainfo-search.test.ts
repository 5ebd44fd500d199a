import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { METAINFO_AGAIN_MS, METAINFO_GUESTS } from "../../source/engine/limits.ts";
import { MetainfoSearch } from "../../source/engine/metainfo-search.ts";
import { idFromHex, type InfoHashHex, toInfoHash } from "../../source/protocol/ids.ts";
import { PeerConnection } from "../../source/protocol/peer/connection.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { handshakeFor, makeFolder, RawPeer, nextEvent, peerIdOf, rowOf, share, startEngine } from "./support.ts";

test("a magnet link downloads from a peer that it names", async () => {
  const source = await startEngine();
  const path = join(await temporaryFolder(), "file.bin");
  await writeFileOf(path, 3_000_000, "magnet");
  const infoHash = await share(source, path);
  const on = await startEngine();
  const done = nextEvent(on, "done");
  const target = `magnet:?xt=urn:btih:${infoHash}&dn=whatever&x.pe=${source.address}`;
  expect(await on.engine.send({ method: "inspect", target })).toMatchObject({ torrent: { name: "file.bin" } });
  expect(await on.engine.send({ method: "download", target })).toMatchObject({ ok: true, infoHash });
  await done;
  expect(await digestOf(join(on.folder, "file.bin"))).toBe(await digestOf(path));
});

test("a magnet link chooses files, unless the person does", async () => {
  const source = await startEngine();
  const infoHash = await share(source, await makeFolder("chosen"));
  const target = `magnet:?xt=urn:btih:${infoHash}&so=1,3-9&x.pe=${source.address}`;
  const on = await startEngine();
  const seen = await on.engine.send({ method: "inspect", target });
  expect(seen).toMatchObject({ torrent: { files: [{ off: true }, { path: "b.txt" }, { off: true }, { index: 3 }] } });
  const priorities = ({ engine }: typeof on) => engine.getSnapshot().transfers[0]!.files.map((file) => file.priority);
  const reply = await on.engine.send({ method: "download", target });
  expect(reply.text).toBe(`Downloading music to ${on.folder}: 2 of its 4 files, as the link says.`);
  expect(priorities(on)).toEqual(["off", "normal", "off", "normal"]);
  // What is here already stays as it was chosen.
  await on.engine.send({ method: "download", target: target.replace("so=1,3-9", "so=0") });
  expect(priorities(on)).toEqual(["off", "normal", "off", "normal"]);
  const other = await startEngine();
  await other.engine.send({ method: "download", target, files: [0] });
  expect(priorities(other)).toEqual(["normal", "off", "off", "off"]);
});

test("a magnet link that chooses nothing that is there means all", async () => {
  const source = await startEngine();
  const infoHash = await share(source, await makeFolder("all"));
  const target = `magnet:?xt=urn:btih:${infoHash}&so=4-4294967295&x.pe=${source.address}`;
  const on = await startEngine();
  await on.engine.send({ method: "download", target });
  expect(rowOf(on, infoHash)!.files.map(({ priority }) => priority)).toEqual(Array(4).fill("normal"));
});

test("an info hash is enough with a peer that has it, of a folder whose dictionary has many parts too", async () => {
  const source = await startEngine();
  const infoHash = await share(source, await makeFolder("magnet"));
  const on = await startEngine();
  const done = nextEvent(on, "done");
  const reply = await on.engine.send({ method: "download", target: infoHash, peers: [source.address] });
  expect(reply).toMatchObject({ ok: true, infoHash });
  await done;
});

test("a peer that lies about it is passed over", async () => {
  const source = await startEngine();
  const path = join(await temporaryFolder(), "file.bin");
  await writeFileOf(path, 100_000, "liar");
  const infoHash = await share(source, path);
  const liar = await startLiar(infoHash);
  const on = await startEngine();
  const peers = [liar, source.address];
  expect(await on.engine.send({ method: "download", target: infoHash, peers })).toMatchObject({ ok: true, infoHash });
});

test("rtorrent, which forgets what is asked before it has answered, is asked for one part after the other", async () => {
  const waiting: number[] = [];
  const asked = Promise.withResolvers<void>();
  const rtorrent = await startPeer(
    "5".repeat(40),
    { metadataBytes: 40_000, client: "libTorrent 0.13.8" },
    (part, give) => {
      waiting.push(part);
      setImmediate(() => {
        expect(waiting.splice(0)).toEqual([part]);
        if (part === 2) asked.resolve();
        give(new Uint8Array(Math.min(16_384, 40_000 - part * 16_384)));
      });
    },
  );
  const on = await startEngine();
  void on.engine.send({ method: "download", target: "5".repeat(40), peers: [rtorrent] });
  await asked.promise;
});

test("a peer that tells nothing is asked again, until the search is over", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const dialled: string[] = [];
  const search = new MetainfoSearch({
    connections: { port: 1, dialFor: (address, _, __, failed) => void (dialled.push(address.host), failed()) },
    peerId: peerIdOf("seeker"),
    client: "test",
    dht: undefined,
    lan: undefined,
  });
  const over = new AbortController();
  const peers = [{ host: "192.0.2.1", port: 1 }];
  const infoHash = toInfoHash(new Uint8Array(20));
  const found = search.find({ infoHash, trackers: [], peers, dht: false, signal: over.signal });
  expect(dialled).toHaveLength(1);
  vi.advanceTimersByTime(METAINFO_AGAIN_MS - 1);
  expect(dialled).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(dialled).toHaveLength(2);
  over.abort();
  expect(await found).toBeUndefined();
  vi.advanceTimersByTime(METAINFO_AGAIN_MS);
  expect(dialled).toHaveLength(2);
});

test("who comes for what is looked for is asked, if it can tell; for what is not, it is turned away", async () => {
  const on = await startEngine();
  const infoHash = "7".repeat(40) as InfoHashHex;
  const early = new RawPeer(on.engine.port);
  early.say(handshakeFor(infoHash));
  await early.closed;
  expect(early.received).toHaveLength(0);
  void on.engine.send({ method: "download", target: `magnet:?xt=urn:btih:${infoHash}` });
  const came = new RawPeer(on.engine.port);
  came.say(handshakeFor(infoHash));
  const handshake = await came.heard(69);
  expect(Buffer.from(handshake.subarray(28, 48)).toString("hex")).toBe(infoHash);
  const mute = new RawPeer(on.engine.port);
  mute.say(handshakeFor(infoHash).with(25, 0));
  await mute.closed;
  expect(mute.received).toHaveLength(0);
  const many = Array.from({ length: METAINFO_GUESTS }, () => new RawPeer(on.engine.port));
  for (const peer of many) peer.say(handshakeFor(infoHash));
  const turnedAway = await Promise.race(many.map((peer) => peer.closed.then(() => peer)));
  expect(turnedAway.received).toHaveLength(0);
  expect(came.socket.closed).toBe(false);
});

test("an engine that stops looks no further", async () => {
  const on = await startEngine();
  const target = `magnet:?xt=urn:btih:${"5".repeat(40)}&x.pe=127.0.0.1:1`;
  const reply = on.engine.send({ method: "download", target });
  await on.engine.close();
  expect(await reply).toMatchObject({ ok: false });
});

/** A peer that says the right hash and gives another dictionary; its host:port. */
function startLiar(infoHash: string): Promise<string> {
  const lie = new TextEncoder().encode("d4:name5:othere");
  return startPeer(infoHash, { metadataBytes: lie.length }, (_part, give) => give(lie));
}

/** A peer that has the torrent, and hears for which part of its dictionary it is asked; its host:port. */
async function startPeer(
  infoHash: string,
  said: { metadataBytes: number; client?: string },
  asked: (part: number, give: (data: Uint8Array) => void) => void,
): Promise<string> {
  const server = createServer((socket) => {
    const wire = new PeerConnection();
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Uint8Array) => {
      wire.receive(chunk, (message) => {
        if (message.type === "handshake") {
          wire.bindWithoutMetainfo();
          const hash = toInfoHash(idFromHex(infoHash)!);
          const peerId = peerIdOf("liar");
          socket.write(
            wire.send({ type: "handshake", infoHash: hash, peerId, fast: false, extended: true, dht: false }),
          );
          const handshake = { extensions: new Map([["ut_metadata", 2]]), ...said };
          socket.write(wire.send({ type: "extended-handshake", handshake }));
        } else if (message.type === "ut-metadata" && message.message.type === "request") {
          const { part } = message.message;
          asked(part, (data) => {
            const answer = { type: "data", part, totalBytes: said.metadataBytes, data } as const;
            socket.write(wire.send({ type: "ut-metadata", message: answer }));
          });
        }
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
