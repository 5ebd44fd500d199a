// node leech.js X.torrent FOLDER PORT: WebTorrent downloads from 127.0.0.1:PORT and ends. Prints {"event": "done", "seconds"}.
import { readFile } from "node:fs/promises";
import WebTorrent from "webtorrent";

const [torrentFile, path, port] = process.argv.slice(2);
const off = { dht: false, tracker: false, lsd: false, natUpnp: false, natPmp: false, utp: false };
// 0: no encryption, as everybody here.
const client = new WebTorrent({ ...off, secure: 0 });
const started = performance.now();
const torrent = client.add(await readFile(torrentFile), { path, announce: [] });
torrent.on("ready", () => torrent.addPeer(`127.0.0.1:${port}`));
torrent.on("done", () => {
  console.log(JSON.stringify({ event: "done", seconds: (performance.now() - started) / 1_000 }));
  client.destroy(() => process.exit(0));
});
