import { expect, test } from "vitest";
import { MAX_HASHES, MAX_PEERS_OF_HASH, MAX_STORED_PEERS, PEER_MS } from "../../../source/discovery/dht/limits.ts";
import { PeerStore } from "../../../source/discovery/dht/peer-store.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";
import { seededRandom } from "../../helpers/simulation.ts";

const hashOf = (n: number) => toInfoHash(Uint8Array.from({ length: 20 }, (_, i) => (i < 2 ? (n >> (8 * i)) & 255 : 0)));
const peer = (n: number) => ({ host: `60.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 1 });
const HASH = hashOf(1);
const open = () => new PeerStore(seededRandom(1));

test("tells whom it was told of, for half an hour from the last time", () => {
  const store = open();
  store.add(HASH, peer(1), 0);
  store.add(HASH, peer(2), 10);
  store.add(HASH, peer(1), 20);
  expect([store.hashes, store.peers]).toEqual([1, 2]);
  expect(store.sample(HASH, 9, PEER_MS + 9)).toHaveLength(2);
  expect(store.sample(HASH, 9, PEER_MS + 10)).toMatchObject([peer(1)]);
  store.tick(PEER_MS + 10);
  expect(store.peers).toBe(1);
  store.tick(PEER_MS + 20);
  expect([store.hashes, store.peers]).toEqual([0, 0]);
  expect(store.sample(hashOf(2), 9, 0)).toEqual([]);
});

test("tells of as many as are asked for, others each time", () => {
  const store = open();
  for (let i = 0; i < 100; i++) store.add(HASH, peer(i), 0);
  const samples = Array.from({ length: 20 }, () => store.sample(HASH, 10, 0).map(({ host }) => host));
  for (const sample of samples) expect(new Set(sample).size).toBe(10);
  expect(new Set(samples.flat()).size).toBeGreaterThan(70);
  expect(store.sample(HASH, 0, 0)).toEqual([]);
});

test("keeps so many peers of a torrent, the latest", () => {
  const store = open();
  for (let i = 0; i < MAX_PEERS_OF_HASH; i++) store.add(HASH, peer(i), i);
  expect(store.peers).toBe(MAX_PEERS_OF_HASH);
  store.add(HASH, peer(MAX_PEERS_OF_HASH), MAX_PEERS_OF_HASH);
  expect(store.peers).toBe(MAX_PEERS_OF_HASH);
  const hosts = store.sample(HASH, 1_000, 300).map(({ host }) => host);
  expect(hosts).not.toContain(peer(0).host);
  expect(hosts).toContain(peer(MAX_PEERS_OF_HASH).host);
});

test("keeps so many torrents, those that were announced last", () => {
  const store = open();
  for (let i = 0; i < MAX_HASHES; i++) store.add(hashOf(i), peer(i), i);
  store.add(hashOf(0), peer(0), MAX_HASHES);
  store.add(hashOf(MAX_HASHES), peer(1), MAX_HASHES);
  expect([store.hashes, store.peers]).toEqual([MAX_HASHES, MAX_HASHES]);
  expect(store.sample(hashOf(0), 1, MAX_HASHES)).toHaveLength(1);
  expect(store.sample(hashOf(1), 1, MAX_HASHES)).toHaveLength(0);
});

test("keeps so many peers in all", () => {
  const store = open();
  for (let i = 0; i < MAX_STORED_PEERS + 500; i++) store.add(hashOf(i % 100), peer(i), i);
  expect(store.peers).toBeLessThanOrEqual(MAX_STORED_PEERS);
  expect(store.peers).toBeGreaterThan(MAX_STORED_PEERS - MAX_PEERS_OF_HASH);
});
