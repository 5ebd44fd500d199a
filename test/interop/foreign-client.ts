// What the interop tests need of somebody else's BitTorrent client.
import { spawnSync } from "node:child_process";
import { describe, test } from "vitest";
import type { Lab } from "../helpers/processes.ts";

export interface ForeignPeer {
  /** TCP port on 127.0.0.1 that takes peers. */
  readonly port: number;
  /** Resolves when it has everything, checked. */
  readonly done: () => Promise<unknown>;
}

export interface ForeignClient {
  readonly name: string;
  /** Debian packages to install. */
  readonly packages: string;
  /** A command that succeeds where the client is installed. */
  readonly probe: readonly [string, ...string[]];
  /** Shares what lies whole in `folder`. Resolves when it takes connections. */
  seed(lab: Lab, torrent: string, folder: string): Promise<ForeignPeer>;
  /** Downloads to `folder`, with peers from the torrent's tracker and those that dial it. */
  leech(lab: Lab, torrent: string, folder: string): Promise<ForeignPeer>;
}

/**
 * A block of tests with this client, side by side, for they mostly wait. Where it is missing they are skipped, and that is said aloud; with
 * STA_INTEROP=required they fail.
 */
export function describeClient(client: Pick<ForeignClient, "name" | "packages" | "probe">, tests: () => void): void {
  const [file, ...args] = client.probe;
  if (spawnSync(file, args, { stdio: "ignore" }).status === 0) {
    describe.concurrent(client.name, { timeout: 60_000 }, tests);
    return;
  }
  const missing = `${client.name} is not installed: apt-get install ${client.packages}`;
  if (process.env.STA_INTEROP === "required") {
    test(`${client.name} is installed`, () => Promise.reject(new Error(missing)));
    return;
  }
  process.stderr.write(`\nSKIPPED: all interop tests with ${client.name}, because ${missing}\n`);
  describe.skip(`${client.name} (not installed)`, tests);
}
