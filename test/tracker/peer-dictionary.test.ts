import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { PeerDictionary, type SwarmPeer } from "../../tracker/peer-dictionary.ts";
import { addressKey, endpointOf, peerKey } from "../../tracker/peer-key.ts";
import { peerIdOf } from "./support.ts";

const hash = (n: number) => n.toString(16).padStart(40, "0") as InfoHashHex;
const key = (port: number) => peerKey(addressKey("10.0.0.1"), port);
const key6 = (port: number) => peerKey(addressKey("2001:db8::1"), port);
const peer = (port: number, more: Partial<SwarmPeer> = {}): SwarmPeer => ({
  key: key(port),
  peerId: peerIdOf(port),
  member: undefined,
  tracker: "a",
  seed: false,
  seenAt: 0,
  ...more,
});
const portOf = ({ key }: SwarmPeer) => endpointOf(key).port;
const CAPS = { swarms: 3, swarmPeers: 3, peers: 5 };
const ports = (peers: readonly SwarmPeer[]) => peers.map(portOf).toSorted((a, b) => a - b);

/** Ports of those that were silent for too long, which then go. */
function silence(dictionary: PeerDictionary, before: number): number[] {
  const silent = dictionary.silent("a", before);
  for (const { infoHash, peer } of silent) dictionary.remove(infoHash, peer.key);
  return silent.map((gone) => portOf(gone.peer));
}

test("a sample holds different peers, never the asker, never more than wanted", () => {
  const dictionary = new PeerDictionary({ swarms: 1, swarmPeers: 100, peers: 100 });
  for (let port = 1; port <= 20; port++) dictionary.put(hash(1), peer(port));
  let x = 0.1;
  const random = () => (x = (x * 7.3) % 1);
  expect(ports(dictionary.sample(hash(1), key(5), 100, random))).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1).filter((port) => port !== 5),
  );
  expect(new Set(ports(dictionary.sample(hash(1), key(5), 7, random))).size).toBe(7);
  expect(dictionary.sample(hash(1), key(5), 0, random)).toEqual([]);
  expect(dictionary.sample(hash(2), key(5), 9, random)).toEqual([]);
});

test("every peer is drawn about as often", () => {
  const dictionary = new PeerDictionary({ swarms: 1, swarmPeers: 100, peers: 100 });
  for (let port = 1; port <= 10; port++) dictionary.put(hash(1), peer(port));
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const drawn = new Map<number, number>();
  for (let i = 0; i < 2_000; i++) {
    for (const { key } of dictionary.sample(hash(1), peer(1).key, 3, random)) {
      const { port } = endpointOf(key);
      drawn.set(port, (drawn.get(port) ?? 0) + 1);
    }
  }
  expect(drawn.size).toBe(9);
  for (const count of drawn.values()) expect(Math.abs(count - 6_000 / 9)).toBeLessThan(120);
});

test("a swarm at its cap lets its oldest go, renewed ones later, connected ones last", () => {
  const dictionary = new PeerDictionary(CAPS);
  dictionary.put(hash(1), peer(1, { member: "1" }));
  dictionary.put(hash(1), peer(2));
  dictionary.put(hash(1), peer(3));
  dictionary.put(hash(1), peer(2));
  expect(dictionary.put(hash(1), peer(4)).map((dropped) => portOf(dropped.peer))).toEqual([3]);
  expect(dictionary.put(hash(1), peer(5)).map((dropped) => portOf(dropped.peer))).toEqual([2]);
  expect(dictionary.size).toBe(3);
});

test("the tracker at its caps lets the swarm go that was announced to longest ago", () => {
  const dictionary = new PeerDictionary(CAPS);
  for (const [swarm, port] of [
    [1, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [1, 5],
  ] as const)
    dictionary.put(hash(swarm), peer(port));
  expect(dictionary.put(hash(3), peer(6)).map((dropped) => dropped.infoHash)).toEqual([hash(2)]);
  expect(dictionary.put(hash(4), peer(7)).map((dropped) => dropped.infoHash)).toEqual([hash(1)]);
  expect(dictionary.size).toBeLessThanOrEqual(CAPS.peers);
  expect(dictionary.swarmCount).toBeLessThanOrEqual(CAPS.swarms);
});

test("peers not heard since a time go, connected ones stay", () => {
  const dictionary = new PeerDictionary(CAPS);
  dictionary.put(hash(1), peer(1, { member: "1", seenAt: 0 }));
  dictionary.put(hash(1), peer(2, { seenAt: 9 }));
  dictionary.put(hash(1), peer(3, { seenAt: 10 }));
  dictionary.put(hash(2), peer(4, { seenAt: 1 }));
  dictionary.put(hash(2), peer(5, { seenAt: 1, tracker: "b" }));
  expect(silence(dictionary, 10)).toEqual([2, 4]);
  expect(dictionary.size).toBe(3);
  dictionary.adopt("b", "a", 11);
  expect(silence(dictionary, 11)).toEqual([3]);
  expect(silence(dictionary, 12)).toEqual([5]);
  dictionary.silent("a", 0);
  expect(dictionary.swarmCount).toBe(1);
});

test("what is renewed is the youngest again", () => {
  const dictionary = new PeerDictionary(CAPS);
  for (const port of [1, 2, 3]) dictionary.put(hash(1), peer(port, { seenAt: port }));
  dictionary.renew(hash(1), key(1), 4);
  dictionary.renew(hash(1), key(9), 4);
  dictionary.renew(hash(9), key(1), 4);
  expect(dictionary.put(hash(1), peer(4, { seenAt: 5 })).map((dropped) => portOf(dropped.peer))).toEqual([2]);
  expect(silence(dictionary, 4)).toEqual([3]);
});

test("who asks for one family hears of that one, who asks for both of both in their proportion", () => {
  const dictionary = new PeerDictionary({ swarms: 1, swarmPeers: 100, peers: 100 });
  for (let port = 1; port <= 30; port++) dictionary.put(hash(1), peer(port));
  for (let port = 31; port <= 40; port++) dictionary.put(hash(1), peer(port, { key: key6(port) }));
  const sample = (asker: SwarmPeer["key"], family?: "ipv4" | "ipv6" | "both") =>
    ports(dictionary.sample(hash(1), asker, 20, () => 0.5, family));
  expect(sample(key6(31), "ipv6")).toEqual([32, 33, 34, 35, 36, 37, 38, 39, 40]);
  expect(sample(key(1), "ipv4").length).toBe(20);
  expect(sample(key(1)).filter((port) => port > 30).length).toBe(5);
});

test("seeds, others and completed downloads are counted", () => {
  const dictionary = new PeerDictionary(CAPS);
  dictionary.put(hash(1), peer(1));
  dictionary.put(hash(1), peer(2, { seed: true }));
  dictionary.put(hash(1), peer(1, { seed: true }));
  dictionary.completed(hash(1));
  expect(dictionary.counts(hash(1))).toEqual({ complete: 2, incomplete: 0, downloaded: 1 });
  dictionary.remove(hash(1), key(2));
  expect(dictionary.counts(hash(1))).toEqual({ complete: 1, incomplete: 0, downloaded: 1 });
});

test("after any sequence, sizes are right and within the caps", () => {
  const action = fc.record({
    do: fc.constantFrom("put", "put", "put", "remove", "sample", "expire"),
    swarm: fc.integer({ min: 1, max: 5 }),
    port: fc.integer({ min: 1, max: 8 }),
    seed: fc.boolean(),
    member: fc.option(fc.string(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const dictionary = new PeerDictionary(CAPS);
      const model = new Map<string, boolean>();
      for (const [now, { do: what, swarm, port, ...facts }] of actions.entries()) {
        const name = (infoHash: InfoHashHex, peerPort: number) => `${infoHash} ${peerPort}`;
        if (what === "put") {
          model.set(name(hash(swarm), port), facts.seed);
          for (const gone of dictionary.put(hash(swarm), peer(port, { ...facts, seenAt: now }))) {
            model.delete(name(gone.infoHash, portOf(gone.peer)));
          }
        } else if (what === "remove") {
          expect(dictionary.remove(hash(swarm), key(port)) !== undefined).toBe(model.delete(name(hash(swarm), port)));
        } else if (what === "expire") {
          for (const gone of dictionary.silent("a", now - 10)) {
            dictionary.remove(gone.infoHash, gone.peer.key);
            model.delete(name(gone.infoHash, portOf(gone.peer)));
          }
        } else {
          const sample = dictionary.sample(hash(swarm), key(port), 2, () => (now * 0.37) % 1);
          for (const drawn of sample) expect(model.has(name(hash(swarm), portOf(drawn)))).toBe(true);
        }
        expect(dictionary.size).toBe(model.size);
        expect(dictionary.size).toBeLessThanOrEqual(CAPS.peers);
        for (let n = 1; n <= 5; n++) {
          const mine = [...model].filter(([full]) => full.startsWith(hash(n)));
          const { complete, incomplete } = dictionary.counts(hash(n));
          expect([complete, complete + incomplete]).toEqual([mine.filter(([, seed]) => seed).length, mine.length]);
          expect(mine.length).toBeLessThanOrEqual(CAPS.swarmPeers);
        }
      }
    }),
  );
});
