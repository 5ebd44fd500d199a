// Local service discovery with other clients, in a network of their own: without a tracker, a DHT and a peer that anybody named.
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { digestOf } from "../helpers/files.ts";
import { canMakeNetworks, makeNetwork } from "../helpers/network.ts";
import { Lab, type Running, STA, until, untilSnapshot } from "../helpers/processes.ts";
import { aria2 } from "./aria2.ts";
import { expectSame } from "./both-ways.ts";
import { type Content, makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { LIBTORRENT, libtorrent, PYTHON } from "./libtorrent.ts";
import { transmission } from "./transmission.ts";

const canRun = canMakeNetworks("local service discovery in a network");

/** Transmission looks for new torrents every 10 seconds. */
const PATIENCE_MS = 50_000;

/** Two boxes at the ends of a cable, `a` and `b`. */
async function openBoxes(atEnd = onTestFinished) {
  const lab = await Lab.open(atEnd);
  const network = await makeNetwork(atEnd);
  const run = (box: "a" | "b", command: readonly string[], env = {}): Running =>
    lab.start(...network.inside(network[box], ...command), { env });
  /** An engine that fetches a torrent into `folder`, or has it there already. Resolves when it has told its network. */
  const sta = async (box: "a" | "b", { torrent, infoHash }: Content, folder: string, ...more: string[]) => {
    const flags = [...more, "--json", "--port", "0", "--no-dht", "--until-stdin-ends"];
    const daemon = run(box, [process.execPath, STA, "daemon", ...flags], { STA_HOME: lab.path(box) });
    const { port } = await daemon.json("listening");
    const engine = await lab.engine(box);
    expect(await engine.send({ method: "download", target: torrent, folder })).toMatchObject({ ok: true });
    const row = () => engine.getSnapshot().transfers.find((transfer) => transfer.infoHash === infoHash);
    const isTold = torrent.startsWith("magnet:");
    await untilSnapshot(
      engine,
      "an announce in the network",
      () => isTold || (row()?.trackers ?? []).some(({ address, state }) => address === "LAN" && state !== "announcing"),
    );
    return {
      port: Number(port),
      done: () => untilSnapshot(engine, "the end", () => row()?.state === "seeding", PATIENCE_MS),
      /** What it shows comes a little later than what others do. */
      met: (who: RegExp) =>
        untilSnapshot(engine, String(who), () => (row()?.log ?? []).some(({ text }) => who.test(text))),
    };
  };
  return { lab, run, sta };
}

const HOSTS = { a: "10.78.0.1", b: "10.78.0.2" };

const libtorrentIn = (host: string, role: "seed" | "leech", { torrent }: Content, folder: string) =>
  [PYTHON, LIBTORRENT, role, torrent, folder, "--lan", "--host", host] as const;

/** As aria2 and Transmission are started with a torrent whose data is in `folder` or goes there: the command line. */
const OTHERS = [
  [
    aria2,
    ({ torrent }: Content, folder: string) => {
      const quiet = ["--enable-dht=false", "--enable-peer-exchange=false", "--no-conf=true", "--file-allocation=none"];
      const flags = [...quiet, "--check-integrity=true", "--allow-overwrite=true", "--seed-ratio=0", `--dir=${folder}`];
      return ["aria2c", "--bt-enable-lpd=true", ...flags, torrent];
    },
  ],
  [
    transmission,
    async ({ torrent }: Content, folder: string, lab: Lab) => {
      const [config, watched] = [await lab.makeFolder("transmission"), await lab.makeFolder("watched")];
      const off = { "dht-enabled": false, "pex-enabled": false, "utp-enabled": false, "rpc-enabled": false };
      const places = { "download-dir": folder, "watch-dir": watched, "watch-dir-enabled": true };
      await writeFile(`${config}/settings.json`, JSON.stringify({ ...off, ...places, "lpd-enabled": true }));
      await copyFile(torrent, `${watched}/it.torrent`);
      return ["transmission-daemon", "--foreground", "--config-dir", config];
    },
  ],
] as const;

describe.skipIf(!canRun)("in a network of its own", { timeout: 60_000 }, () => {
  test("sta finds sta, whichever was there first", async () => {
    const { lab, sta } = await openBoxes();
    const content = await makeContent(lab, "a folder");
    const leecher = await sta("a", content, lab.path("down"));
    await sta("b", content, content.folder);
    await leecher.done();
    await expectSame(content, lab.path("down"));
    await leecher.met(/^10\.78\.0\.2:[0-9]+ has come \((lan|incoming)\)$/);
  });

  test("sta finds sta over IPv6", async () => {
    const { lab, sta } = await openBoxes();
    const content = await makeContent(lab, "small-pieces.bin");
    const leecher = await sta("a", content, lab.path("down"), "--host", "fd78::1");
    await sta("b", content, content.folder, "--host", "fd78::2");
    await leecher.done();
    await expectSame(content, lab.path("down"));
    await leecher.met(/^\[fd78::2\]:[0-9]+ has come \((lan|incoming)\)$/);
  });

  describeClient({ ...libtorrent, name: "the LSD of libtorrent" }, () => {
    test("sta finds its seeder, which heard nothing of it", async ({ onTestFinished: atEnd }) => {
      const { lab, run, sta } = await openBoxes(atEnd);
      const content = await makeContent(lab, "a folder");
      const leecher = await sta("a", content, lab.path("down"));
      const { port } = await run("b", libtorrentIn(HOSTS.b, "seed", content, content.folder)).json("listening");
      await leecher.done();
      await expectSame(content, lab.path("down"));
      await leecher.met(new RegExp(`^10\\.78\\.0\\.2:${Number(port)} has come \\(lan\\)$`));
    });

    test("sta has it dial for a bare magnet link, and asks it what that is", async ({ onTestFinished: atEnd }) => {
      const { lab, run, sta } = await openBoxes(atEnd);
      const content = await makeContent(lab, "a folder");
      await run("b", libtorrentIn(HOSTS.b, "seed", content, content.folder)).json("listening");
      const magnet = { ...content, torrent: `magnet:?xt=urn:btih:${content.infoHash}` };
      const leecher = await sta("a", magnet, lab.path("down"));
      await leecher.done();
      await expectSame(content, lab.path("down"));
    });

    test("sta finds its seeder over IPv6", async ({ onTestFinished: atEnd }) => {
      const { lab, run, sta } = await openBoxes(atEnd);
      const content = await makeContent(lab, "a folder");
      const leecher = await sta("a", content, lab.path("down"), "--host", "fd78::1");
      await run("b", libtorrentIn("[fd78::2]", "seed", content, content.folder)).json("listening");
      await leecher.done();
      await expectSame(content, lab.path("down"));
    });

    test("it finds a seeder that is sta, which hears nothing", async ({ onTestFinished: atEnd }) => {
      const { lab, run, sta } = await openBoxes(atEnd);
      const content = await makeContent(lab, "a folder");
      // Somebody has the port for himself.
      const taken = 'require("node:dgram").createSocket("udp4").bind(6771, () => console.log("taken"))';
      await run("b", [process.execPath, "-e", taken]).line((line) => line === "taken");
      const leecher = run("a", libtorrentIn(HOSTS.a, "leech", content, await lab.makeFolder("down")));
      await leecher.json("listening");
      const seeder = await sta("b", content, content.folder);
      await leecher.json("done");
      await expectSame(content, lab.path("down"));
      await seeder.met(/has come \(incoming\)/);
    });
  });

  for (const [client, commandOf] of OTHERS) {
    describeClient({ ...client, name: `local peer discovery of ${client.name}` }, () => {
      test("sta finds its seeder", async ({ onTestFinished: atEnd }) => {
        const { lab, run, sta } = await openBoxes(atEnd);
        const content = await makeContent(lab, "small-pieces.bin");
        const leecher = await sta("a", content, lab.path("down"));
        run("b", await commandOf(content, content.folder, lab));
        await leecher.done();
        await expectSame(content, lab.path("down"));
        await leecher.met(/^10\.78\.0\.2:[0-9]+ has come \(lan\)$/);
      });

      test("it finds a seeder that is sta", async ({ onTestFinished: atEnd }) => {
        const { lab, run, sta } = await openBoxes(atEnd);
        const content = await makeContent(lab, "small-pieces.bin");
        run("b", await commandOf(content, await lab.makeFolder("down"), lab));
        const seeder = await sta("a", content, content.folder);
        const [there, wanted] = [lab.path("down", content.name), join(content.folder, content.name)];
        await until(
          "the file",
          async () => {
            const digest = await digestOf(there).catch(() => "not there");
            return digest === (await digestOf(wanted)) || undefined;
          },
          PATIENCE_MS,
        );
        await seeder.met(/^10\.78\.0\.2:[0-9]+ has come/);
      });
    });
  }
});
