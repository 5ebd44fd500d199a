// transmission-daemon, told what to do over its RPC. Takes peers from 127.0.0.0/8 but never dials them.
import { readFile, writeFile } from "node:fs/promises";
import { DEADLINE_MS, freePort, type Lab, until } from "../helpers/processes.ts";
import type { ForeignClient } from "./foreign-client.ts";

const SETTINGS = {
  "rpc-bind-address": "127.0.0.1",
  "rpc-whitelist-enabled": false,
  "bind-address-ipv4": "127.0.0.1",
  "bind-address-ipv6": "::1",
  "dht-enabled": false,
  "lpd-enabled": false,
  "pex-enabled": false,
  "utp-enabled": false,
  "port-forwarding-enabled": false,
  "cache-size-mb": 1,
};

/** It looks only every 10 s whether it wants anything, and again before it asks for more: a download of a second takes it 17 to 22. */
const TICKS_MS = 20_000;

export const transmission = transmissionWith("transmission", 1);
export const encryptedTransmission = transmissionWith("transmission with encryption required", 2);

function transmissionWith(name: string, encryption: number): ForeignClient {
  const run = (lab: Lab, torrent: string, folder: string) => start(lab, torrent, folder, encryption);
  return {
    name,
    packages: "transmission-daemon",
    probe: ["transmission-daemon", "--version"],
    seed: run,
    leech: run,
  };
}

/** Adds the torrent; what lies in `folder` is checked and shared, the rest is downloaded. */
async function start(lab: Lab, torrent: string, folder: string, encryption: number) {
  const [rpcPort, port] = [await freePort(), await freePort()];
  const config = await lab.makeFolder(`transmission-${port}`);
  const settings = { ...SETTINGS, encryption, "rpc-port": rpcPort, "peer-port": port };
  await writeFile(`${config}/settings.json`, JSON.stringify(settings));
  lab.start("transmission-daemon", ["--foreground", "--config-dir", config], { endWith: "SIGKILL" });
  const rpc = new Rpc(rpcPort);
  await until("transmission's RPC", () => rpc.call("session-get").catch(() => undefined));
  const metainfo = (await readFile(torrent)).toString("base64");
  await rpc.call("torrent-add", { metainfo, "download-dir": folder });
  // 4 downloads, 6 seeds: with either the check is over.
  const status = (wanted: readonly number[], deadlineMs?: number) =>
    until(`status ${wanted} of transmission`, async () => wanted.includes(await rpc.status()) || undefined, deadlineMs);
  await status([4, 6]);
  return { port, done: () => status([6], DEADLINE_MS + TICKS_MS) };
}

class Rpc {
  readonly #url: string;
  #session = "";

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/transmission/rpc`;
  }

  async call(method: string, args: object = {}): Promise<Record<string, unknown>> {
    const body = JSON.stringify({ method, arguments: args });
    const ask = () =>
      fetch(this.#url, { method: "POST", body, headers: { "X-Transmission-Session-Id": this.#session } });
    let answer = await ask();
    if (answer.status === 409) {
      this.#session = answer.headers.get("X-Transmission-Session-Id") ?? "";
      answer = await ask();
    }
    return (await answer.json()) as Record<string, unknown>;
  }

  async status(): Promise<number> {
    const { arguments: found } = await this.call("torrent-get", { fields: ["status"] });
    return (found as { torrents: { status: number }[] }).torrents[0]?.status ?? -1;
  }
}
