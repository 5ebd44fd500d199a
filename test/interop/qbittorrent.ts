// qbittorrent-nox, told what to do over its web API. libtorrent with qBittorrent's own settings and names for things.
import { readFile, writeFile } from "node:fs/promises";
import { freePort, type Lab, type Running, until } from "../helpers/processes.ts";
import type { ForeignClient, ForeignPeer } from "./foreign-client.ts";

const settings = (webPort: number, port: number): string => `[LegalNotice]
Accepted=true
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\Port=${webPort}
WebUI\\LocalHostAuth=false
[Network]
PortForwardingEnabled=false
[BitTorrent]
Session\\Port=${port}
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\InterfaceAddress=127.0.0.1
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\BTProtocol=TCP
Session\\MultiConnectionsPerIp=true
Session\\SSRFMitigation=false
Session\\Preallocation=false
`;

export interface QbTorrent {
  readonly state: string;
  readonly progress: number;
  readonly amount_left: number;
}

export class Qbittorrent implements ForeignPeer {
  readonly port: number;
  readonly #running: Running;
  readonly #url: string;

  private constructor(running: Running, port: number, webPort: number) {
    this.#running = running;
    this.port = port;
    this.#url = `http://127.0.0.1:${webPort}/api/v2`;
  }

  static async start(lab: Lab, profile?: string): Promise<Qbittorrent> {
    const [webPort, port] = [await freePort(), await freePort()];
    const folder = await lab.makeFolder(profile ?? `qbittorrent-${port}`);
    await lab.makeFolder(profile ?? `qbittorrent-${port}`, "qBittorrent", "config");
    await writeFile(`${folder}/qBittorrent/config/qBittorrent.conf`, settings(webPort, port));
    const running = lab.start("qbittorrent-nox", [`--profile=${folder}`], { endWith: "SIGKILL" });
    const client = new Qbittorrent(running, port, webPort);
    await until("qBittorrent's API", () => client.call("app/version").catch(() => undefined));
    return client;
  }

  /** Throws when it says no. */
  async call(path: string, fields?: Record<string, string | Blob>): Promise<string> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields ?? {})) {
      if (typeof value === "string") form.set(name, value);
      else form.set(name, value, "x.torrent");
    }
    const body = fields && Object.keys(fields).length > 0 ? { body: form } : {};
    const answer = await fetch(`${this.#url}/${path}`, fields ? { method: "POST", ...body } : {});
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  /** Adds a torrent file or a magnet link; what lies in `folder` is checked. */
  async add(torrent: string, folder: string, more: Record<string, string> = {}): Promise<void> {
    const what: Record<string, string | Blob> = torrent.startsWith("magnet:")
      ? { urls: torrent }
      : { torrents: new Blob([await readFile(torrent)]) };
    await this.call("torrents/add", { ...what, savepath: folder, ...more });
  }

  /** The only torrent. */
  async torrent(): Promise<QbTorrent | undefined> {
    const [found] = JSON.parse(await this.call("torrents/info")) as QbTorrent[];
    return found;
  }

  async until(what: string, matches: (torrent: QbTorrent) => boolean): Promise<unknown> {
    return until(`${what} in qBittorrent`, async () => {
      const found = await this.torrent();
      return found && matches(found) ? found : undefined;
    });
  }

  /** It saves what it has, and ends. */
  async stop(): Promise<void> {
    await this.call("app/shutdown", {});
    await this.#running.end();
  }

  done(): Promise<unknown> {
    return this.until("all", ({ state, progress }) => progress === 1 && /UP$|uploading/.test(state));
  }
}

export const qbittorrent: ForeignClient = {
  name: "qBittorrent",
  packages: "qbittorrent-nox",
  probe: ["qbittorrent-nox", "--version"],
  async seed(lab, torrent, folder) {
    const client = await Qbittorrent.start(lab);
    await client.add(torrent, folder);
    await client.done();
    return client;
  },
  async leech(lab, torrent, folder) {
    const client = await Qbittorrent.start(lab);
    await client.add(torrent, folder);
    await client.until("the check", ({ state }) => !/^checking|metaDL|unknown/.test(state));
    return client;
  },
};
