// The trackers that are measured, and how each is started.
import { spawnSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { type Lab, type Running, STA_TRACKER, freePort, until } from "../helpers/processes.ts";

export interface TrackerServer {
  readonly name: string;
  /** Starts it on a free port of 127.0.0.1; undefined, with a word, where it cannot be had. */
  readonly start: (lab: Lab) => Promise<{ running: Running; port: number } | undefined>;
  /** It keeps connections between announces. */
  readonly keepsAlive: boolean;
}

/** As many descriptors as this user may have. */
const UNLIMITED = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

export function startUnlimited(lab: Lab, file: string, args: readonly string[]): Running {
  return lab.start("/bin/sh", ["-c", UNLIMITED, "sh", file, ...args], { endWith: "SIGTERM" });
}

/** sta-tracker on a free port; `more` flags. */
export async function startSta(lab: Lab, more: readonly string[] = []): Promise<{ running: Running; port: number }> {
  const flags = ["--host", "127.0.0.1", "--port", "0", "--open", "--log-level", "error", ...more];
  const dir = ["--dir", lab.path(`tracker-${performance.now()}`)];
  const running = startUnlimited(lab, process.execPath, [STA_TRACKER, ...flags, ...dir]);
  const line = await running.line((text) => text.includes("listening on"));
  return { running, port: Number(/:(\d+)/.exec(line)![1]) };
}

export const SERVERS: readonly TrackerServer[] = [
  {
    name: "sta-tracker",
    keepsAlive: true,
    start: (lab) => startSta(lab),
  },
  {
    name: "bittorrent-tracker",
    keepsAlive: true,
    async start(lab) {
      const folder = await lab.makeFolder("bittorrent-tracker");
      const flags = ["--prefix", folder, "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts"];
      if (spawnSync("npm", ["install", ...flags, "bittorrent-tracker@11"], { stdio: "ignore" }).status !== 0) {
        return missing("bittorrent-tracker cannot be installed from npm");
      }
      const port = await freePort();
      const code = `import Server from "bittorrent-tracker/server";
        new Server({ ws: false, stats: false }).listen(${port}, { http: "127.0.0.1", udp4: "127.0.0.1", udp6: "::1" }, () => console.log("listening"));`;
      await writeFile(`${folder}/server.mjs`, code);
      const running = startUnlimited(lab, process.execPath, [`${folder}/server.mjs`]);
      await running.line((line) => line === "listening");
      return { running, port };
    },
  },
  {
    name: "opentracker",
    keepsAlive: false,
    async start(lab) {
      if (spawnSync("sh", ["-c", "command -v opentracker"]).status !== 0) {
        return missing("opentracker is not installed: apt-get install opentracker");
      }
      const port = await freePort();
      const folder = await lab.makeFolder("opentracker");
      // Debian's serves only what is on its list.
      const list = Array.from({ length: 1000 }, (_, i) => `${i.toString(16).padStart(8, "0")}${"5a".repeat(16)}\n`);
      await writeFile(`${folder}/list`, list.join(""));
      const flags = ["-i", "127.0.0.1", "-p", String(port), "-P", String(port), "-d", folder, "-w", "/list"];
      // Started by root it becomes nobody, who has to read it.
      await chmod(folder, 0o755);
      const running = startUnlimited(lab, "opentracker", flags);
      await until("opentracker", () => accepts(port));
      return { running, port };
    },
  },
];

function missing(why: string): undefined {
  console.log(`left out: ${why}`);
}

function accepts(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(undefined));
  });
}
