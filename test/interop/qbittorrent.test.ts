// qBittorrent and sta, byte for byte; and what people do meanwhile: leaving files out, pausing, starting anew.
import { expect, test } from "vitest";
import { digestsOf } from "../helpers/files.ts";
import { Lab, until, untilSnapshot } from "../helpers/processes.ts";
import { expectSame, leechWithSta, seedWithSta, testBothWays } from "./both-ways.ts";
import { type Content, makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { Qbittorrent, qbittorrent } from "./qbittorrent.ts";

const magnetOf = ({ infoHash }: Content, port: number) => `magnet:?xt=urn:btih:${infoHash}&x.pe=127.0.0.1:${port}`;

/** The files below `folder` that are as in the content, by their paths in it. */
async function rightOf(content: Content, folder: string): Promise<string[]> {
  const wanted = await digestsOf(`${content.folder}/${content.name}`);
  const there = await digestsOf(`${folder}/${content.name}`);
  return Object.keys(wanted).filter((path) => there[path] === wanted[path]);
}

describeClient(qbittorrent, () => {
  testBothWays(qbittorrent);

  test("sta downloads by a magnet link that names it", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const seeder = await qbittorrent.seed(lab, content.torrent, content.folder);
    const magnet = magnetOf(content, seeder.port);
    await leechWithSta(lab, { ...content, torrent: magnet }, lab.path("down")).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("it downloads from sta by a magnet link", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const client = await Qbittorrent.start(lab);
    await client.add(magnetOf(content, await seedWithSta(lab, content)), await lab.makeFolder("down"));
    await client.done();
    await expectSame(content, lab.path("down"));
  });

  test("it leaves files out and gets the others of sta", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const port = await seedWithSta(lab, content);
    const client = await Qbittorrent.start(lab);
    await client.add(content.torrent, await lab.makeFolder("down"), { paused: "true" });
    await client.until("the torrent", ({ state }) => /paused/.test(state));
    const hash = content.infoHash;
    const files = JSON.parse(await client.call(`torrents/files?hash=${hash}`)) as { index: number; name: string }[];
    const some = files.filter(({ name }) => /deep|zz/.test(name));
    const others = files.filter((file) => !some.includes(file));
    const idsOf = (list: typeof files) => list.map(({ index }) => index).join("|");
    await client.call("torrents/filePrio", { hash, id: idsOf(others), priority: "0" });
    await client.call("torrents/resume", { hashes: hash });
    await client.call("torrents/addPeers", { hashes: hash, peers: `127.0.0.1:${port}` });
    await client.until("what it wants", ({ amount_left: left }) => left === 0);
    const paths = some.map(({ name }) => name.slice(content.name.length + 1));
    await until("its files", async () => {
      const right = await rightOf(content, lab.path("down"));
      return paths.every((path) => right.includes(path)) || undefined;
    });
    expect(await rightOf(content, lab.path("down"))).not.toContain("first.bin");
  });

  test("sta leaves files out, and gets them of it when it wants them after all", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "a folder");
    const { port } = await qbittorrent.seed(lab, content.torrent, content.folder);
    const get = (...flags: string[]) =>
      lab
        .sta("two", ["get", content.torrent, "--dir", lab.path("down"), "--peer", `127.0.0.1:${port}`, ...flags])
        .end();
    await lab.daemon("two");
    expect(await get("--files", "0,3")).toMatchObject({ code: 0 });
    expect(await rightOf(content, lab.path("down"))).toHaveLength(2);
    expect(await get("--files", "all")).toMatchObject({ code: 0 });
    await expectSame(content, lab.path("down"));
  });

  test("it goes on where it was when it is started anew, and when sta is paused for a while", async ({
    onTestFinished,
  }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, "large-pieces.bin");
    const { port } = await lab.daemon("one", ["--limit-up", "4MB"]);
    const share = ["share", content.torrent, "--dir", content.folder];
    expect(await lab.sta("one", share).end()).toMatchObject({ code: 0 });
    const engine = await lab.engine("one");
    const first = await Qbittorrent.start(lab, "profile");
    await first.add(content.torrent, await lab.makeFolder("down"));
    await first.until("the check", ({ state }) => !state.startsWith("checking"));
    const peers = { hashes: content.infoHash, peers: `127.0.0.1:${port}` };
    await first.call("torrents/addPeers", peers);
    await first.until("a part", ({ progress }) => progress > 0.2);
    await engine.send({ method: "pause", infoHash: content.infoHash });
    await untilSnapshot(engine, "the pause", ({ transfers }) => transfers[0]?.state === "paused");
    await engine.send({ method: "resume", infoHash: content.infoHash });
    await first.call("torrents/addPeers", peers);
    await first.until("more", ({ progress }) => progress > 0.4);
    await first.stop();
    const second = await Qbittorrent.start(lab, "profile");
    await second.until("its part", ({ progress }) => progress >= 0.4);
    await second.call("torrents/addPeers", peers);
    await second.done();
    await expectSame(content, lab.path("down"));
    const { uploadedBytes } = engine.getSnapshot().transfers[0]!;
    expect(uploadedBytes).toBeLessThan(1.15 * 20_971_521);
  });
});
