// openDht: our node of the DHT, with what it keeps in the state folder and whom it begins with.
import { readFile } from "node:fs/promises";
import { isLoopback } from "../protocol/tracker/endpoint.ts";
import { Dht } from "../discovery/dht/dht.ts";
import { atomicWrite } from "../storage/atomic-write.ts";
import { toStorageError } from "../storage/errors.ts";
import type { Address } from "../swarm/events.ts";

/** Who answers to everybody who is new: run by BitTorrent Inc., Transmission and libtorrent. */
const ROUTERS: readonly Address[] = [
  { host: "router.bittorrent.com", port: 6881 },
  { host: "dht.transmissionbt.com", port: 6881 },
  { host: "dht.libtorrent.org", port: 25_401 },
];

export interface OpenDhtOptions {
  readonly version: string;
  readonly host: string | undefined;
  /** Nodes that a person named; none: the routers, but from one's own machine. */
  readonly nodes: readonly Address[];
  /** The TCP port that takes peers. */
  readonly port: () => number;
  /** The file of the state folder that it keeps. */
  readonly path: string;
  readonly tell: (text: string) => void;
}

/** Nothing is sent before something is wanted of it. */
export function openDht({ version, host, nodes, port, path, tell }: OpenDhtOptions): Dht {
  const isPrivate = host !== undefined && (isLoopback(host) || host === "localhost");
  const failed = (error: unknown) =>
    tell(`The nodes of the DHT are not remembered: ${toStorageError(error, path).message}`);
  return new Dht({
    host,
    port,
    nodes: nodes.length > 0 || isPrivate ? nodes : ROUTERS,
    areKept: nodes.length > 0,
    version: versionBytes(version),
    load: () =>
      readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") failed(error);
        return undefined;
      }),
    save: (bytes) => atomicWrite(path, bytes).catch(failed),
    tell,
  });
}

/** `SA`, and 0.1 as two bytes. */
function versionBytes(version: string): Uint8Array {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) & 0xff);
  return Uint8Array.of(0x53, 0x41, major, minor);
}
