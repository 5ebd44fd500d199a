import { describe, expect, it } from "vitest";
import { Answers } from "../../../source/discovery/dht/answers.ts";
import {
  AMPLIFICATION,
  K,
  MAX_DATAGRAM_BYTES,
  MAX_PEERS_TOLD,
  SECRET_MS,
} from "../../../source/discovery/dht/limits.ts";
import { RoutingTable } from "../../../source/discovery/dht/routing-table.ts";
import {
  type BadQuery,
  encodeKrpc,
  type Krpc,
  parseKrpc,
  type Query,
  type Question,
  type Response,
} from "../../../source/protocol/dht/krpc.ts";
import { randomIdAt, randomNodeId } from "../../../source/protocol/dht/node-id.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";
import type { Endpoint } from "../../../source/protocol/tracker/endpoint.ts";
import { seededRandom } from "../../helpers/simulation.ts";
import { VERSION } from "./network.ts";

const random = seededRandom(5);
const ASKER = { host: "192.0.2.77", port: 7_000 };
const HASH = toInfoHash(new Uint8Array(20).fill(9));

function setUp({ nodes = 40, knows = [] as readonly Endpoint[] } = {}) {
  const table = new RoutingTable(randomNodeId(random));
  for (let i = 0; i < nodes; i++) {
    table.answered({ id: randomIdAt(table.id, i % 5, random), host: `30.0.${i}.1`, port: 1 + i }, 0);
  }
  for (const endpoint of knows) table.answered({ id: randomIdAt(table.id, 90, random), ...endpoint }, 0);
  const answers = new Answers({ table: () => table, random, version: VERSION, now: 0 });
  const ask = (question: Question, { from = ASKER as Endpoint, now = 0, want = undefined as Query["want"] } = {}) => {
    const transaction = Uint8Array.of(1, 2);
    const query: Query = { type: "query", transaction, id: randomNodeId(random), readOnly: false, want, ...question };
    const asked = encodeKrpc(query, VERSION);
    const bytes = answers.to(query, from, asked.length, now);
    return { asked, bytes, answer: bytes && (parseKrpc(bytes) as Response | Extract<Krpc, { type: "error" }>) };
  };
  /** Announces peers at so many addresses. */
  const announce = (count: number, family: 4 | 6 = 4) => {
    for (let i = 0; i < count; i++) {
      const from = { host: family === 4 ? `90.${i >> 8}.${i & 255}.1` : `2001:db8:${i.toString(16)}::1`, port: 5 };
      const { answer } = ask({ method: "get_peers", infoHash: HASH }, { from });
      const { token } = answer as Response;
      ask({ method: "announce_peer", infoHash: HASH, port: 1_000 + i, token: token! }, { from });
    }
  };
  return { table, answers, ask, announce };
}

describe("a stranger", () => {
  it("is told how it is seen, and as much as a ping deserves", () => {
    const { answer, asked, bytes } = setUp().ask({ method: "ping" });
    expect(answer).toMatchObject({ type: "response", seenAs: ASKER, nodes: [], peers: [] });
    expect(bytes!.length).toBeLessThan(AMPLIFICATION * asked.length);
  });

  it("is told of the K nodes nearest to what it looks for", () => {
    const { ask, table } = setUp();
    const target = randomNodeId(random);
    const { answer } = ask({ method: "find_node", target });
    expect((answer as Response).nodes).toEqual(table.closest(target).map(({ id, host, port }) => ({ id, host, port })));
  });

  it("never gets more than three times what it sent, with peers among it", () => {
    const { ask, announce } = setUp();
    announce(150);
    const { answer, asked, bytes } = ask({ method: "get_peers", infoHash: HASH });
    expect(bytes!.length).toBeLessThanOrEqual(AMPLIFICATION * asked.length);
    expect(bytes!.length).toBeGreaterThan(2 * asked.length);
    const { peers, nodes, token } = answer as Response;
    expect(peers.length).toBeGreaterThan(3);
    expect(nodes.length).toBeGreaterThan(2);
    expect(token).toHaveLength(8);
  });

  it("gets nothing for a few bytes that ask for an error", () => {
    const { answers } = setUp();
    const bad: BadQuery = { type: "bad-query", transaction: Uint8Array.of(1), code: 204, text: "method unknown" };
    expect(answers.to(bad, ASKER, 10, 0)).toBeUndefined();
    expect(parseKrpc(answers.to(bad, ASKER, 60, 0)!)).toMatchObject({ type: "error", code: 204 });
  });
});

it("a node that has answered us gets all that fits into a datagram", () => {
  const { ask, announce } = setUp({ knows: [ASKER] });
  announce(150);
  const { answer, bytes } = ask({ method: "get_peers", infoHash: HASH });
  expect((answer as Response).peers).toHaveLength(MAX_PEERS_TOLD);
  expect((answer as Response).nodes).toHaveLength(K);
  expect(bytes!.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
});

it("peers and nodes of IPv6 fit into a datagram, too", () => {
  const from = { host: "2001:db8:ffff::1", port: 9 };
  const { ask, announce, table } = setUp({ nodes: 0, knows: [from] });
  for (let i = 1; i < 20; i++)
    table.answered({ id: randomIdAt(table.id, 0, random), host: `2001:db8:0:${i}::1`, port: 1 }, 0);
  announce(150, 6);
  const { answer, bytes } = ask({ method: "get_peers", infoHash: HASH }, { from });
  expect((answer as Response).nodes).toHaveLength(K);
  expect((answer as Response).peers.length).toBeGreaterThan(20);
  expect(bytes!.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
});

it("who wants nodes of another family gets none (BEP 32)", () => {
  const { ask } = setUp();
  const target = randomNodeId(random);
  expect((ask({ method: "find_node", target }, { want: ["n6"] }).answer as Response).nodes).toEqual([]);
  expect((ask({ method: "find_node", target }, { want: ["n4", "n6"] }).answer as Response).nodes).toHaveLength(K);
});

describe("announcing", () => {
  const tokenFor = (from: Endpoint, ask: ReturnType<typeof setUp>["ask"]) =>
    (ask({ method: "get_peers", infoHash: HASH }, { from }).answer as Response).token!;

  it("takes the port that is named, or the one it came from", () => {
    const { ask, answers } = setUp();
    const token = tokenFor(ASKER, ask);
    ask({ method: "announce_peer", infoHash: HASH, port: 51_413, token });
    ask({ method: "announce_peer", infoHash: HASH, port: undefined, token });
    const peers = answers.store.sample(HASH, 9, 0).map(({ host, port }) => ({ host, port }));
    expect(peers).toContainEqual({ host: ASKER.host, port: 51_413 });
    expect(peers).toContainEqual(ASKER);
  });

  it("with a wrong token, another's, another torrent's or an old one is error 203, and changes nothing", () => {
    const { ask, answers } = setUp();
    const token = tokenFor(ASKER, ask);
    const announce = { method: "announce_peer", infoHash: HASH, port: 1, token } as const;
    const elsewhere = { from: { ...ASKER, host: "192.0.2.78" } };
    const other = toInfoHash(new Uint8Array(20));
    for (const { answer } of [
      ask({ ...announce, token: new Uint8Array(8) }),
      ask(announce, elsewhere),
      ask({ ...announce, infoHash: other }),
      ask(announce, { now: 3 * SECRET_MS }),
    ]) {
      expect(answer).toMatchObject({ type: "error", code: 203 });
    }
    expect(answers.store.peers).toBe(0);
  });

  it("from a network of one's own is told inside of it only", () => {
    const { ask } = setUp({ nodes: 0 });
    const inside = { host: "10.0.0.5", port: 9 };
    ask({ method: "announce_peer", infoHash: HASH, port: 1, token: tokenFor(inside, ask) }, { from: inside });
    expect((ask({ method: "get_peers", infoHash: HASH }).answer as Response).peers).toEqual([]);
    const neighbour = { from: { host: "10.0.0.6", port: 1 } };
    expect((ask({ method: "get_peers", infoHash: HASH }, neighbour).answer as Response).peers).toHaveLength(1);
  });
});
