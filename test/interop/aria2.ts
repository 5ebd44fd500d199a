// aria2: knows only the peers that its tracker names, and those that dial it.
import { freePort, type Lab } from "../helpers/processes.ts";
import type { ForeignClient } from "./foreign-client.ts";

const FLAGS = [
  "--enable-dht=false",
  "--bt-enable-lpd=false",
  "--enable-peer-exchange=false",
  "--disable-ipv6=true",
  "--interface=127.0.0.1",
  "--file-allocation=none",
  "--allow-overwrite=true",
  "--seed-ratio=0.0",
  "--no-conf=true",
  "--summary-interval=0",
  // Says `GID FILES PATH` when all is there.
  "--on-bt-download-complete=/bin/echo",
];

export const aria2 = aria2With("aria2");
/** Its DHT begins with this node. */
export const aria2InDht = (node: string, state: string): ForeignClient =>
  aria2With(
    "aria2 in the DHT",
    "--enable-dht=true",
    `--dht-entry-point=${node}`,
    `--dht-file-path=${state}`,
    "--dht-listen-port=20000-29999",
  );

export const encryptedAria2 = aria2With("aria2 with encryption required", "--bt-force-encryption=true");

function aria2With(name: string, ...flags: string[]): ForeignClient {
  return {
    name,
    packages: "aria2",
    probe: ["aria2c", "--version"],
    async seed(lab, torrent, folder) {
      return start(lab, ["--check-integrity=true", `--dir=${folder}`, ...flags, torrent]);
    },
    async leech(lab, torrent, folder) {
      return start(lab, [`--dir=${folder}`, ...flags, torrent]);
    },
  };
}

async function start(lab: Lab, args: readonly string[]) {
  const port = await freePort();
  // Asked to end, it takes 3 s for it.
  const running = lab.start(
    "aria2c",
    [...FLAGS, `--stop-with-process=${process.pid}`, `--listen-port=${port}`, ...args],
    { endWith: "SIGKILL" },
  );
  await running.line((line) => line.includes(`listening on TCP port ${port}`));
  return { port, done: () => running.line((line) => /^[0-9a-f]{16} [0-9]+ /.test(line)) };
}
