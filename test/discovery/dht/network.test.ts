// A DHT of hundreds of nodes on virtual time: what was announced is found, whoever is dead or lies.
import { beforeAll, expect, test } from "vitest";
import type { Contact } from "../../../source/protocol/dht/krpc.ts";
import { type NodeId, randomNodeId, toNodeId } from "../../../source/protocol/dht/node-id.ts";
import type { InfoHash } from "../../../source/protocol/ids.ts";
import { MAX_ASKED } from "../../../source/discovery/dht/limits.ts";
import { answerOf, liar, type Member, Network } from "./network.ts";

const PORT = 51_413;
let network: Network;
let infoHash: InfoHash;
let seed: Member;

beforeAll(() => {
  network = new Network(1);
  network.grow(200);
  infoHash = network.infoHash();
  seed = network.members[20]!;
  expect(network.search(seed, infoHash, PORT)).toEqual([]);
});

const announced = () => ({ host: seed.endpoint.host, port: PORT });

test("anybody finds who was announced, with few questions", () => {
  for (const at of [0, 100, 199]) {
    const before = network.sent;
    expect(network.search(network.members[at]!, infoHash)).toContainEqual(announced());
    expect(network.sent - before).toBeLessThan(150);
  }
});

test("who is new finds it, too, and a stranger's torrent has no peers", () => {
  const newcomer = network.join([network.members[7]!.endpoint]);
  network.run(20_000);
  expect(newcomer.node.size).toBeGreaterThanOrEqual(8);
  expect(network.search(newcomer, infoHash)).toContainEqual(announced());
  expect(network.search(newcomer, network.infoHash())).toEqual([]);
});

test("a table is full of nodes near and far after it has looked around", () => {
  const sizes = network.members.map(({ node }) => node.size).toSorted((a, b) => a - b);
  expect(sizes[0]).toBeGreaterThanOrEqual(8);
  expect(sizes.at(-1)).toBeLessThan(200);
});

test("with 30 % of the nodes dead it is still found", () => {
  const gone = network.members.filter((member, i) => i % 10 < 3 && member !== seed && i !== 199);
  expect(gone.length).toBeGreaterThan(55);
  for (const member of gone) network.kill(member);
  expect(network.search(network.members[199]!, infoHash)).toContainEqual(announced());
  // The next ones do not ask the same dead again for ever.
  network.run(20 * 60_000);
  const lost = [...network.lost.values()].reduce((sum, count) => sum + count, 0);
  network.search(seed, infoHash, PORT);
  expect([...network.lost.values()].reduce((sum, count) => sum + count, 0) - lost).toBeLessThan(60);
});

/** Ids that are nearer to the torrent than any honest one. */
function nearTo(target: Uint8Array): NodeId {
  const id = randomNodeId(network.random);
  id.set(target.subarray(0, 12));
  return toNodeId(id);
}

type Lie = Parameters<typeof liar>[2];

/** Whatever an answer may hold that leads nowhere good. */
const LIES: Readonly<Record<string, (self: Contact) => Lie>> = {
  garbage: () => () => Uint8Array.from({ length: 100 }, () => Math.floor(network.random() * 256)),
  "itself alone, under many ids": ({ id, host, port }) => {
    return (query) => {
      const nodes = Array.from({ length: 8 }, () => ({ id: nearTo(infoHash), host, port }));
      return answerOf(query, { id, nodes, token: new Uint8Array(8) });
    };
  },
  "another id each time": () => (query) => answerOf(query, { id: nearTo(infoHash) }),
  "addresses that are nobody's": ({ id }) => {
    const hosts = ["127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "10.0.0.1", "192.168.1.1", "240.0.0.1"];
    const peers = hosts.map((host) => ({ host, port: 80 }));
    return (query) => {
      const nodes = hosts.map((host) => ({ host, port: 6881, id: nearTo(infoHash) }));
      return answerOf(query, { id, nodes, peers, token: new Uint8Array(8) });
    };
  },
  "ever nearer nodes that are not there": ({ id }) => {
    return (query) => {
      const nodes = Array.from({ length: 16 }, () => ({ ...network.freshEndpoint(), id: nearTo(infoHash) }));
      return answerOf(query, { id, nodes, token: new Uint8Array(8) });
    };
  },
  "another transaction": ({ id }) => {
    return (query) => answerOf({ transaction: query.transaction.map((byte) => byte ^ 1) }, { id });
  },
  "the asker's own id": () => (query) => answerOf(query, { id: query.id }),
};

test.each(Object.entries(LIES))("liars that answer with %s do not hide it, nor hold a search up", (_, lie) => {
  network = new Network(9);
  network.grow(40);
  infoHash = network.infoHash();
  seed = network.members[3]!;
  network.search(seed, infoHash, PORT);
  const asker = network.members[30]!;
  for (let i = 0; i < 6; i++) {
    const self = { ...network.freshEndpoint(), id: nearTo(infoHash) };
    liar(network, self, lie(self));
    asker.node.heardOf(self, network.now);
  }
  network.wake(asker);
  network.run(10_000);
  const [sent, began] = [network.sent, network.now];
  const found = network.search(asker, infoHash);
  expect(found).toContainEqual(announced());
  expect(network.now - began).toBeLessThan(90_000);
  expect(network.sent - sent).toBeLessThan(3 * MAX_ASKED);
  for (const { host } of found) expect(host).toMatch(/^2\d\./);
  for (const key of network.lost.keys()) expect(key).toMatch(/^2\d\./);
});
