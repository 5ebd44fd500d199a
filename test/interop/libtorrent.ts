// libtorrent (qBittorrent, Deluge and many more), through its Python binding. Encrypts where it can, as by default.
import { join } from "node:path";
import type { Lab, Running } from "../helpers/processes.ts";
import type { ForeignClient } from "./foreign-client.ts";

/** Debian's Python: the binding is built for this one. */
export const PYTHON = "/usr/bin/python3";
export const LIBTORRENT = join(import.meta.dirname, "libtorrent-peer.py");

export const libtorrent = libtorrentWith("libtorrent");
export const encryptedLibtorrent = libtorrentWith("libtorrent with encryption required", "--encrypted");

function libtorrentWith(name: string, ...flags: string[]): ForeignClient {
  return {
    name,
    packages: "python3-libtorrent",
    probe: [PYTHON, "-c", "import libtorrent"],
    async seed(lab, torrent, folder) {
      return peer(startLibtorrent(lab, ["seed", torrent, folder, ...flags]));
    },
    async leech(lab, torrent, folder) {
      return peer(startLibtorrent(lab, ["leech", torrent, folder, ...flags]));
    },
  };
}

export function startLibtorrent(lab: Lab, args: readonly string[]): Running {
  return lab.start(PYTHON, [LIBTORRENT, ...args], { endWith: "SIGKILL" });
}

async function peer(running: Running) {
  const { port } = await running.json("listening");
  return { port: Number(port), done: () => running.json("done") };
}
