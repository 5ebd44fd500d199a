import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { type NewPeer, PeerDictionary, peerKey } from "../../tracker/peer-dictionary.ts";
import { peerIdOf } from "./support.ts";

const hash = (n: number) => n.toString(16).padStart(40, "0") as InfoHashHex;
const peer = (port: number, more: Partial<NewPeer> = {}): NewPeer => ({
  host: "10.0.0.1",
  port,
  peerId: peerIdOf(port),
  connection: undefined,
  seed: false,
  seenAt: 0,
  ...more,
});
const key = (port: number) => peerKey("10.0.0.1", port);
const CAPS = { swarms: 3, swarmPeers: 3, peers: 5 };
const ports = (peers: readonly { port: number }[]) => peers.map(({ port }) => port).toSorted((a, b) => a - b);

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
    for (const { port } of dictionary.sample(hash(1), key(1), 3, random)) drawn.set(port, (drawn.get(port) ?? 0) + 1);
  }
  expect(drawn.size).toBe(9);
  for (const count of drawn.values()) expect(Math.abs(count - 6_000 / 9)).toBeLessThan(120);
});

test("a swarm at its cap lets its oldest go, renewed ones later, connected ones last", () => {
  const dictionary = new PeerDictionary(CAPS);
  dictionary.put(hash(1), peer(1, { connection: 1 }));
  dictionary.put(hash(1), peer(2));
  dictionary.put(hash(1), peer(3));
  dictionary.put(hash(1), peer(2));
  expect(dictionary.put(hash(1), peer(4)).map((dropped) => dropped.peer.port)).toEqual([3]);
  expect(dictionary.put(hash(1), peer(5)).map((dropped) => dropped.peer.port)).toEqual([2]);
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
  dictionary.put(hash(1), peer(1, { connection: 1, seenAt: 0 }));
  dictionary.put(hash(1), peer(2, { seenAt: 9 }));
  dictionary.put(hash(1), peer(3, { seenAt: 10 }));
  dictionary.put(hash(2), peer(4, { seenAt: 1 }));
  expect(dictionary.expire(10).map((dropped) => dropped.peer.port)).toEqual([2, 4]);
  expect(dictionary.swarmCount).toBe(1);
  expect(dictionary.size).toBe(2);
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
    connection: fc.option(fc.integer(), { nil: undefined }),
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
            model.delete(name(gone.infoHash, gone.peer.port));
          }
        } else if (what === "remove") {
          expect(dictionary.remove(hash(swarm), key(port)) !== undefined).toBe(model.delete(name(hash(swarm), port)));
        } else if (what === "expire") {
          for (const gone of dictionary.expire(now - 10)) model.delete(name(gone.infoHash, gone.peer.port));
        } else {
          const sample = dictionary.sample(hash(swarm), key(port), 2, () => (now * 0.37) % 1);
          for (const drawn of sample) expect(model.has(name(hash(swarm), drawn.port))).toBe(true);
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
