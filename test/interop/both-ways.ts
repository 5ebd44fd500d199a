// The tests that every foreign client has to pass with us, in both roles.
import { expect, test } from "vitest";
import { digestsOf } from "../helpers/files.ts";
import { Lab, type Running, until } from "../helpers/processes.ts";
import { type Content, CONTENT_NAMES, makeContent } from "./contents.ts";
import type { ForeignClient } from "./foreign-client.ts";

const LOCAL = ["--standalone", "--json", "--host", "127.0.0.1", "--port", "0"] as const;

/** A seeder that gives to whoever comes. Resolves with its port. */
export async function seedWithSta(lab: Lab, { folder, torrent }: Content, ...flags: string[]): Promise<number> {
  const { port } = await lab.sta("seeder", ["share", torrent, "--dir", folder, ...LOCAL, ...flags]).json("seeding");
  return Number(port);
}

/** A leecher that downloads to `to` and goes on sharing. */
export function leechWithSta(lab: Lab, { torrent }: Content, to: string, ...flags: string[]): Running {
  return lab.sta("leecher", ["get", torrent, "--dir", to, "--seed", ...LOCAL, ...flags]);
}

/** A seeder that dials this peer: asked for what it has, sta only dials those that it is given. */
export function dialWithSta(lab: Lab, { torrent, folder }: Content, port: number): void {
  lab.sta("dialler", ["get", torrent, "--dir", folder, "--seed", ...LOCAL, "--peer", `127.0.0.1:${port}`]);
}

/** SHA-256 of an empty file. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** All files are there, byte for byte; `empty: false` asks for no empty ones. */
export async function expectSame({ folder, name }: Content, there: string, { empty = true } = {}): Promise<void> {
  const wanted = Object.entries(await digestsOf(`${folder}/${name}`)).filter(([, digest]) => empty || digest !== EMPTY);
  expect(await digestsOf(`${there}/${name}`)).toEqual(Object.fromEntries(wanted));
}

/** Until the tracker counts so many whole and partial copies among all its peers. */
async function untilScraped(address: string, { infoHash }: Content, complete: number, incomplete = 0): Promise<void> {
  const query = infoHash.replaceAll(/../g, "%$&");
  await until(`a scrape with ${complete} and ${incomplete}`, async () => {
    const body = await (await fetch(`http://${address}/scrape?info_hash=${query}`)).text();
    return (body.includes(`8:completei${complete}e`) && body.includes(`10:incompletei${incomplete}e`)) || undefined;
  });
}

export interface Peculiarities {
  /** False: it never dials 127.0.0.0/8, so that sta has to dial it. */
  readonly dialsLoopback?: boolean;
  /** False: it does not make files that are empty. */
  readonly makesEmptyFiles?: boolean;
}

export function testBothWays(
  client: ForeignClient,
  { dialsLoopback = true, makesEmptyFiles = true }: Peculiarities = {},
): void {
  test.for(CONTENT_NAMES)("sta downloads %s from it, by --peer", async (name, { onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const content = await makeContent(lab, name);
    const seeder = await client.seed(lab, content.torrent, content.folder);
    const leecher = leechWithSta(lab, content, lab.path("down"), "--peer", `127.0.0.1:${seeder.port}`);
    await leecher.json("done");
    await expectSame(content, lab.path("down"));
  });

  test.for(CONTENT_NAMES)(
    "it downloads %s from sta, found through the tracker's HTTP announce",
    async (name, { onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const tracker = await lab.tracker();
      const content = await makeContent(lab, name, `http://${tracker.address}/announce`);
      await seedWithSta(lab, content, "--tracker", tracker.address);
      await untilScraped(tracker.address, content, 1);
      const leecher = await client.leech(lab, content.torrent, await lab.makeFolder("down"));
      if (!dialsLoopback) dialWithSta(lab, content, leecher.port);
      await leecher.done();
      await expectSame(content, lab.path("down"), { empty: makesEmptyFiles });
    },
  );

  test("sta finds it through GET /announce alone", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const tracker = await lab.tracker(["--open"]);
    const content = await makeContent(lab, "a folder", `http://${tracker.address}/announce`);
    await client.seed(lab, content.torrent, content.folder);
    await untilScraped(tracker.address, content, 1);
    await leechWithSta(lab, content, lab.path("down")).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("sta finds it through GET /announce, though the torrent's tracker is also its own", async ({
    onTestFinished,
  }) => {
    const lab = await Lab.open(onTestFinished);
    const tracker = await lab.tracker(["--open"]);
    const content = await makeContent(lab, "a folder", `http://${tracker.address}/announce`);
    await client.seed(lab, content.torrent, content.folder);
    await untilScraped(tracker.address, content, 1);
    await leechWithSta(lab, content, lab.path("down"), "--tracker", tracker.address).json("done");
    await expectSame(content, lab.path("down"));
  });

  test("sta gets by its name in the catalogue what only this client holds", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const tracker = await lab.tracker();
    const content = await makeContent(lab, "a folder", `http://${tracker.address}/announce`);
    const publisher = lab.sta("publisher", publish(content, tracker.address));
    await publisher.json("seeding");
    await untilScraped(tracker.address, content, 1);
    await publisher.kill();
    await untilScraped(tracker.address, content, 0);
    await client.seed(lab, content.torrent, content.folder);
    await untilScraped(tracker.address, content, 1);
    const flags = ["--tracker", tracker.address, "--dir", lab.path("down")];
    await lab.sta("leecher", ["get", content.name, ...LOCAL, ...flags]).json("done");
    await expectSame(content, lab.path("down"));
  });
}

function publish({ torrent, folder }: Content, tracker: string): string[] {
  return ["share", torrent, "--dir", folder, "--tracker", tracker, ...LOCAL];
}
