// The DHT on real sockets of this machine.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Dht, DhtOptions } from "../../../source/discovery/dht/dht.ts";
import { parseState } from "../../../source/discovery/dht/saved-state.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";
import type { Endpoint } from "../../../source/protocol/tracker/endpoint.ts";
import { openDht } from "./support.ts";

const HASH = toInfoHash(new Uint8Array(20).fill(5));

function open(options: Partial<DhtOptions> = {}) {
  const saved: Uint8Array[] = [];
  const told: string[] = [];
  const dht = openDht({
    save: (bytes) => Promise.resolve(void saved.push(bytes)),
    tell: (text) => told.push(text),
    ...options,
  });
  /** Looks for the torrent, and announces `port` if there is one. */
  const want = (port?: number) => {
    const peers: Endpoint[] = [];
    const stop = dht.want({
      infoHash: HASH,
      port: () => port,
      isHungry: () => false,
      onPeers: (more) => peers.push(...more),
    });
    return { peers, stop };
  };
  return { dht, want, saved, told };
}

const at = (dht: Dht) => ({ host: "127.0.0.1", port: dht.port });
const begun = (dht: Dht) => vi.waitFor(() => expect(dht.port).toBeGreaterThan(0));

test("nothing is opened before something is wanted", async () => {
  const { dht } = open();
  expect(dht.figures()).toMatchObject({ state: "idle", port: 0 });
  dht.heardOf({ host: "127.0.0.1", port: 1 });
  await dht.close();
  expect(dht.port).toBe(0);
});

test("who looks for a torrent through a third finds who announced it", async () => {
  const middle = open();
  middle.want();
  await begun(middle.dht);
  const seed = open({ nodes: [at(middle.dht)] });
  seed.want(4_711);
  await vi.waitFor(() => expect(middle.dht.figures().storedPeers).toBe(1));
  const asker = open({
    nodes: [{ host: "middle.test", port: middle.dht.port }],
    resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
  });
  const { peers } = asker.want();
  await vi.waitFor(() => expect(peers).toContainEqual({ host: "127.0.0.1", port: 4_711 }));
  expect(asker.dht.figures()).toMatchObject({ state: "working", torrents: 1, sendErrors: 0 });
});

test("what it knows is saved when it ends, and enough to begin with the next time", async () => {
  const middle = open();
  middle.want();
  await begun(middle.dht);
  const first = open({ nodes: [at(middle.dht)] });
  first.want();
  await vi.waitFor(() => expect(first.dht.figures().nodes).toBe(1));
  await first.dht.close();
  expect(first.saved).toHaveLength(1);
  expect(parseState(first.saved[0]!)!.contacts).toMatchObject([at(middle.dht)]);
  const again = open({ load: () => Promise.resolve(first.saved[0]) });
  again.want();
  await vi.waitFor(() => expect(again.dht.figures().nodes).toBe(1));
});

test("what was saved and is damaged counts as nothing", async () => {
  const { dht, want, told } = open({ load: () => Promise.resolve(new Uint8Array(100)) });
  want();
  await begun(dht);
  expect(dht.figures()).toMatchObject({ state: "starting", nodes: 0 });
  expect(told).toEqual([]);
});

test("its port is that which is wanted, or another when that is taken", async () => {
  const other = createSocket("udp4");
  other.bind(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address();
  const second = open({ port: () => port });
  second.want();
  await begun(second.dht);
  expect(second.dht.port).not.toBe(port);
  other.close();
  await once(other, "close");
  const first = open({ port: () => port });
  first.want();
  await begun(first.dht);
  expect(first.dht.port).toBe(port);
});

test("an address that is not of this machine is said once, and it is left at that", async () => {
  const { dht, want, told } = open({ host: "192.0.2.1" });
  want();
  await vi.waitFor(() => expect(dht.figures().state).toBe("failed"));
  want();
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("no UDP port");
});

test("what cannot be sent is counted and not thrown", async () => {
  const { dht, want } = open({ nodes: [{ host: "192.0.2.1", port: 1 }] });
  want();
  await begun(dht);
  // From 127.0.0.1 nothing leaves this machine.
  dht.heardOf({ host: "198.51.100.1", port: 1 });
  await vi.waitFor(() => expect(dht.figures().sendErrors).toBeGreaterThan(0));
});

test("nodes that a torrent names are asked, on this machine those of this machine alone", async () => {
  const middle = open();
  middle.want();
  await begun(middle.dht);
  const asked: string[] = [];
  const { dht } = open({ resolve: (name) => (asked.push(name), Promise.resolve([])) });
  const nodes = [at(middle.dht), { host: "198.51.100.1", port: 1 }, { host: "a.name", port: 1 }];
  dht.want({ infoHash: HASH, port: () => undefined, isHungry: () => false, onPeers: () => undefined }, nodes);
  await vi.waitFor(() => expect(dht.figures().nodes).toBe(1));
  expect(dht.figures().sendErrors).toBe(0);
  expect(asked).toEqual([]);
});

test("that nobody answers is said once, after a minute, where there is somebody to begin with", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const [lonely, alone] = [open({ nodes: [{ host: "127.0.0.1", port: 1 }] }), open()];
  for (const { want, dht } of [lonely, alone]) {
    want();
    await begun(dht);
    expect(dht.figures().state).toBe("starting");
    expect(dht.problem).toBeUndefined();
  }
  const wakes = vi.spyOn(globalThis, "setTimeout");
  vi.advanceTimersByTime(3_600_000);
  // It sleeps between its tries.
  expect(wakes.mock.calls.length).toBeLessThan(1_000);
  for (const { dht } of [lonely, alone]) expect(dht.figures().state).toBe("alone");
  expect(lonely.told).toEqual([expect.stringContaining(`UDP port ${lonely.dht.port}`)]);
  expect(lonely.told).toEqual([lonely.dht.problem]);
  expect(alone.told).toEqual([]);
  expect(alone.dht.problem).toBeUndefined();
});

test("on IPv6 alone it speaks IPv6", async () => {
  const middle = open({ host: "::1" });
  middle.want();
  await begun(middle.dht);
  const seed = open({ host: "::1", nodes: [{ host: "::1", port: middle.dht.port }] });
  seed.want(4_711);
  await vi.waitFor(() => expect(middle.dht.figures().storedPeers).toBe(1));
});

test("ended while it begins it leaves nothing open", async () => {
  const { dht, want } = open();
  const { stop } = want();
  stop();
  await dht.close();
  await dht.close();
  want();
  expect(dht.figures()).toMatchObject({ torrents: 0 });
});
