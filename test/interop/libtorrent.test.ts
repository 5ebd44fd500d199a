// libtorrent and sta, byte for byte.
import { expect, test } from "vitest";
import { Lab } from "../helpers/processes.ts";
import { testBothWays, expectSame, leechWithSta, seedWithSta } from "./both-ways.ts";
import { type Content, makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { libtorrent, startLibtorrent } from "./libtorrent.ts";

const magnetOf = ({ infoHash }: Content) => `magnet:?xt=urn:btih:${infoHash}`;

describeClient(libtorrent, () => {
  testBothWays(libtorrent);

  test.for([
    ["small-pieces.bin", 16_384],
    ["large-pieces.bin", 1_048_576],
  ] as const)("it makes the same torrent of %s as sta create", async ([name, pieceLength], { onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const { folder, infoHash } = await makeContent(lab, name);
    const made = startLibtorrent(lab, ["make", `${folder}/${name}`, lab.path("theirs"), String(pieceLength)]);
    expect((await made.json("created")).infoHash).toBe(infoHash);
  });

  test("sta downloads a folder from a torrent that it made", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const torrent = lab.path("theirs.torrent");
    await startLibtorrent(lab, ["make", `${content.folder}/${content.name}`, torrent, "32768"]).json("created");
    const seeder = await libtorrent.seed(lab, torrent, content.folder);
    const flags = ["--peer", `127.0.0.1:${seeder.port}`];
    await leechWithSta(lab, { ...content, torrent }, lab.path("down"), ...flags).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("a torrent for both versions, with padding between its files, goes both ways", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const torrent = lab.path("hybrid.torrent");
    await startLibtorrent(lab, ["make-hybrid", `${content.folder}/${content.name}`, torrent, "32768"]).json("created");
    const seeder = await libtorrent.seed(lab, torrent, content.folder);
    const flags = ["--peer", `127.0.0.1:${seeder.port}`];
    await leechWithSta(lab, { ...content, torrent }, lab.path("down"), ...flags).json("done");
    await expectSame(content, lab.path("down"));

    const port = await seedWithSta(lab, { ...content, torrent });
    const to = await lab.makeFolder("theirs");
    await startLibtorrent(lab, ["leech", torrent, to, "--peer", `127.0.0.1:${port}`]).json("done");
    await expectSame(content, to);
  });

  test("it connects to sta within 3 s, with the encrypted handshake that it tries first", async ({
    onTestFinished,
  }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "small-pieces.bin");
    const port = await seedWithSta(lab, content);
    const flags = [content.torrent, await lab.makeFolder("down"), "--peer", `127.0.0.1:${port}`];
    const leecher = startLibtorrent(lab, ["leech", ...flags]);
    expect(Number((await leecher.json("connected")).seconds)).toBeLessThan(3);
    await leecher.json("done");
    await expectSame(content, lab.path("down"));
  });

  test("sta downloads by a magnet link that names it", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const seeder = await libtorrent.seed(lab, content.torrent, content.folder);
    const magnet = `${magnetOf(content)}&x.pe=127.0.0.1:${seeder.port}`;
    await leechWithSta(lab, { ...content, torrent: magnet }, lab.path("down")).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("it downloads from sta by a magnet link", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const port = await seedWithSta(lab, content);
    const flags = [magnetOf(content), await lab.makeFolder("down"), "--peer", `127.0.0.1:${port}`];
    await startLibtorrent(lab, ["leech", ...flags]).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("sta takes from it and from another sta at once", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "large-pieces.bin");
    const ours = await seedWithSta(lab, content, "--limit-up", "20MB");
    const theirs = await libtorrent.seed(lab, content.torrent, content.folder);
    const peers = [ours, theirs.port].flatMap((port) => ["--peer", `127.0.0.1:${port}`]);
    await leechWithSta(lab, content, lab.path("down"), ...peers).json("done");
    await expectSame(content, lab.path("down"));
  });
});
