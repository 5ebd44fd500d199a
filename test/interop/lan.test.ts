// Local service discovery with other clients, in a network of their own: without a tracker, a DHT and a peer that anybody named.
import { describe, expect, onTestFinished, test } from "vitest";
import { canMakeNetworks, makeNetwork } from "../helpers/network.ts";
import { Lab, type Running, STA, untilSnapshot } from "../helpers/processes.ts";
import { expectSame } from "./both-ways.ts";
import { type Content, makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { LIBTORRENT, libtorrent, PYTHON } from "./libtorrent.ts";

const canRun = canMakeNetworks("local service discovery in a network");

/** Two boxes at the ends of a cable, `a` and `b`. */
async function openBoxes(atEnd = onTestFinished) {
  const lab = await Lab.open(atEnd);
  const network = await makeNetwork(atEnd);
  const run = (box: "a" | "b", command: readonly string[], env = {}): Running =>
    lab.start(...network.inside(network[box], ...command), { env });
  /** An engine that fetches a torrent into `folder`, or has it there already. Resolves when it has told its network. */
  const sta = async (box: "a" | "b", { torrent, infoHash }: Content, folder: string) => {
    const flags = ["--json", "--port", "0", "--no-dht", "--until-stdin-ends"];
    const daemon = run(box, [process.execPath, STA, "daemon", ...flags], { STA_HOME: lab.path(box) });
    const { port } = await daemon.json("listening");
    const engine = await lab.engine(box);
    expect(await engine.send({ method: "download", target: torrent, folder })).toMatchObject({ ok: true });
    const row = () => engine.getSnapshot().transfers.find((transfer) => transfer.infoHash === infoHash);
    await untilSnapshot(engine, "an announce in the network", () =>
      (row()?.trackers ?? []).some(({ address, state }) => address === "LAN" && state !== "announcing"),
    );
    return {
      port: Number(port),
      done: () => untilSnapshot(engine, "the end", () => row()?.state === "seeding"),
      log: () => row()!.log.map(({ text }) => text),
    };
  };
  return { lab, run, sta };
}

const libtorrentIn = (box: "a" | "b", role: "seed" | "leech", { torrent }: Content, folder: string) =>
  [PYTHON, LIBTORRENT, role, torrent, folder, "--lan", "--host", box === "a" ? "10.78.0.1" : "10.78.0.2"] as const;

describe.skipIf(!canRun)("in a network of its own", { timeout: 60_000 }, () => {
  test("sta finds sta, whichever was there first", async () => {
    const { lab, sta } = await openBoxes();
    const content = await makeContent(lab, "a folder");
    const leecher = await sta("a", content, lab.path("down"));
    await sta("b", content, content.folder);
    await leecher.done();
    await expectSame(content, lab.path("down"));
    expect(leecher.log().some((text) => /^10\.78\.0\.2:[0-9]+ has come \((lan|incoming)\)$/.test(text))).toBe(true);
  });

  describeClient({ ...libtorrent, name: "the LSD of libtorrent" }, () => {
    test("sta finds its seeder, which heard nothing of it", async ({ onTestFinished: atEnd }) => {
      const { lab, run, sta } = await openBoxes(atEnd);
      const content = await makeContent(lab, "a folder");
      const leecher = await sta("a", content, lab.path("down"));
      const { port } = await run("b", libtorrentIn("b", "seed", content, content.folder)).json("listening");
      await leecher.done();
      await expectSame(content, lab.path("down"));
      expect(leecher.log()).toContain(`10.78.0.2:${Number(port)} has come (lan)`);
    });

    test("it finds a seeder that is sta, which hears nothing", async ({ onTestFinished: atEnd }) => {
      const { lab, run, sta } = await openBoxes(atEnd);
      const content = await makeContent(lab, "a folder");
      // Somebody has the port for himself.
      const taken = 'require("node:dgram").createSocket("udp4").bind(6771, () => console.log("taken"))';
      await run("b", [process.execPath, "-e", taken]).line((line) => line === "taken");
      const leecher = run("a", libtorrentIn("a", "leech", content, await lab.makeFolder("down")));
      await leecher.json("listening");
      const seeder = await sta("b", content, content.folder);
      await leecher.json("done");
      await expectSame(content, lab.path("down"));
      expect(seeder.log().join()).toContain("has come (incoming)");
    });
  });
});
