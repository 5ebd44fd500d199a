// Peers of one network, on virtual time and without sockets.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { READ_BURST } from "../../../source/discovery/dht/limits.ts";
import { Lan, type LanOptions, type LanResult } from "../../../source/discovery/lan/lan.ts";
import { ANNOUNCE_MS, BURST_MS, GATHER_MS, LEAST_ANNOUNCE_MS, LOOK_MS } from "../../../source/discovery/lan/limits.ts";
import { toHex, toInfoHash } from "../../../source/protocol/ids.ts";
import { encodeLanAnnounce } from "../../../source/protocol/local-discovery.ts";
import type { Endpoint } from "../../../source/protocol/tracker/endpoint.ts";
import { at, FakeNetwork } from "./support.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HASH = toInfoHash(new Uint8Array(20).fill(1));
const OTHER = toInfoHash(new Uint8Array(20).fill(2));

function open(network: FakeNetwork, address = "10.0.0.1/24", options: Partial<LanOptions> = {}) {
  const told: string[] = [];
  const lan = new Lan({
    host: undefined,
    port: () => 6_881,
    tell: (text) => told.push(text),
    interfaces: () => ({ eth0: [at(address)] }),
    sockets: network.sockets,
    ...options,
  });
  const want = (infoHash = HASH) => {
    const peers: Endpoint[] = [];
    const results: LanResult[] = [];
    const stop = lan.want({ infoHash, onPeer: (peer) => peers.push(peer), onTold: (result) => results.push(result) });
    return { peers, results, stop };
  };
  return { lan, want, told };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const announce = (infoHash = HASH, port = 7) => encodeLanAnnounce({ port, infoHashes: [infoHash], cookie: "x" }, 4);

test("nothing is opened or said before something is wanted, and nothing after the last is wanted no more", async () => {
  const network = new FakeNetwork();
  const { lan, want } = open(network);
  await pass(ANNOUNCE_MS);
  expect([network.ears, network.said.length, lan.figures().state]).toEqual([0, 0, "idle"]);
  const { stop } = want();
  expect(lan.figures().state).toBe("starting");
  await pass(GATHER_MS);
  expect([network.ears, network.said.length, lan.figures().state]).toEqual([1, 1, "working"]);
  stop();
  stop();
  await pass(3 * ANNOUNCE_MS);
  expect([network.said.length, lan.figures().state]).toEqual([1, "idle"]);
  await lan.close();
  expect(network.ears).toBe(0);
  want();
  await pass(ANNOUNCE_MS);
  expect(network.said).toHaveLength(1);
});

test("two that want the same torrent find each other when the second begins, others do not", async () => {
  const network = new FakeNetwork();
  const one = open(network, "10.0.0.1/24");
  const first = one.want();
  await pass(30_000);
  const two = open(network, "10.0.0.2/24", { port: () => 7_000 });
  const third = open(network, "10.0.0.3/24").want(OTHER);
  const second = two.want();
  await pass(GATHER_MS);
  expect(first.peers).toEqual([{ host: "10.0.0.2", port: 7_000 }]);
  await pass(LEAST_ANNOUNCE_MS);
  expect(second.peers).toEqual([{ host: "10.0.0.1", port: 6_881 }]);
  expect(third.peers).toEqual([]);
  expect(one.lan.figures()).toMatchObject({ state: "working", networks: ["eth0"], torrents: 1, heard: 2 });
});

test("who wants it is told when it is told again, and hears nothing of itself", async () => {
  const network = new FakeNetwork();
  const { want, lan } = open(network);
  const { peers, results } = want();
  await pass(GATHER_MS);
  expect(results).toEqual([{ state: "working", nextAt: performance.now() + LEAST_ANNOUNCE_MS }]);
  await pass(LEAST_ANNOUNCE_MS);
  expect(results[1]).toEqual({ state: "working", nextAt: performance.now() + ANNOUNCE_MS });
  expect(peers).toEqual([]);
  expect(lan.figures()).toMatchObject({ heard: 0, dropped: 0 });
  expect(network.said[0]!.text).toMatch(
    /^BT-SEARCH .*\r\nPort: 6881\r\nInfohash: (01){20}\r\ncookie: [0-9a-f]{8}\r\n\r\n\r\n$/s,
  );
});

test("several that want one torrent all hear of a peer, and it is told once", async () => {
  const network = new FakeNetwork();
  const { want, lan } = open(network);
  const [one, two] = [want(), want()];
  await pass(GATHER_MS);
  network.deliver(announce(), "10.0.0.9");
  one.stop();
  network.deliver(announce(HASH, 8), "10.0.0.9");
  expect(one.peers).toEqual([{ host: "10.0.0.9", port: 7 }]);
  expect(two.peers).toEqual([
    { host: "10.0.0.9", port: 7 },
    { host: "10.0.0.9", port: 8 },
  ]);
  await pass(LEAST_ANNOUNCE_MS);
  expect(network.said.filter(({ from }) => from === "10.0.0.1")).toHaveLength(2);
  expect(lan.figures().torrents).toBe(1);
});

test.for(["10.0.1.9", "8.8.8.8", "127.0.0.1", "fe80::1%eth0", "::1", ""])(
  "a datagram from %s, which is not of this network, is not believed",
  async (from) => {
    const network = new FakeNetwork();
    const { want, lan } = open(network);
    const { peers } = want();
    await pass(GATHER_MS);
    network.deliver(announce(), from);
    expect(peers).toEqual([]);
    expect(lan.figures()).toMatchObject({ heard: 0, dropped: 1 });
  },
);

test("what nobody can read is dropped, and so is a flood of one address, which takes nothing from the others", async () => {
  const network = new FakeNetwork();
  const { want, lan } = open(network);
  const { peers } = want();
  await pass(GATHER_MS);
  network.deliver(new Uint8Array(1_000), "10.0.0.8");
  expect(lan.figures().dropped).toBe(1);
  for (let i = 0; i < 2_000; i++) network.deliver(announce(), "10.0.0.9");
  expect(peers).toHaveLength(READ_BURST);
  network.deliver(announce(), "10.0.0.8");
  expect(peers.at(-1)!.host).toBe("10.0.0.8");
});

test("a network that comes later is joined soon, and hears of everything at once", async () => {
  const network = new FakeNetwork();
  const interfaces: Record<string, ReturnType<typeof at>[]> = { lo: [at("127.0.0.1/8")] };
  const { want, lan, told } = open(network, "", { interfaces: () => interfaces });
  const { results } = want();
  await pass(GATHER_MS);
  expect(lan.figures()).toMatchObject({ state: "alone", networks: [] });
  expect(results.at(-1)!.state).toBe("alone");
  await pass(2 * LEAST_ANNOUNCE_MS);
  interfaces["wlan0"] = [at("192.168.1.5/24")];
  await pass(LOOK_MS + GATHER_MS);
  expect(network.said.map(({ from }) => from)).toEqual(["192.168.1.5"]);
  expect(lan.figures()).toMatchObject({ state: "working", networks: ["wlan0"] });
  await pass(LEAST_ANNOUNCE_MS);
  network.said.pop();
  interfaces["wlan0"] = [at("192.168.9.5/24")];
  await pass(LEAST_ANNOUNCE_MS);
  expect(network.said.map(({ from }) => from)).toEqual(["192.168.1.5", "192.168.9.5"]);
  expect(told).toEqual([]);
});

test("a network is joined again and again, for it may have left us without a word", async () => {
  const network = new FakeNetwork();
  open(network).want();
  await pass(3 * LOOK_MS + 10);
  expect(network.joined.length).toBeGreaterThanOrEqual(3);
});

test("after a sleep all is told at once", async () => {
  const network = new FakeNetwork();
  const { want, lan } = open(network);
  want();
  await pass(GATHER_MS + LEAST_ANNOUNCE_MS + 1);
  expect(network.said).toHaveLength(2);
  lan.woke();
  await pass(BURST_MS);
  expect(network.said).toHaveLength(3);
});

test.for(["hear", "join", "say"] as const)(
  "a machine on which it cannot %s says so once, tries again, and works when it can",
  async (what) => {
    const network = new FakeNetwork();
    network.broken[what] = "ENODEV";
    const { want, lan, told } = open(network);
    const { results } = want();
    await pass(GATHER_MS);
    expect(results.at(-1)!.state).toBe("failed");
    await pass(3 * ANNOUNCE_MS);
    expect(lan.figures()).toMatchObject({ state: "failed", networks: [] });
    expect(told).toEqual([
      "Peers of the own network are not found by multicast (eth0: ENODEV): --peer names one, --no-lan tries no more.",
    ]);
    delete network.broken[what];
    await pass(ANNOUNCE_MS);
    expect(lan.figures()).toMatchObject({ state: "working", networks: ["eth0"] });
    network.deliver(announce(), "10.0.0.9");
    expect(lan.figures().heard).toBe(1);
    expect(told).toHaveLength(1);
  },
);

test("a network that fails keeps nothing from the others", async () => {
  const network = new FakeNetwork();
  const { sockets } = network;
  const { want, lan, told } = open(network, "", {
    interfaces: () => ({ bad: [at("10.5.0.1/16")], good: [at("10.6.0.1/16")] }),
    sockets: {
      ...sockets,
      say: (on, datagrams) =>
        on.name === "bad" ? Promise.reject(new Error("no such device")) : sockets.say(on, datagrams),
    },
  });
  want();
  await pass(GATHER_MS);
  expect(lan.figures()).toMatchObject({ state: "working", networks: ["good"] });
  expect(network.said).toHaveLength(1);
  expect(told).toEqual([]);
});

test("a system that tells of no interfaces is a machine without a network", async () => {
  const network = new FakeNetwork();
  const interfaces = () => {
    throw new Error("uv_interface_addresses");
  };
  const { want, lan } = open(network, "", { interfaces });
  want();
  await pass(GATHER_MS);
  expect(lan.figures().state).toBe("alone");
});

test("closed while its socket is being opened, nothing stays open", async () => {
  const network = new FakeNetwork();
  const { want, lan } = open(network);
  want();
  vi.advanceTimersByTime(GATHER_MS);
  await lan.close();
  expect(network.ears).toBe(0);
  await pass(ANNOUNCE_MS);
  expect(network.said).toEqual([]);
});

test("many torrents share datagrams", async () => {
  const network = new FakeNetwork();
  const { want } = open(network);
  for (let n = 1; n <= 60; n++) want(toInfoHash(new Uint8Array(20).fill(n)));
  await pass(GATHER_MS);
  expect(network.said).toHaveLength(3);
  expect(network.said[2]!.text).toContain(toHex(toInfoHash(new Uint8Array(20).fill(60))));
});
