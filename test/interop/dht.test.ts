// The DHT with nodes of other clients, on one machine: without a tracker and without a peer that anybody named.
import { expect, test, vi } from "vitest";
import { startDht } from "../discovery/dht/support.ts";
import { Lab, untilSnapshot } from "../helpers/processes.ts";
import { aria2, aria2InDht } from "./aria2.ts";
import { expectSame, leechWithSta } from "./both-ways.ts";
import { type Content, makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { libtorrent, startLibtorrent } from "./libtorrent.ts";

const magnetOf = ({ infoHash }: Content) => `magnet:?xt=urn:btih:${infoHash}`;

/** A node of libtorrent that all others begin with. */
async function startNode(lab: Lab): Promise<string> {
  const { port } = await startLibtorrent(lab, ["node"]).json("listening");
  return `127.0.0.1:${Number(port)}`;
}

/** Shares what it was given as a .torrent. Resolves when it has announced it: others look once, and not again for long. */
async function seedWithSta(lab: Lab, { torrent, folder }: Content, node: string): Promise<void> {
  await lab.daemon("seeder", ["--dht-node", node]);
  const engine = await lab.engine("seeder");
  await engine.send({ method: "download", target: torrent, folder });
  await untilSnapshot(engine, "an announce in the DHT", ({ transfers: [row] }) =>
    (row?.trackers ?? []).some(({ address, state }) => address === "DHT" && state === "working"),
  );
}

describeClient({ ...aria2, name: "the DHT of aria2" }, () => {
  test("sta finds its seeder by a bare magnet link, through a node that is sta", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const { dht } = await startDht({}, onTestFinished);
    const node = `127.0.0.1:${dht.port}`;
    const content = await makeContent(lab, "small-pieces.bin");
    await aria2InDht(node, lab.path("dht.dat")).seed(lab, content.torrent, content.folder);
    await vi.waitFor(() => expect(dht.figures().storedPeers).toBe(1), { timeout: 30_000 });
    const magnet = { ...content, torrent: magnetOf(content) };
    await leechWithSta(lab, magnet, lab.path("down"), "--dht-node", node).json("done");
    await expectSame(content, lab.path("down"));
  });
});

describeClient({ ...libtorrent, name: "the DHT of libtorrent" }, () => {
  test("sta finds its seeder by a bare magnet link", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const node = await startNode(lab);
    const content = await makeContent(lab, "a folder");
    await startLibtorrent(lab, ["seed", content.torrent, content.folder, "--dht", node]).json("listening");
    const magnet = { ...content, torrent: magnetOf(content) };
    await leechWithSta(lab, magnet, lab.path("down"), "--dht-node", node).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("it finds a seeder that is sta", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const node = await startNode(lab);
    const content = await makeContent(lab, "a folder");
    await seedWithSta(lab, content, node);
    const flags = [magnetOf(content), await lab.makeFolder("down"), "--dht", node];
    await startLibtorrent(lab, ["leech", ...flags]).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("sta finds sta through it", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const node = await startNode(lab);
    const content = await makeContent(lab, "small-pieces.bin");
    await seedWithSta(lab, content, node);
    const magnet = { ...content, torrent: magnetOf(content) };
    await leechWithSta(lab, magnet, lab.path("down"), "--dht-node", node).json("done");
    await expectSame(content, lab.path("down"));
  });
});
