// A DHT of hundreds of nodes on virtual time: what was announced is found, whoever is dead or lies.
import { expect, test } from "vitest";
import { Network } from "./network.ts";

test("in a network of 200 nodes anybody finds who was announced", () => {
  const network = new Network(1);
  network.grow(200);
  const [seed, asker] = [network.members[20]!, network.members[180]!];
  const infoHash = network.infoHash();
  expect(network.search(seed, infoHash, 51_413)).toEqual([]);
  const found = network.search(asker, infoHash);
  expect(found).toContainEqual({ host: seed.endpoint.host, port: 51_413 });
});
