// Clients that speak to nobody in the clear, and sta, byte for byte.
import { test } from "vitest";
import { Lab } from "../helpers/processes.ts";
import { encryptedAria2 } from "./aria2.ts";
import { dialWithSta, expectSame, leechWithSta, seedWithSta } from "./both-ways.ts";
import { makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { encryptedLibtorrent } from "./libtorrent.ts";
import { encryptedTransmission } from "./transmission.ts";

for (const client of [encryptedLibtorrent, encryptedAria2, encryptedTransmission]) {
  describeClient(client, () => {
    test("sta downloads from it", async ({ onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const content = await makeContent(lab, "a folder");
      const seeder = await client.seed(lab, content.torrent, content.folder);
      await leechWithSta(lab, content, lab.path("down"), "--peer", `127.0.0.1:${seeder.port}`).json("done");
      await expectSame(content, lab.path("down"));
    });

    test("it downloads from a sta that dials it", async ({ onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const content = await makeContent(lab, "large-pieces.bin");
      const leecher = await client.leech(lab, content.torrent, await lab.makeFolder("down"));
      dialWithSta(lab, content, leecher.port);
      await leecher.done();
      await expectSame(content, lab.path("down"));
    });

    // It dials nobody in 127.0.0.0/8.
    if (client === encryptedTransmission) return;
    test("it downloads from a sta that it dials", async ({ onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const tracker = await lab.tracker();
      const content = await makeContent(lab, "large-pieces.bin", `http://${tracker.address}/announce`);
      await seedWithSta(lab, content, "--tracker", tracker.address);
      await (await client.leech(lab, content.torrent, await lab.makeFolder("down"))).done();
      await expectSame(content, lab.path("down"));
    });
  });
}
