// What stops a malicious client: each limit just below, at, and just beyond it. (Of frames and messages: test/protocol/channel; of metainfo:
// torrent-reader.test.ts; of floods: floods.test.ts, lockouts.test.ts; of silence and of clients that do not read: server.test.ts.)
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { Duplex } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { Announces } from "../../tracker/announces.ts";
import { type Asker, askerAt } from "../../tracker/asker.ts";
import { ConnectionCount } from "../../tracker/connection-count.ts";
import { HttpReader } from "../../tracker/http-reader.ts";
import { LocalLedger } from "../../tracker/ledger.ts";
import { Library } from "../../tracker/library.ts";
import {
  HEADER_MS,
  IDLE_MS,
  MAX_CHANNEL_CLIENTS,
  MAX_CHANNEL_CLIENTS_PER_ADDRESS,
  MAX_HAVES_PER_CLIENT,
  MAX_HEADER_BYTES,
  MAX_HTTP_CONNECTIONS,
  MAX_HTTP_CONNECTIONS_PER_ADDRESS,
  MAX_NUMWANT,
  MAX_PEERS,
  MAX_REPLY_PEERS,
  MAX_STORE_BYTES,
  MAX_SWARM_PEERS,
  MAX_TORRENTS,
  PEER_COUNT_EVERY,
  REPLAY_BROADCASTS,
  REQUESTS_PER_SECOND,
  REQUEST_BURST,
  REQUEST_MS,
  TRANSITIONS_PER_SECOND,
  TRANSITION_BURST,
} from "../../tracker/limits.ts";
import { type Announcement, Broadcaster } from "../../tracker/broadcaster.ts";
import { Members } from "../../tracker/members.ts";
import { PeerDictionary } from "../../tracker/peer-dictionary.ts";
import { type PeerKey, addressKey, peerKey } from "../../tracker/peer-key.ts";
import { RequestRates } from "../../tracker/request-rates.ts";
import { Swarms } from "../../tracker/swarms.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import { toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { RawClient, get, peerIdOf, startTracker, torrentOf } from "./support.ts";

const hash = (n: number) => n.toString(16).padStart(40, "0") as InfoHashHex;
const peerOf = (n: number): PeerKey =>
  peerKey(addressKey(`10.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`), 6881);
const CAPS = { swarms: MAX_TORRENTS, swarmPeers: MAX_SWARM_PEERS, peers: MAX_PEERS };
const facts = (n: number) => ({
  infoHash: hash(n),
  name: `file ${n}`,
  length: 1,
  pieceLength: 1,
  pieceCount: 1,
  private: false,
  addedAt: n,
});

function put(dictionary: PeerDictionary, swarm: number, peer: number) {
  const rest = { peerId: peerIdOf(peer), member: undefined, tracker: "a", seed: false, seenAt: peer };
  return dictionary.put(hash(swarm), { key: peerOf(peer), ...rest });
}

function openSwarms(broadcast: (event: { type: string }) => void = () => undefined) {
  const swarms = new Swarms({ name: "a", now: () => 0, broadcast });
  const ledger = new LocalLedger();
  void ledger.open(swarms, () => Promise.resolve());
  return { swarms, ledger };
}

test("a swarm keeps 1 000 peers, and the oldest goes for one more", () => {
  const dictionary = new PeerDictionary(CAPS);
  for (let peer = 1; peer <= MAX_SWARM_PEERS; peer++) expect(put(dictionary, 1, peer)).toEqual([]);
  expect(put(dictionary, 1, MAX_SWARM_PEERS + 1)).toMatchObject([{ peer: { key: peerOf(1) } }]);
  expect(dictionary.size).toBe(MAX_SWARM_PEERS);
});

test("50 000 swarms are known, and the oldest goes for one more", () => {
  const dictionary = new PeerDictionary(CAPS);
  for (let swarm = 1; swarm <= MAX_TORRENTS; swarm++) expect(put(dictionary, swarm, 1)).toEqual([]);
  expect(dictionary.swarmCount).toBe(MAX_TORRENTS);
  expect(put(dictionary, 0, 1)).toMatchObject([{ infoHash: hash(1) }]);
  expect(dictionary.swarmCount).toBe(MAX_TORRENTS);
});

test("200 000 peers are known, and the oldest goes for one more", () => {
  const dictionary = new PeerDictionary(CAPS);
  let dropped = 0;
  for (let peer = 0; peer < MAX_PEERS; peer++) dropped += put(dictionary, peer % 250, peer).length;
  expect([dropped, dictionary.size]).toEqual([0, MAX_PEERS]);
  expect(put(dictionary, 0, MAX_PEERS)).toHaveLength(1);
  expect(dictionary.size).toBe(MAX_PEERS);
});

test("memory levels off however many info hashes are announced (T5)", () => {
  const { swarms, ledger } = openSwarms();
  const options = { name: "a", open: true, intervalMs: 1, now: () => 0, random: Math.random };
  const announces = new Announces({ swarms, ledger, ...options });
  const infoHash = toInfoHash(new Uint8Array(20));
  const view = new DataView(infoHash.buffer);
  const peerId = toPeerId(new Uint8Array(20));
  for (let n = 0; n < 2 * MAX_TORRENTS; n++) {
    view.setUint32(0, n);
    announces.announce({ infoHash, peerId, left: 1 }, peerOf(1), "both");
  }
  expect(swarms.dictionary.swarmCount).toBe(MAX_TORRENTS);
  expect(swarms.dictionary.size).toBe(MAX_TORRENTS);
});

test("an answer holds 50 peers, however many are wanted", () => {
  const { swarms, ledger } = openSwarms();
  const options = { name: "a", open: true, intervalMs: 1, now: () => 0, random: Math.random };
  const announces = new Announces({ swarms, ledger, ...options });
  const ids = { infoHash: toInfoHash(new Uint8Array(20)), peerId: toPeerId(new Uint8Array(20)), left: 1 };
  for (let n = 0; n < 2 * MAX_NUMWANT; n++) announces.announce(ids, peerOf(n), "both");
  const given = (numwant: number) => announces.announce({ ...ids, numwant }, peerOf(0), "both").peers.length;
  expect([MAX_NUMWANT - 1, MAX_NUMWANT, MAX_NUMWANT + 1].map(given)).toEqual([49, 50, 50]);
});

test("torrents are kept up to 1 GB, and the oldest that nobody holds goes for one more byte", async () => {
  const told: { type: string }[] = [];
  const { swarms, ledger } = openSwarms((event) => told.push(event));
  const { bytes } = torrentOf("new");
  let kept = 0;
  const removed: InfoHashHex[] = [];
  const store = {
    get bytes() {
      return kept - removed.length * bytes.length;
    },
    load: () => Promise.resolve([]),
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    remove: (infoHash: InfoHashHex) => Promise.resolve(void removed.push(infoHash)),
    held: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  for (const n of [1, 2]) swarms.apply({ type: "published", facts: facts(n) });
  swarms.apply({
    type: "announced",
    tracker: "a",
    infoHash: hash(1),
    peer: peerOf(1),
    peerId: peerIdOf(1),
    seed: true,
  });
  const library = new Library({ store, swarms, ledger, keepMs: undefined, wallTime: () => 0, now: () => 0 });
  for (const [room, gone] of [
    [1, []],
    [0, []],
    [-1, [hash(2)]],
  ] as const) {
    kept = MAX_STORE_BYTES - bytes.length - room;
    const { infoHash } = await library.publish(toBase64(torrentOf(`new ${room}`.slice(0, 3), 4, room + 2).bytes));
    expect(removed).toEqual(gone);
    swarms.apply({ type: "announced", tracker: "a", infoHash, peer: peerOf(1), peerId: peerIdOf(1), seed: true });
  }
  expect(told).toContainEqual(expect.objectContaining({ type: "unavailable", infoHash: hash(2), forgotten: true }));
});

test("a client may say `have` for 10 000 torrents", () => {
  const { swarms, ledger } = openSwarms();
  const members = new Members({ swarms, ledger, name: "a", random: Math.random });
  const member = members.arrive(peerIdOf(1), peerOf(1));
  const pieces = toBase64(new Uint8Array([0x80]));
  for (let n = 0; n <= MAX_HAVES_PER_CLIENT; n++) swarms.apply({ type: "published", facts: facts(n) });
  for (let n = 0; n < MAX_HAVES_PER_CLIENT; n++) members.have(member, hash(n), pieces);
  expect(() => members.have(member, hash(MAX_HAVES_PER_CLIENT), pieces)).toThrow("share 10000 torrents");
  members.have(member, hash(0), null);
  members.have(member, hash(MAX_HAVES_PER_CLIENT), pieces);
});

test.for([MAX_REPLY_PEERS - 1, MAX_REPLY_PEERS, MAX_REPLY_PEERS + 1])("a reply names 300 of %s peers", (count) => {
  const { swarms, ledger } = openSwarms();
  const members = new Members({ swarms, ledger, name: "a", random: Math.random });
  swarms.apply({ type: "published", facts: facts(1) });
  for (let n = 0; n < count; n++) {
    const member = members.arrive(peerIdOf(n), peerOf(n));
    members.have(member, hash(1), toBase64(new Uint8Array([0x80])));
  }
  expect(members.peers(undefined)).toHaveLength(Math.min(count, MAX_REPLY_PEERS));
  expect(members.holders(undefined, hash(1), undefined)).toHaveLength(Math.min(count, MAX_REPLY_PEERS));
});

test("which 300 of many peers a reply names is chance", () => {
  const { swarms, ledger } = openSwarms();
  const ends = new Set<string>();
  for (const random of [() => 0, () => 0.999999]) {
    const members = new Members({ swarms, ledger, name: "a", random });
    while (swarms.members.size < 2 * MAX_REPLY_PEERS) members.arrive(peerIdOf(swarms.members.size), peerOf(1));
    const peers = members.peers(undefined);
    expect(new Set(peers.map(({ peerId }) => peerId)).size).toBe(MAX_REPLY_PEERS);
    ends.add(peers[0]!.peerId);
  }
  expect(ends).toEqual(new Set([peerIdOf(0), peerIdOf(2 * MAX_REPLY_PEERS - 1)]));
});

test("256 transitions at once are told of one by one, then four a second, and all others with the counts", () => {
  const told: Announcement[] = [];
  let now = 0;
  const swarms = new Swarms({ name: "a", now: () => now, broadcast: (announcement) => told.push(announcement) });
  const one = { tracker: "a", peer: peerOf(1), peerId: peerIdOf(1), seed: true };
  const count = TRANSITION_BURST + 2;
  for (let n = 0; n < count; n++) {
    swarms.apply({ type: "published", facts: facts(n) });
    swarms.flushChanged();
  }
  told.length = 0;
  for (let n = 0; n < count; n++) swarms.apply({ type: "announced", infoHash: hash(n), ...one });
  expect(told).toHaveLength(TRANSITION_BURST);
  swarms.flushChanged();
  const changed = {
    entries: [
      { infoHash: hash(count - 2), seeds: 1 },
      { infoHash: hash(count - 1), seeds: 1 },
    ],
  };
  expect(told.slice(TRANSITION_BURST)).toMatchObject([{ type: "changed", ...changed }]);
  told.length = 0;
  now += 1000 / TRANSITIONS_PER_SECOND;
  for (let n = 0; n < 2; n++) swarms.apply({ type: "stopped", infoHash: hash(n), peer: peerOf(1), why: "stopped" });
  expect(told).toMatchObject([{ type: "unavailable", infoHash: hash(0) }]);
  swarms.flushChanged();
  expect(told[1]).toMatchObject({
    type: "changed",
    entries: [{ infoHash: hash(0) }, { infoHash: hash(1), holders: 0 }],
  });
});

test("what is forgotten beyond 256 transitions is told of with the counts, unless it was published again", () => {
  const told: Announcement[] = [];
  const swarms = new Swarms({ name: "a", now: () => 0, broadcast: (announcement) => told.push(announcement) });
  const count = TRANSITION_BURST + 2;
  for (let n = 0; n < count; n++) swarms.apply({ type: "published", facts: facts(n) });
  swarms.flushChanged();
  told.length = 0;
  for (let n = 0; n < count; n++) swarms.apply({ type: "forgotten", infoHash: hash(n), why: "test" });
  expect(told).toHaveLength(TRANSITION_BURST);
  swarms.apply({ type: "published", facts: facts(count - 1) });
  swarms.flushChanged();
  expect(told.slice(TRANSITION_BURST)).toMatchObject([
    { type: "unavailable", infoHash: hash(count - 2), forgotten: true },
    { type: "changed", entries: [{ infoHash: hash(count - 1) }] },
  ]);
  swarms.flushChanged();
  expect(told).toHaveLength(TRANSITION_BURST + 2);
});

test("when only the number of peers moved, it is told at every eighth chance", () => {
  const told: Announcement[] = [];
  const swarms = new Swarms({ name: "a", now: () => 0, broadcast: (announcement) => told.push(announcement) });
  swarms.apply({ type: "arrived", member: "1", tracker: "a", peerId: peerIdOf(1), peer: peerOf(1) });
  for (let n = 1; n < PEER_COUNT_EVERY; n++) swarms.flushChanged();
  expect(told).toEqual([]);
  for (let n = 0; n < 2 * PEER_COUNT_EVERY; n++) swarms.flushChanged();
  expect(told).toEqual([{ type: "changed", entries: [], peers: 1 }]);
});

test("256 broadcasts are kept for those that come back", () => {
  const broadcaster = new Broadcaster(() => undefined, REPLAY_BROADCASTS);
  for (let n = 0; n < 3 * REPLAY_BROADCASTS + 1; n++) broadcaster.broadcast({ type: "notice", text: "" });
  const missed = (count: number) => broadcaster.since(broadcaster.seq - count)?.length;
  expect(missed(REPLAY_BROADCASTS - 1)).toBe(REPLAY_BROADCASTS - 1);
  expect(missed(REPLAY_BROADCASTS)).toBe(REPLAY_BROADCASTS);
  // Between one and two times as many are, before the oldest half is cut off.
  expect(missed(2 * REPLAY_BROADCASTS + 1)).toBeUndefined();
});

test.for([
  ["HTTP", MAX_HTTP_CONNECTIONS, MAX_HTTP_CONNECTIONS_PER_ADDRESS],
  ["the channel", MAX_CHANNEL_CLIENTS, MAX_CHANNEL_CLIENTS_PER_ADDRESS],
] as const)("%s has %s connections, and %s of one network", ([, max, each]) => {
  const count = new ConnectionCount(max, each);
  for (let n = 0; n < each; n++) expect(count.enter("one", false)).toBe(true);
  expect(count.enter("one", false)).toBe(false);
  for (let n = each; n < max; n++) expect(count.enter(`other ${n}`, false)).toBe(true);
  expect(count.enter("last", false)).toBe(false);
  expect(count.enter("127.0.0.1", true)).toBe(false);
});

test("a channel beyond those of one network is refused, and one that goes makes room", async () => {
  const tracker = await startTracker({ trustProxy: [] });
  const from = (address: string) => new RawClient(tracker.port, undefined, { "X-Forwarded-For": address });
  const clients: RawClient[] = [];
  for (let n = 1; n <= MAX_CHANNEL_CLIENTS_PER_ADDRESS; n++) {
    const client = from("203.0.113.7");
    await client.hello(n);
    clients.push(client);
  }
  expect((await from("203.0.113.7").closed).code).toBe(1006);
  await from("203.0.113.8").hello(9);
  clients[0]!.socket.terminate();
  await clients[1]!.next("changed", ({ peers }) => peers === MAX_CHANNEL_CLIENTS_PER_ADDRESS);
  await from("203.0.113.7").hello(1);
});

test("an HTTP connection beyond all is closed, and the others go on", async () => {
  const tracker = await startTracker();
  const open: Socket[] = [];
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
  });
  const health = (socket: Socket) => {
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    return new Promise<string>((resolve) => {
      socket.once("data", (data) => resolve(String(data).slice(0, 15)));
      socket.once("close", () => resolve("closed"));
      socket.on("error", () => undefined);
    });
  };
  for (let n = 0; n < MAX_HTTP_CONNECTIONS; n++) {
    const socket = connect(tracker.port, "127.0.0.1");
    open.push(socket);
    await once(socket, "connect");
  }
  expect(await health(open.at(-1)!)).toBe("HTTP/1.1 200 OK");
  const beyond = connect(tracker.port, "127.0.0.1");
  open.push(beyond);
  expect(await health(beyond)).toBe("closed");
  expect(await health(open[0]!)).toBe("HTTP/1.1 200 OK");
});

test("a network asks 50 times at once and then 10 times a second, over whatever wire", () => {
  const rates = new RequestRates(REQUESTS_PER_SECOND, REQUEST_BURST);
  const asker = askerAt("203.0.113.7");
  const allowed = (count: number, now: number, who: Asker = asker) =>
    Array.from({ length: count }, () => rates.allows(who, now)).filter(Boolean).length;
  expect(allowed(REQUEST_BURST + 1, 0)).toBe(REQUEST_BURST);
  expect(allowed(REQUEST_BURST + 1, 0, askerAt("203.0.113.8"))).toBe(REQUEST_BURST);
  expect(allowed(2, 1000 / REQUESTS_PER_SECOND - 1)).toBe(0);
  expect(allowed(2, 1000 / REQUESTS_PER_SECOND)).toBe(1);
  expect(allowed(1000, 1000 / REQUESTS_PER_SECOND, askerAt("127.0.0.1"))).toBe(1000);
  rates.forget(1_000_000);
  expect(allowed(REQUEST_BURST + 1, 1_000_000)).toBe(REQUEST_BURST);
});

test("a request beyond them is answered with 429", async () => {
  const tracker = await startTracker({ trustProxy: [], now: () => 0 });
  const status = async () => (await get(tracker, "/health", "GET", { "X-Forwarded-For": "203.0.113.7" })).status;
  const statuses: number[] = [];
  for (let n = 0; n <= REQUEST_BURST; n++) statuses.push(await status());
  expect(statuses.slice(0, -1).every((code) => code === 200)).toBe(true);
  expect(statuses.at(-1)).toBe(429);
});

test.for([
  [MAX_HEADER_BYTES - 1, "200"],
  [MAX_HEADER_BYTES, "200"],
  [MAX_HEADER_BYTES + 1, "431"],
] as const)("a header of %s bytes is answered with %s", async ([size, status]) => {
  const tracker = await startTracker();
  const socket = connect(tracker.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const start = "GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ";
  socket.write(`${start}${"x".repeat(size - start.length)}\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(String(answer)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

/** A reader on a connection whose other end is in the test's hand. */
function openReader() {
  let written = "";
  let now = 0;
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written += String(chunk);
      done();
    },
  });
  const reader = new HttpReader(socket as Socket, askerAt("127.0.0.1"), {
    answer: () => ({ status: 200, type: "text/plain", body: "ok" }),
    handOver: () => expect.fail("handed over"),
    now: () => now,
  });
  const after = (ms: number) => {
    now += ms;
    reader.sweep(now);
    return { ended: socket.writableEnded || socket.destroyed, written };
  };
  return { socket, after };
}

test("a header may take 5 s", async () => {
  const { socket, after } = openReader();
  socket.push("GET /");
  await new Promise(setImmediate);
  expect(after(HEADER_MS - 1).ended).toBe(false);
  expect(after(1).ended).toBe(false);
  expect(after(1)).toEqual({ ended: true, written: expect.stringContaining("408") });
});

test("a connection may say nothing for 15 s, and that begins anew with each request", async () => {
  const { socket, after } = openReader();
  expect(after(IDLE_MS).ended).toBe(false);
  socket.push("GET /health HTTP/1.1\r\n\r\n");
  await new Promise(setImmediate);
  expect(after(IDLE_MS)).toEqual({ ended: false, written: expect.stringContaining("200 OK") });
  expect(after(1).ended).toBe(true);
});

test("who does not take an answer has 10 s for it", async () => {
  let now = 0;
  const socket = new Duplex({ read: () => undefined, write: () => undefined });
  const body = "x".repeat(100);
  const reader = new HttpReader(socket as Socket, askerAt("127.0.0.1"), {
    answer: () => ({ status: 200, type: "text/plain", body }),
    handOver: () => expect.fail("handed over"),
    now: () => now,
  });
  socket.push("GET /health HTTP/1.1\r\n\r\n");
  await new Promise(setImmediate);
  for (const [ms, destroyed] of [
    [REQUEST_MS - 1, false],
    [1, false],
    [1, true],
  ] as const) {
    now += ms;
    reader.sweep(now);
    expect(socket.destroyed).toBe(destroyed);
  }
});
