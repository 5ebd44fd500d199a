// A client that announces over UDP finds sta through sta-tracker. (aria2 speaks UDP to trackers only with its DHT on.)
import { expect, test } from "vitest";
import { Lab, until } from "../helpers/processes.ts";
import { expectSame, seedWithSta } from "./both-ways.ts";
import { makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { libtorrent } from "./libtorrent.ts";

describeClient(libtorrent, () => {
  test("it downloads from sta, found through a UDP announce", async ({ onTestFinished }) => {
    const lab = await Lab.open(onTestFinished);
    const tracker = await lab.tracker(["--log-level", "error"]);
    const content = await makeContent(lab, "small-pieces.bin", `udp://${tracker.address}/announce`);
    await seedWithSta(lab, content, "--tracker", tracker.address);
    const leecher = await libtorrent.leech(lab, content.torrent, await lab.makeFolder("down"));
    await leecher.done();
    await expectSame(content, lab.path("down"));
  });

  test("it announces itself as a seed over UDP, and is among the holders of the catalogue", async ({
    onTestFinished,
  }) => {
    const lab = await Lab.open(onTestFinished);
    const tracker = await lab.tracker(["--open"]);
    const content = await makeContent(lab, "small-pieces.bin", `udp://${tracker.address}/announce`);
    await seedWithSta(lab, content, "--tracker", tracker.address);
    await libtorrent.seed(lab, content.torrent, content.folder);
    const entry = await until("two seeds", async () => {
      const { entries } = (await (await fetch(`http://${tracker.address}/catalogue.json`)).json()) as {
        entries: { seeds: number; holders: number }[];
      };
      return entries[0]?.seeds === 2 ? entries[0] : undefined;
    });
    expect(entry.holders).toBe(2);
  });
});
