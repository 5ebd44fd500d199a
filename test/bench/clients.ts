// The clients that are measured: how each seeds and how each downloads, with as little else as possible.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { aria2 } from "../interop/aria2.ts";
import { libtorrent, LIBTORRENT, PYTHON } from "../interop/libtorrent.ts";
import { freePort, type Lab, type Running, STA, untilSnapshot } from "../helpers/processes.ts";

/** What is sent: `name` in `folder`, described by `torrent`. */
export interface Load {
  readonly folder: string;
  readonly name: string;
  readonly torrent: string;
  readonly bytes: number;
}

export interface Seeder {
  readonly port: number;
  readonly pid: number;
  readonly running: Running;
}

export interface Leech {
  /** Seconds from the first request to the last piece; with its start where a client does not say. */
  readonly seconds: number;
  readonly cpu: number;
  readonly rss: number;
}

export interface BenchClient {
  readonly probe: readonly [string, ...string[]] | undefined;
  readonly seed?: (lab: Lab, load: Load) => Promise<Seeder>;
  readonly leech?: (lab: Lab, load: Load, to: string, port: number) => Promise<Leech>;
}

const MEASURED = new URL("measured.py", import.meta.url).pathname;

/** A process and what the system counted of it, known once it has ended. */
function startMeasured(lab: Lab, file: string, args: readonly string[], env: Record<string, string> = {}) {
  const account = lab.path(`account-${performance.now()}`);
  const running = lab.start(PYTHON, [MEASURED, account, file, ...args], { env });
  const used = async () => {
    const { code } = await running.end(600_000);
    if (code !== 0) throw new Error(`${running.name} ended with ${code}.\n${running.stderr}`);
    return JSON.parse(await readFile(account, "utf8")) as { cpu: number; rss: number; wall: number };
  };
  return { running, used };
}

const LOCAL = ["--host", "127.0.0.1", "--port", "0"] as const;

export const CLIENTS: Readonly<Record<"sta" | "lt" | "aria2", BenchClient>> = {
  sta: {
    probe: undefined,
    /** On a state that knows the file already, so that nothing is hashed. */
    async seed(lab, { torrent, folder }) {
      const hashing = lab.sta("seeder", ["share", torrent, "--dir", folder, "--standalone", "--json", ...LOCAL]);
      await hashing.json("seeding", undefined, 120_000);
      await hashing.kill();
      const { running, port } = await lab.daemon("seeder");
      const engine = await lab.engine("seeder");
      await untilSnapshot(engine, "seeding", ({ transfers }) => transfers[0]?.state === "seeding");
      await engine.close();
      return { port, pid: running.pid, running };
    },
    async leech(lab, { torrent }, to, port) {
      const args = ["get", torrent, "--dir", to, "--peer", `127.0.0.1:${port}`, "--standalone", "--json", ...LOCAL];
      const env = { STA_HOME: `${to}-state` };
      const { running, used } = startMeasured(lab, process.execPath, [STA, ...args], env);
      const { seconds } = await running.json("done", undefined, 600_000);
      return { seconds: Number(seconds), ...(await used()) };
    },
  },
  lt: {
    probe: libtorrent.probe,
    async seed(lab, { torrent, folder }) {
      const running = lab.start(PYTHON, [LIBTORRENT, "seed", torrent, folder, "--plain", "--no-trackers"]);
      const { port } = await running.json("listening");
      return { port: Number(port), pid: running.pid, running };
    },
    async leech(lab, { torrent }, to, port) {
      const flags = ["--plain", "--no-trackers", "--once", "--peer", String(port)];
      const { running, used } = startMeasured(lab, PYTHON, [LIBTORRENT, "leech", torrent, to, ...flags]);
      const { seconds } = await running.json("done", undefined, 600_000);
      return { seconds: Number(seconds), ...(await used()) };
    },
  },
  aria2: {
    probe: aria2.probe,
    /** Learns of the seeder from a tracker that knows nobody else. */
    async leech(lab, { torrent }, to, port) {
      const tracker = createServer((_request, response) => {
        const peer = Buffer.from([127, 0, 0, 1, port >> 8, port & 0xff]);
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
      const { used } = startMeasured(lab, "aria2c", [...flags, `--dir=${to}`, torrent]);
      const { wall, ...rest } = await used();
      tracker.close();
      return { seconds: wall, ...rest };
    },
  },
};
