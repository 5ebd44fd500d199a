// A node of the DHT on a socket of this machine, which goes when the test ends.
import { expect, onTestFinished, vi } from "vitest";
import { Dht, type DhtOptions } from "../../../source/discovery/dht/dht.ts";
import { randomNodeId } from "../../../source/protocol/dht/node-id.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";

/** One that has not begun; it knows nobody unless `options` say so. */
export function openDht(options: Partial<DhtOptions> = {}, atEnd = onTestFinished): Dht {
  const dht = new Dht({
    host: "127.0.0.1",
    port: () => 0,
    nodes: [],
    areKept: true,
    version: new Uint8Array(4),
    load: () => Promise.resolve(undefined),
    save: () => Promise.resolve(),
    tell: () => undefined,
    ...options,
  });
  atEnd(() => dht.close());
  return dht;
}

/** One that answers, for others to begin with: it looks for a torrent that nobody has. */
export async function startDht(options: Partial<DhtOptions> = {}, atEnd = onTestFinished) {
  const dht = openDht(options, atEnd);
  const infoHash = toInfoHash(new Uint8Array(randomNodeId(Math.random)));
  dht.want({ infoHash, port: () => undefined, isHungry: () => false, onPeers: () => undefined });
  await vi.waitFor(() => expect(dht.port).toBeGreaterThan(0));
  return { dht, address: { host: options.host ?? "127.0.0.1", port: dht.port } };
}
