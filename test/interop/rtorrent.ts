// rtorrent, without its screen: it tells of what happens by running `echo` into a file. Its DHT knows no node and is asked nothing: without it
// rtorrent takes no torrent that names no tracker.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { freePort, type Lab, until } from "../helpers/processes.ts";
import type { ForeignClient } from "./foreign-client.ts";

const settings = (folder: string, home: string, port: number): string => `
system.daemon.set = true
session.path.set = ${home}/session
directory.default.set = ${folder}
network.port_range.set = ${port}-${port}
network.port_random.set = no
network.bind_address.set = 127.0.0.1
network.local_address.set = 127.0.0.1
dht.mode.set = on
dht.port.set = ${port}
protocol.pex.set = no
protocol.encryption.set = allow_incoming,try_outgoing,enable_retry
trackers.use_udp.set = no
pieces.hash.on_completion.set = no
log.open_file = "log", ${home}/log
log.add_output = "connection_info", "log"
log.add_output = "tracker_info", "log"
method.set_key = event.download.hash_done, told, "execute2={sh,-c,echo \\"checked $0\\" >>${home}/told,$d.complete=}"
method.set_key = event.download.finished, told, "execute2={sh,-c,echo finished >>${home}/told}"
`;

async function start(lab: Lab, torrent: string, folder: string) {
  const port = await freePort();
  const home = await lab.makeFolder(`rtorrent-${port}`);
  await mkdir(`${home}/session`);
  await writeFile(`${home}/told`, "");
  await writeFile(`${home}/rtorrent.rc`, settings(folder, home, port));
  lab.start("rtorrent", ["-n", "-o", `import=${home}/rtorrent.rc`, "-o", `load.start=${torrent}`], {
    endWith: "SIGKILL",
  });
  const told = async (words: RegExp) => {
    const isTold = async () => words.test(await readFile(`${home}/told`, "utf8")) || undefined;
    try {
      return await until(`${words} of rtorrent`, isTold);
    } catch (error) {
      const log = await readFile(`${home}/log`, "utf8").catch(() => "");
      throw new Error(`${String(error)} It says:\n${log}`, { cause: error });
    }
  };
  await told(/checked/);
  return { port, done: () => told(/finished|checked 1/) };
}

export const rtorrent: ForeignClient = {
  name: "rtorrent",
  packages: "rtorrent",
  probe: ["rtorrent", "-h"],
  seed: start,
  leech: start,
};
