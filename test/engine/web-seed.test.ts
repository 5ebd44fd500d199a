// Web servers in the place of peers, over real HTTP on loopback.
import { writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { metainfoOf } from "../../source/metainfo/from-info.ts";
import type { Metainfo } from "../../source/metainfo/metainfo.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { digestsOf } from "../helpers/files.ts";
import { makeTorrent, type TestTorrent } from "../storage/fixtures.ts";
import { hold, type Misbehaviour, serveRanges, status } from "./range-server.ts";
import { rowOf, startEngine, type TestEngine, torrentFile, untilRow } from "./support.ts";

const FILES = [
  { path: ["a b", "first.bin"], length: 300_001 },
  { path: ["empty"], length: 0 },
  { path: ["tiny"], length: 7 },
  { path: ["é.txt"], length: 700_000 },
];
const PATHS = ["/x/folder/a%20b/first.bin", "/x/folder/empty", "/x/folder/tiny", "/x/folder/%C3%A9.txt"];
const folder = makeTorrent(FILES, 65_536, "folder");
const single = makeTorrent([{ length: 1_000_000 }], 65_536, "one.bin");

/** The files of a torrent by these paths. */
function filesOf({ metainfo, data }: TestTorrent, paths: readonly string[]): Record<string, Uint8Array> {
  return Object.fromEntries(
    paths.map((path, i) => {
      const { offset, length } = metainfo.files[i]!;
      return [path, data.subarray(offset, offset + length)];
    }),
  );
}

async function torrentAt(on: TestEngine, metainfo: Metainfo, urls: readonly string[]): Promise<string> {
  const path = join(on.home, "named.torrent");
  await writeFile(path, metainfoOf(metainfo.infoBytes, [], urls).bytes);
  return path;
}

async function begin({ metainfo }: TestTorrent, urls: readonly string[]): Promise<TestEngine> {
  const on = await startEngine();
  const reply = await on.engine.send({ method: "download", target: await torrentAt(on, metainfo, urls), peers: [] });
  expect(reply).toMatchObject({ ok: true });
  return on;
}

const serveSingle = (misbehave?: Misbehaviour) => serveRanges({ "/one.bin": single.data }, misbehave);
const infoHashOf = ({ metainfo }: TestTorrent) => toHex(metainfo.infoHash);

async function expectWhole(on: TestEngine, torrent: TestTorrent): Promise<void> {
  await untilRow(on, infoHashOf(torrent), ({ state }) => state === "seeding");
  expect(rowOf(on, infoHashOf(torrent))).toMatchObject({ heldBytes: torrent.metainfo.length });
}

describe("a torrent that only a web server has", () => {
  it("comes whole when it is one file, in ranges of many blocks over two connections", async () => {
    const server = await serveSingle();
    const on = await begin(single, [`${server.url}/one.bin`]);
    await expectWhole(on, single);
    // Wherever it began, and what was left before that.
    expect(server.asked.length).toBeLessThan(single.layout.pieceCount / 2);
    expect(server.connections()).toBeLessThanOrEqual(2);
    expect(rowOf(on, infoHashOf(single))!.wastedBytes).toBe(0);
  });

  it("comes whole when it is a folder: names as URLs write them, empty files not asked for", async () => {
    const server = await serveRanges(filesOf(folder, PATHS));
    const on = await begin(folder, [`${server.url}/x`]);
    await expectWhole(on, folder);
    expect(new Set(server.asked.map(({ path }) => path))).toEqual(new Set([PATHS[0], PATHS[2], PATHS[3]]));
    const digests = await digestsOf(join(on.folder, "folder"));
    expect(Object.keys(digests).toSorted()).toEqual(["a b/first.bin", "empty", "tiny", "é.txt"].toSorted());
  });

  it("is shown as a peer that gives, and told of to nobody", async () => {
    const server = await serveSingle((_request, response) => hold(response));
    const on = await begin(single, [`${server.url}/`]);
    await untilRow(on, infoHashOf(single), ({ peers }) => peers.some(({ progress }) => progress === 1));
    const [peer] = rowOf(on, infoHashOf(single))!.peers;
    expect(peer).toMatchObject({ via: "web", client: "web server", address: new URL(server.url).host, progress: 1 });
    const asker = await startEngine();
    await asker.engine.send({
      method: "download",
      target: await torrentFile(on, infoHashOf(single)),
      peers: [on.address],
    });
    await untilRow(asker, infoHashOf(single), ({ peers }) => peers.some(({ via }) => via === "given"));
    expect(on.engine.book.get(infoHashOf(single))!.transfer.swarm.peers.size).toBe(2);
  });

  it("comes from those behind a redirect, which is followed once a file", async () => {
    const server = await serveSingle((request, response) => {
      if (request.url !== "/old") return false;
      response.writeHead(302, { Location: "/one.bin" }).end();
      return true;
    });
    await expectWhole(await begin(single, [`${server.url}/old`]), single);
    // Two may be asked for before the first answer.
    expect(server.asked.filter(({ path }) => path === "/old").length).toBeLessThanOrEqual(2);
  });
});

describe("while a check runs", () => {
  it("is let go without having failed, and asked at once when that is over", async () => {
    const server = await serveSingle((_request, response, asked) => asked === 1 && hold(response));
    const on = await begin(single, [`${server.url}/one.bin`]);
    await expect.poll(() => server.asked.length).toBe(1);
    await on.engine.book.get(infoHashOf(single))!.transfer.checks.run();
    await expectWhole(on, single);
    expect(rowOf(on, infoHashOf(single))!.log.map(({ text }) => text)).not.toContainEqual(
      expect.stringContaining("is asked again"),
    );
  });
});

describe("a web server that does not do as it should", () => {
  const cases: readonly (readonly [string, Misbehaviour])[] = [
    ["closes in the middle", (_request, response) => cutShort(response)],
    ["answers that it is busy", (_request, response) => status(response, 503)],
    ["answers with a page", (_request, response) => page(response)],
    ["compresses", (_request, response) => encoded(response)],
    ["gives another part than it was asked for", (_request, response) => otherPart(response)],
    ["sends more than it was asked for", (_request, response) => tooMuch(response)],
    ["redirects without end", (_request, response) => redirected(response, "/one.bin")],
    ["redirects to no web address", (_request, response) => redirected(response, "file:///etc/passwd")],
  ];

  test.each(cases)("%s: another one gives the torrent, and the log says why", async (_name, misbehave) => {
    const bad = await serveSingle(misbehave);
    const good = await serveSingle();
    // The good one is not found at once: the bad one is asked alone first.
    const on = await begin(single, [`${bad.url}/one.bin`]);
    await untilRow(on, infoHashOf(single), ({ log }) =>
      log.some(({ text }) => text.endsWith(`${bad.url} is asked again in 10 s`)),
    );
    expect(rowOf(on, infoHashOf(single))).toMatchObject({ heldPieces: 0, wastedBytes: 0 });
    const both = await begin(single, [`${bad.url}/one.bin`, `${good.url}/one.bin`]);
    await expectWhole(both, single);
  });

  it("is banned when its bytes are wrong, and what it spoiled comes from another", async () => {
    const spoiled = single.data.slice();
    spoiled[400_000]! ^= 1;
    const liar = await serveRanges({ "/one.bin": spoiled });
    const good = await serveSingle();
    const on = await begin(single, [`${liar.url}/one.bin`, `${good.url}/one.bin`]);
    await expectWhole(on, single);
  });

  it("lacks a file: the others come from it, and that one from elsewhere", async () => {
    const files = filesOf(folder, PATHS);
    const partial = await serveRanges({ [PATHS[0]!]: files[PATHS[0]!]!, [PATHS[3]!]: files[PATHS[3]!]! });
    const on = await begin(folder, [`${partial.url}/x`]);
    // All pieces but the one that the missing file lies in.
    await untilRow(on, infoHashOf(folder), ({ heldPieces, pieceCount }) => heldPieces === pieceCount - 1);
    expect(
      rowOf(on, infoHashOf(folder))!
        .log.map(({ text }) => text)
        .join(),
    ).toContain("does not have tiny");
    const whole = await begin(folder, [`${(await serveRanges(files)).url}/x`]);
    await expectWhole(whole, folder);
    const target = await torrentFile(on, infoHashOf(folder));
    await on.engine.send({ method: "download", target, peers: [whole.address] });
    await expectWhole(on, folder);
  });

  it("has a file of another length: that is not the torrent's, and not asked for again", async () => {
    const files = filesOf(folder, PATHS);
    const other = await serveRanges({ ...files, [PATHS[2]!]: new Uint8Array(8) });
    const on = await begin(folder, [`${other.url}/x/`]);
    await untilRow(on, infoHashOf(folder), ({ heldPieces, pieceCount }) => heldPieces === pieceCount - 1);
    expect(rowOf(on, infoHashOf(folder))!.wastedBytes).toBe(0);
  });
});

function page(response: ServerResponse): true {
  response.writeHead(200, { "Content-Type": "text/html", "Transfer-Encoding": "chunked" }).end("<html>Log in</html>");
  return true;
}

function encoded(response: ServerResponse): true {
  response.writeHead(206, { "Content-Encoding": "gzip", "Content-Range": "bytes 0-9/1000000" }).end("x".repeat(10));
  return true;
}

function otherPart(response: ServerResponse): true {
  response.writeHead(206, { "Content-Range": "bytes 1-10/1000000" }).end("x".repeat(10));
  return true;
}

function rangeOf(response: ServerResponse): { first: number; last: number } {
  const [, first, last] = /(\d+)-(\d+)/.exec(response.req.headers.range!)!.map(Number);
  return { first: first!, last: last! };
}

/** Behind all blocks that it was asked for, so that none of them is whole where it ends. */
function cutShort(response: ServerResponse): true {
  const { first, last } = rangeOf(response);
  response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/1000000`, "Content-Length": last - first + 1 });
  response.write("x".repeat(100), () => response.destroy());
  return true;
}

function tooMuch(response: ServerResponse): true {
  const { first, last } = rangeOf(response);
  const length = last - first + 1 + 1_000;
  response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/1000000`, "Content-Length": length });
  response.end(new Uint8Array(length));
  return true;
}

function redirected(response: ServerResponse, location: string): true {
  response.writeHead(302, { Location: location }).end();
  return true;
}
