import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BOOTSTRAP_AGAIN_MS,
  BOOTSTRAP_MOST_MS,
  QUIET_MS,
  READ_BURST,
  SAVED_FIRST_MS,
  VOTES_NEEDED,
} from "../../../source/discovery/dht/limits.ts";
import { DhtNode, type DhtNodeOptions } from "../../../source/discovery/dht/node.ts";
import { type Bencodable, encode, utf8 } from "../../../source/protocol/bencode.ts";
import {
  encodeKrpc,
  type Krpc,
  parseKrpc,
  type Query,
  type Question,
  type Response,
} from "../../../source/protocol/dht/krpc.ts";
import { isSecureNodeId, randomNodeId, toNodeId } from "../../../source/protocol/dht/node-id.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";
import type { Endpoint } from "../../../source/protocol/tracker/endpoint.ts";
import { seededRandom } from "../../helpers/simulation.ts";
import { answerOf, VERSION } from "./network.ts";

const random = seededRandom(11);
const THERE = { host: "20.0.0.1", port: 6881 };
const HASH = toInfoHash(new Uint8Array(20).fill(3));

/** One of our nodes, and what it sent. */
function open(options: Partial<DhtNodeOptions> = {}) {
  const sent: { to: Endpoint; bytes: Uint8Array; message: Krpc }[] = [];
  let routersNeeded = 0;
  const node = new DhtNode({
    family: 4,
    version: VERSION,
    random,
    send: (bytes, to) => sent.push({ to, bytes, message: parseKrpc(bytes) as Krpc }),
    needRouters: () => routersNeeded++,
    now: 0,
    ...options,
  });
  const queries = () =>
    sent.filter(({ message }) => message.type === "query").map(({ to, message }) => ({ to, ...(message as Query) }));
  /** Lets time pass, step by step as it asks for. */
  const run = (until: number) => {
    for (let now = Math.max(0, node.nextTick()); now <= until; now = Math.max(now + 1, node.nextTick())) node.tick(now);
  };
  return { node, sent, queries, run, routersNeeded: () => routersNeeded };
}

const ping = (more: Partial<Query> = {}) =>
  encodeKrpc(
    {
      type: "query",
      transaction: utf8("pp"),
      id: randomNodeId(random),
      readOnly: false,
      want: undefined,
      method: "ping",
      ...more,
    } as Query,
    VERSION,
  );

const contactAt = (n: number) => ({ id: randomNodeId(random), host: `21.0.${n}.1`, port: 6881 });

describe("a question", () => {
  it("is answered, and who asked is asked whether it is a node", () => {
    const { node, sent, queries } = open();
    node.receive(ping(), THERE, 0);
    expect(sent.map(({ message }) => message.type)).toEqual(["response", "query"]);
    const [query] = queries();
    expect(query).toMatchObject({ to: THERE, method: "ping" });
    expect(node.size).toBe(0);
    node.receive(answerOf(query!, { id: toNodeId(new Uint8Array(20).fill(1)) }), THERE, 10);
    expect(node.size).toBe(1);
  });

  it("of who answers nobody is answered, and that is all (BEP 43)", () => {
    const { node, sent } = open();
    node.receive(ping({ readOnly: true }), THERE, 0);
    expect(sent.map(({ message }) => message.type)).toEqual(["response"]);
  });

  it("too many from one address are not read", () => {
    const { node, sent } = open();
    for (let i = 0; i < READ_BURST + 10; i++) node.receive(ping({ readOnly: true }), THERE, 0);
    expect(sent).toHaveLength(READ_BURST);
    expect(node.dropped).toBe(10);
  });

  it("of more bytes than anybody sends is not read", () => {
    const { node, sent } = open();
    const padded = (bytes: number) => {
      const length = bytes - ping().length - 10;
      return encode({ t: "pp", y: "q", q: "ping", a: { id: node.id }, x: "x".repeat(length) });
    };
    node.receive(padded(1_495), THERE, 0);
    expect(sent.filter(({ message }) => message.type === "response")).toHaveLength(1);
    node.receive(padded(1_600), THERE, 0);
    expect(node.dropped).toBe(1);
  });

  it("from port 0, and what is no message, is nothing", () => {
    const { node, sent } = open();
    node.receive(ping(), { ...THERE, port: 0 }, 0);
    for (const text of ["", "d", "hello", "d1:t2:aa1:y1:re"]) node.receive(utf8(text), THERE, 0);
    expect(sent).toEqual([]);
    expect(node.dropped).toBe(5);
  });
});

describe("an answer", () => {
  it("that nobody asked for, or of another than was asked, is nothing", () => {
    const { node, queries } = open();
    node.receive(answerOf({ transaction: utf8("xx") }, { id: randomNodeId(random) }), THERE, 0);
    node.heardOf(THERE, 0);
    node.receive(answerOf(queries()[0]!, { id: randomNodeId(random) }), { ...THERE, host: "20.0.0.2" }, 0);
    expect(node.size).toBe(0);
    expect(node.dropped).toBe(2);
  });

  it("under our own id makes nobody a node", () => {
    const { node, queries } = open();
    node.heardOf(THERE, 0);
    node.receive(answerOf(queries()[0]!, { id: node.id }), THERE, 0);
    expect(node.size).toBe(0);
  });
});

describe("beginning", () => {
  it("without any node asks for routers, less and less often", () => {
    const { run, routersNeeded } = open();
    run(0);
    expect(routersNeeded()).toBe(1);
    run(BOOTSTRAP_AGAIN_MS - 1);
    expect(routersNeeded()).toBe(1);
    run(BOOTSTRAP_AGAIN_MS);
    expect(routersNeeded()).toBe(2);
    run(4 * QUIET_MS);
    expect(routersNeeded()).toBeLessThan(20);
  });

  it("asks routers, and does not keep them as nodes", () => {
    const { node, queries, run } = open();
    run(0);
    node.bootstrap([THERE], false, 0);
    expect(queries()).toMatchObject([{ to: THERE, method: "find_node", target: node.id }]);
    const told = contactAt(1);
    node.receive(answerOf(queries()[0]!, { id: randomNodeId(random), nodes: [told] }), THERE, 50);
    expect(node.size).toBe(0);
    expect(queries()[1]).toMatchObject({ to: { host: told.host } });
    node.receive(answerOf(queries()[1]!, { id: told.id }), told, 90);
    expect(node.size).toBe(1);
  });

  it("keeps those that a person named", () => {
    const { node, queries, run } = open();
    run(0);
    node.bootstrap([THERE], true, 0);
    node.receive(answerOf(queries()[0]!, { id: randomNodeId(random) }), THERE, 50);
    expect(node.size).toBe(1);
  });

  it("tries what was saved first, and the routers when that is gone", () => {
    const contacts = Array.from({ length: 20 }, (_, i) => contactAt(i));
    const { node, queries, run, routersNeeded } = open({ id: randomNodeId(random), contacts });
    run(0);
    expect(queries().length).toBeGreaterThan(3);
    run(SAVED_FIRST_MS - 1);
    expect(routersNeeded()).toBe(0);
    run(SAVED_FIRST_MS);
    expect(routersNeeded()).toBe(1);
    expect(node.toSave().length).toBeGreaterThan(0);
  });

  it("needs no router when what was saved answers", () => {
    const contacts = Array.from({ length: 20 }, (_, i) => contactAt(i));
    const { node, sent, routersNeeded } = open({ contacts });
    node.tick(0);
    for (let i = 0; i < sent.length; i++) {
      const { to, message } = sent[i]!;
      const contact = contacts.find(({ host }) => host === to.host)!;
      node.receive(answerOf(message, { id: contact.id }), to, 20);
    }
    expect(node.size).toBeGreaterThanOrEqual(8);
    for (let now = 100; now < 60_000; now += 100) node.tick(now);
    expect(routersNeeded()).toBe(0);
    expect(node.toSave().length).toBeGreaterThan(8);
  });

  it("finds its nodes again when the network was away for an hour", () => {
    const { node, queries, run } = open();
    const contact = contactAt(1);
    node.heardOf(contact, 0);
    node.receive(answerOf(queries()[0]!, { id: contact.id }), contact, 0);
    expect(node.size).toBe(1);
    run(3_600_000);
    expect(node.size).toBe(0);
    const before = queries().length;
    let now = 3_600_000;
    while (queries().length === before) run((now += 1_000));
    expect(now).toBeLessThanOrEqual(3_600_000 + BOOTSTRAP_MOST_MS);
    node.receive(answerOf(queries().at(-1)!, { id: contact.id }), contact, now);
    expect(node.size).toBe(1);
  });

  it("leaves nodes of the other family alone", () => {
    const { node, queries, run } = open({ contacts: [{ id: randomNodeId(random), host: "2001:db8::1", port: 1 }] });
    node.heardOf({ host: "2001:db8::2", port: 1 }, 0);
    run(1_000);
    expect(queries()).toEqual([]);
  });
});

it("what a peer says of its node is asked once, unless it leads nowhere", () => {
  const { node, queries } = open();
  for (const host of ["0.0.0.0", "224.0.0.1", "a.name"]) node.heardOf({ host, port: 1 }, 0);
  node.heardOf({ ...THERE, port: 0 }, 0);
  expect(queries()).toEqual([]);
  node.heardOf(THERE, 0);
  node.receive(answerOf(queries()[0]!, { id: randomNodeId(random) }), THERE, 0);
  node.heardOf(THERE, 0);
  expect(queries()).toHaveLength(1);
});

describe("our own address", () => {
  const askAndHear = (seenAs: Endpoint, voters: number) => {
    const opened = open({ id: toNodeId(new Uint8Array(20).fill(7)) });
    for (let i = 0; i < voters; i++) {
      const contact = contactAt(i);
      opened.node.heardOf(contact, 0);
      opened.node.receive(answerOf(opened.queries()[i]!, { id: contact.id, seenAs }), contact, 0);
    }
    return opened;
  };

  it("makes our id one that may be there, once enough have said it; the nodes stay (BEP 42)", () => {
    const ours = { host: "203.0.113.9", port: 1 };
    const before = askAndHear(ours, VOTES_NEEDED - 1).node;
    expect(before.id).toEqual(new Uint8Array(20).fill(7));
    const { node, queries, run } = askAndHear(ours, VOTES_NEEDED);
    expect(isSecureNodeId(node.id, Uint8Array.of(203, 0, 113, 9))).toBe(true);
    expect(node.size).toBe(VOTES_NEEDED);
    run(1);
    expect(queries().at(-1)).toMatchObject({ method: "find_node", target: node.id, id: node.id });
  });

  it("changes nothing when it is one of a network of our own", () => {
    expect(askAndHear({ host: "192.168.1.5", port: 1 }, 20).node.id).toEqual(new Uint8Array(20).fill(7));
  });
});

it("whatever comes, and from wherever, nothing is thrown and no answer is longer than it may be", () => {
  const address = fc.record({
    host: fc.constantFrom("20.0.0.1", "127.0.0.1", "10.0.0.1", "224.0.0.1", "0.0.0.0", "::1", "2001:db8::1"),
    port: fc.constantFrom(0, 1, 65_535),
  });
  // Words that mean something, in places where they may not be.
  const word = fc.constantFrom("q", "r", "e", "ping", "find_node", "get_peers", "announce_peer", "aa", "x".repeat(20));
  const value = fc.oneof(word, fc.integer(), fc.uint8Array({ maxLength: 60 }), fc.constant([]), fc.constant({}));
  const keys = ["id", "target", "info_hash", "token", "port", "implied_port", "nodes", "nodes6", "values", "want"];
  const inner = fc.dictionary(fc.constantFrom(...keys), value);
  const message = fc.record(
    { t: value, y: value, q: value, a: fc.oneof(inner, value), r: fc.oneof(inner, value), ip: value, ro: value },
    { requiredKeys: ["t", "y"] },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(message, address), { minLength: 1, maxLength: 20 }), (datagrams) => {
      const { node, sent } = open();
      node.search(
        { infoHash: HASH, port: 1, near: [contactAt(1)], onPeers: () => undefined, done: () => undefined },
        0,
      );
      for (const [content, from] of datagrams) {
        const before = sent.length;
        const bytes = encode(content as Bencodable);
        node.receive(bytes, from, 0);
        for (const { bytes: answer, message: kind } of sent.slice(before)) {
          if (kind.type !== "query") expect(answer.length).toBeLessThanOrEqual(3 * bytes.length);
        }
      }
      node.tick(60_000);
    }),
    { numRuns: 300 },
  );
});

describe("a search", () => {
  it("begins with those that were announced to us", () => {
    const { node, sent } = open();
    const ask = (question: Question) => node.receive(ping(question as Partial<Query>), THERE, 0);
    ask({ method: "get_peers", infoHash: HASH });
    const { token } = sent[0]!.message as Response;
    ask({ method: "announce_peer", infoHash: HASH, port: 4_711, token: token! });
    const found: Endpoint[] = [];
    node.search({ infoHash: HASH, port: 1, near: [], onPeers: (peers) => found.push(...peers), done: () => {} }, 0);
    expect(found).toMatchObject([{ host: THERE.host, port: 4_711 }]);
  });

  it("announces our port to those that gave a token, and only when there is one to announce", () => {
    for (const port of [6_881, undefined]) {
      const { node, queries } = open();
      const near = [contactAt(1), contactAt(2)];
      let over = false;
      node.search({ infoHash: HASH, port, near, onPeers: () => undefined, done: () => (over = true) }, 0);
      for (const [i, query] of queries().entries()) {
        const contact = near.find(({ host }) => host === query.to.host)!;
        node.receive(answerOf(query, { id: contact.id, ...(i === 0 && { token: utf8("tok") }) }), contact, 10);
      }
      expect(over).toBe(true);
      const announces = queries().filter(({ method }) => method === "announce_peer");
      expect(announces).toMatchObject(port === undefined ? [] : [{ infoHash: HASH, port, token: utf8("tok") }]);
    }
  });

  it("goes on when a node answers by an error, and ends when nobody answers", () => {
    const { node, queries, run } = open();
    const near = [contactAt(1), contactAt(2)];
    let over: unknown;
    node.search({ infoHash: HASH, port: 1, near, onPeers: () => undefined, done: (found) => (over = found) }, 0);
    const error = { type: "error", transaction: queries()[0]!.transaction, code: 202, text: "no" } as const;
    node.receive(encodeKrpc(error, VERSION), queries()[0]!.to, 10);
    expect(over).toBeUndefined();
    run(10_000);
    expect(over).toEqual([]);
  });
});
