// The clients that are measured: how each seeds and how each downloads, with as little else as possible.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { aria2 } from "../interop/aria2.ts";
import { libtorrent, LIBTORRENT, PYTHON } from "../interop/libtorrent.ts";
import { freePort, type Lab, type Running, STA, untilSnapshot } from "../helpers/processes.ts";
import type { Load } from "./load.ts";
import { webtorrentScript } from "./webtorrent.ts";

/** An address to be at, and the command that runs others there: a network namespace. */
export interface Place {
  readonly host: string;
  /** Any by default. */
  readonly port?: number;
  readonly enter?: readonly [string, ...string[]];
}

export const LOOPBACK: Place = { host: "127.0.0.1" };

export interface Seeder {
  /** host:port */
  readonly address: string;
  readonly pid: number;
}

export interface Leeching {
  readonly at: Place;
  /** Folder for what arrives. */
  readonly to: string;
  /** host:port of each. */
  readonly peers: readonly string[];
  /** Goes on as a seeder when it is done. */
  readonly stays?: boolean;
}

export interface Leech {
  /** Seconds from the first request to the last piece; with its start where a client does not say. */
  readonly done: Promise<number>;
  /** The same and what the system counted, once it has ended: never, if it stays. */
  readonly ended: Promise<{ readonly seconds: number; readonly cpu: number; readonly rss: number }>;
}

export interface BenchClient {
  readonly probe?: readonly [string, ...string[]];
  readonly seed?: (lab: Lab, load: Load, at: Place) => Promise<Seeder>;
  readonly leech: (lab: Lab, load: Load, leeching: Leeching) => Promise<Leech>;
}

export type ClientName = "sta" | "lt" | "aria2" | "webtorrent";

const MEASURED = new URL("measured.py", import.meta.url).pathname;

/** Starts a program where it is to be. */
function startAt({ enter }: Place, lab: Lab, command: readonly string[], env: Record<string, string> = {}): Running {
  const [file, ...args] = [...(enter ?? []), ...command];
  return lab.start(file!, args, { env });
}

/** A process and what the system counted of it, known once it has ended. */
function startMeasured(at: Place, lab: Lab, command: readonly string[], env: Record<string, string> = {}) {
  const account = lab.path(`account-${performance.now()}`);
  const running = startAt(at, lab, [PYTHON, MEASURED, account, ...command], env);
  const used = async () => {
    const { code } = await running.end(LONGEST_MS);
    if (code !== 0) throw new Error(`${running.name} ended with ${code}.\n${running.stderr}`);
    return JSON.parse(await readFile(account, "utf8")) as { cpu: number; rss: number; wall: number };
  };
  return { running, used };
}

/** What takes longer has gone wrong. */
const LONGEST_MS = 180_000;

/** A leecher that prints its seconds with `done`. */
function saysWhenDone({ running, used }: ReturnType<typeof startMeasured>): Leech {
  const done = running.json("done", undefined, LONGEST_MS).then(({ seconds }) => Number(seconds));
  const ended = done.then(async (seconds) => ({ seconds, ...(await used()) }));
  ended.catch(() => undefined);
  return { done, ended };
}

export const CLIENTS: Readonly<Record<ClientName, BenchClient>> = {
  sta: {
    /** On a state that knows the file already, so that nothing is hashed. */
    async seed(lab, { torrent, folder }, at) {
      const local = ["--host", at.host, "--port", String(at.port ?? 0)];
      const env = { STA_HOME: lab.path("seeder") };
      const share = [process.execPath, STA, "share", torrent, "--dir", folder, "--standalone", "--json", ...local];
      const hashing = startAt(at, lab, share, env);
      await hashing.json("seeding", undefined, LONGEST_MS);
      await hashing.kill();
      const daemon = [process.execPath, STA, "daemon", "--json", "--until-stdin-ends", ...local];
      const running = startAt(at, lab, daemon, env);
      const { port } = await running.json("listening");
      const engine = await lab.engine("seeder");
      await untilSnapshot(engine, "seeding", ({ transfers }) => transfers[0]?.state === "seeding");
      await engine.close();
      return { address: `${at.host}:${Number(port)}`, pid: running.pid };
    },
    async leech(lab, { torrent }, { at, to, peers, stays = false }) {
      const flags = ["--dir", to, "--standalone", "--json", "--host", at.host, "--port", String(at.port ?? 0)];
      const command = [process.execPath, STA, "get", torrent, ...flags, ...peers.flatMap((peer) => ["--peer", peer])];
      return saysWhenDone(
        startMeasured(at, lab, stays ? [...command, "--seed"] : command, { STA_HOME: `${to}-state` }),
      );
    },
  },
  lt: {
    probe: libtorrent.probe,
    async seed(lab, { torrent, folder }, at) {
      const flags = ["--plain", "--no-trackers", "--host", at.host, "--port", String(at.port ?? 0)];
      const running = startAt(at, lab, [PYTHON, LIBTORRENT, "seed", torrent, folder, ...flags]);
      const { port } = await running.json("listening");
      return { address: `${at.host}:${Number(port)}`, pid: running.pid };
    },
    async leech(lab, { torrent }, { at, to, peers, stays = false }) {
      const flags = ["--plain", "--no-trackers", "--host", at.host, "--port", String(at.port ?? 0)];
      const command = [
        PYTHON,
        LIBTORRENT,
        "leech",
        torrent,
        to,
        ...flags,
        ...peers.flatMap((peer) => ["--peer", peer]),
      ];
      return saysWhenDone(startMeasured(at, lab, stays ? command : [...command, "--once"]));
    },
  },
  aria2: {
    probe: aria2.probe,
    /** Learns of the seeder from a tracker that knows nobody else. */
    async leech(lab, { torrent }, { at, to, peers }) {
      const [host, port] = peers[0]!.split(":");
      const tracker = createServer((_request, response) => {
        const peer = Buffer.from([...host!.split(".").map(Number), Number(port) >> 8, Number(port) & 0xff]);
        response.end(Buffer.concat([Buffer.from("d8:intervali1800e5:peers6:"), peer, Buffer.from("e")]));
      }).listen(0, "127.0.0.1");
      await once(tracker, "listening");
      const announce = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`;
      const flags = [
        "--no-conf=true",
        "--enable-dht=false",
        "--bt-enable-lpd=false",
        "--enable-peer-exchange=false",
        "--disable-ipv6=true",
        "--file-allocation=none",
        "--seed-time=0",
        "--summary-interval=0",
        "--bt-tracker-connect-timeout=5",
        `--bt-tracker=${announce}`,
        `--listen-port=${await freePort()}`,
      ];
      const { used } = startMeasured(at, lab, ["aria2c", ...flags, `--dir=${to}`, torrent]);
      const ended = used().then(({ wall, cpu, rss }) => ({ seconds: wall, cpu, rss }));
      void ended.catch(() => undefined).then(() => tracker.close());
      return { done: ended.then(({ seconds }) => seconds), ended };
    },
  },
  webtorrent: {
    async leech(lab, { torrent }, { at, to, peers }) {
      const command = [process.execPath, webtorrentScript()!, torrent, to, peers[0]!.split(":")[1]!];
      return saysWhenDone(startMeasured(at, lab, command));
    },
  },
};
