import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import { AnnouncePace } from "../../source/discovery/announce-pace.ts";
import { type AnnouncerState, Announcer, type AnnouncerOptions } from "../../source/discovery/announcer.ts";
import { type GetLimits, TRACKER_GET, httpGet } from "../../source/discovery/http-get.ts";
import { encode } from "../../source/protocol/bencode.ts";
import { idFromHex, toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import type { Endpoint } from "../../source/protocol/tracker/endpoint.ts";
import {
  encodeAnnounceResponse,
  encodeFailure,
  parseAnnounceQuery,
} from "../../source/protocol/tracker/http-announce.ts";
import { peerIdOf, startTracker, torrentOf, welcomed } from "../tracker/support.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function web(handler: Handler): Promise<{ url: string; port: number }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/announce`, port };
}

/** A tracker that answers `answers` in turn, the last of them for ever, and keeps the queries. */
async function scripted(...answers: Uint8Array[]) {
  const queries: ReturnType<typeof parseAnnounceQuery>[] = [];
  const place = await web((request, response) => {
    queries.push(parseAnnounceQuery(request.url!.split("?")[1]!));
    response.end(answers[Math.min(queries.length, answers.length) - 1]);
  });
  return { ...place, queries };
}

const answer = (peers: Endpoint[] = [], interval = 1800) => encodeAnnounceResponse({ interval, peers }, true);
const TIMING = { minIntervalMs: 5, maxIntervalMs: 60_000, firstRetryMs: 5, maxRetryMs: 20, stoppedMs: 200 };

function announcer(tiers: string[][], options: Partial<AnnouncerOptions> = {}) {
  const peers: Endpoint[] = [];
  const states: AnnouncerState[] = [];
  let wake = () => undefined as void;
  const made = new Announcer({
    tiers,
    infoHash: toInfoHash(idFromHex(torrentOf("x").infoHash)!),
    peerId: toPeerId(idFromHex(peerIdOf(1))!),
    listenPort: () => 6881,
    stats: () => ({ uploaded: 1, downloaded: 2, left: 3 }),
    random: () => 0.999,
    onPeers: (found) => {
      peers.push(...found);
      wake();
    },
    onState: (state) => {
      states.push(state);
      wake();
    },
    timing: TIMING,
    ...options,
  });
  onTestFinished(() => made.stop());
  made.start();
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { announcer: made, peers, states, until };
}

test("what a tracker calls us is told to it again", async () => {
  const heard: string[] = [];
  const id = (text: string) => Buffer.from(`d8:intervali0e5:peers0:10:tracker id${text.length}:${text}e`);
  const answers = [id("a &b"), answer([], 0), id("c"), id("x".repeat(257)), answer()];
  const place = await web((request, response) => {
    heard.push(/&trackerid=([^&]*)/.exec(request.url!)?.[1] ?? "");
    response.end(answers[Math.min(heard.length, answers.length) - 1]);
  });
  announcer([[place.url]]);
  await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(5));
  // One that says nothing new is still told what it said; what is too long is not repeated.
  expect(heard.slice(0, 5)).toEqual(["", "a%20%26b", "a%20%26b", "c", "c"]);
});

test("started, completed and stopped are each said once", async () => {
  const tracker = await scripted(answer([{ host: "10.0.0.1", port: 7 }]));
  const { announcer: made, peers, until } = announcer([[tracker.url]]);
  await until(() => peers.length === 1);
  expect(peers).toEqual([{ host: "10.0.0.1", port: 7 }]);
  made.completed();
  await until(() => peers.length === 2);
  await made.stop();
  expect(tracker.queries.map(({ event }) => event)).toEqual(["started", "completed", "stopped"]);
  expect(tracker.queries[0]).toMatchObject({ port: 6881, uploaded: 1, downloaded: 2, left: 3, compact: true });
});

test.for([0, 1])("who leaves with the last piece has said completed once before (%s rounds later)", async (rounds) => {
  const tracker = await scripted(answer([{ host: "10.0.0.1", port: 7 }]));
  const {
    announcer: made,
    peers,
    states,
    until,
  } = announcer([[tracker.url]], { timing: { ...TIMING, stoppedMs: 5_000 } });
  await until(() => peers.length === 1);
  made.completed();
  // It is due, or under way.
  if (rounds > 0) await until(() => states.at(-1)!.state === "announcing");
  await made.stop();
  expect(tracker.queries.map(({ event }) => event)).toEqual(["started", "completed", "stopped"]);
});

test("a failure reason is said in the tracker's words, and it is tried again", async () => {
  const tracker = await scripted(encodeFailure("not here"), encodeFailure("not here"), answer());
  const { states, until } = announcer([[tracker.url]]);
  await until(() => states.some(({ state }) => state === "working"));
  expect(states.find(({ state }) => state === "failing")).toMatchObject({
    problem: "not here",
    tracker: new URL(tracker.url).origin,
  });
  expect(tracker.queries.map(({ event }) => event)).toEqual(["started", "started", "started"]);
});

test("the next tracker of a tier, then the next tier, is asked when one fails", async () => {
  const bad = await scripted(encodeFailure("no"));
  const good = await scripted(answer([], 0));
  const other = await scripted(answer());
  const {
    announcer: made,
    states,
    until,
  } = announcer([["udp://127.0.0.1:1", bad.url], [bad.url, good.url], [other.url]]);
  await until(() => good.queries.length >= 3);
  await made.stop();
  expect(bad.queries.length).toBeGreaterThanOrEqual(4);
  expect(other.queries).toEqual([]);
  expect(states.some(({ state }) => state === "failing")).toBe(false);
});

test.for([0, -1, 1_000_000_000_000_000])("an interval of %s s is clamped", async (interval) => {
  const tracker = await scripted(answer([], interval));
  const {
    announcer: made,
    states,
    until,
  } = announcer([[tracker.url]], {
    timing: { ...TIMING, minIntervalMs: 60_000, maxIntervalMs: 21_600_000 },
  });
  await until(() => states.some(({ state, nextAt }) => state === "working" && nextAt !== null));
  const wait = made.state.nextAt! - performance.now();
  expect(wait).toBeGreaterThan(59_000);
  expect(wait).toBeLessThanOrEqual(21_600_000);
});

test("the time of the next announce is told by the clock as it is now, and stays the same until that is set", async () => {
  const { announcer: made, until } = announcer([[(await scripted(answer([], 60))).url]]);
  await until(() => made.reports[0]!.nextAt !== null && made.state.state === "working");
  const [report] = made.reports;
  expect(report!.nextAt! - Date.now()).toBeLessThan(61_000);
  expect(report!.nextAt! - Date.now()).toBeGreaterThan(50_000);
  const { now } = Date;
  for (const setByMs of [3_600_000, -3_600_000, 3.2e11, 0]) {
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + setByMs);
    onTestFinished(() => clock.mockRestore());
    expect(Math.abs(made.reports[0]!.nextAt! - report!.nextAt! - setByMs)).toBeLessThan(1_000);
    expect(made.reports).toEqual(made.reports);
  }
});

test("of a hundred that share, twenty announce at once and the others one by one; who downloads does not wait", async () => {
  const tracker = await scripted(answer([], 60));
  const pace = new AnnouncePace();
  let isFetching = false;
  const seeding = { stats: () => ({ uploaded: 0, downloaded: 0, left: 0 }), pace, isFetching: () => isFetching };
  const others = Array.from({ length: 100 }, () => announcer([[tracker.url]], seeding));
  const leecher = announcer([[tracker.url]], { pace });
  await leecher.until(() => leecher.announcer.state.state === "working");
  expect(tracker.queries.filter(({ left }) => left === 0).length).toBeLessThan(40);
  // The last of them waits for (100 - 20) / 5 s, and says so.
  const last = others.at(-1)!;
  await last.until(() => last.announcer.state.nextAt! - performance.now() > 5_000);
  // One that begins to download need not wait any more.
  isFetching = true;
  last.announcer.hurry();
  await last.until(() => last.announcer.state.state === "working");
});

test("asked for again, it announces as soon as the tracker may be asked, and no sooner", async () => {
  const tracker = await scripted(answer([], 1800));
  const timing = { ...TIMING, minIntervalMs: 60_000, maxIntervalMs: 21_600_000 };
  const { announcer: made, states, until } = announcer([[tracker.url]], { timing });
  const dueMs = () => made.state.nextAt! - performance.now();
  await until(() => states.some(({ state, nextAt }) => state === "working" && nextAt !== null));
  expect(dueMs()).toBeGreaterThan(1_700_000);
  // It is over only behind that.
  await new Promise((later) => setImmediate(later));
  made.again();
  expect(dueMs()).toBeLessThanOrEqual(60_000);
  expect(dueMs()).toBeGreaterThan(50_000);
  made.again();
  expect(dueMs()).toBeLessThanOrEqual(60_000);
  expect(tracker.queries).toHaveLength(1);
  await made.stop();
  made.again();
  expect(made.state.nextAt).toBeNull();
});

test("asked for again, it does not wait any longer for a tracker that failed", async () => {
  const tracker = await scripted(encodeFailure("busy"), answer());
  const timing = { ...TIMING, firstRetryMs: 60_000, maxRetryMs: 60_000 };
  const { announcer: made, states, until } = announcer([[tracker.url]], { timing });
  await until(() => states.some(({ state, nextAt }) => state === "failing" && nextAt !== null));
  await new Promise((later) => setImmediate(later));
  made.again();
  await until(() => states.some(({ state }) => state === "working"));
  expect(tracker.queries).toHaveLength(2);
});

test("peers have one name each, however the tracker writes it: who is banned is not dialled under another", async () => {
  const written = ["::ffff:192.0.2.1", "2001:DB8:0:0::1", "::ffff:c000:202"];
  const body = encodeAnnounceResponse({ interval: 60, peers: written.map((host) => ({ host, port: 7 })) }, false);
  const { peers, until } = announcer([[(await scripted(body)).url]]);
  await until(() => peers.length > 0);
  expect(peers.map(({ host }) => host)).toEqual(["192.0.2.1", "2001:db8::1", "192.0.2.2"]);
});

test("only the first 200 peers are taken", async () => {
  const many = Array.from({ length: 201 }, (_, i) => ({ host: "10.0.0.1", port: i + 1 }));
  const { peers, until } = announcer([[(await scripted(answer(many))).url]]);
  await until(() => peers.length > 0);
  expect(peers).toEqual(many.slice(0, 200));
});

test("a tracker that never answers does not hold up the end", async () => {
  const hanging = await web(() => undefined);
  const { announcer: made, states, until } = announcer([[hanging.url]]);
  await until(() => states.some(({ state }) => state === "announcing"));
  await made.stop();
  expect(made.state.state).toBe("idle");
});

test("it finds channel peers through sta-tracker, and they find it", async () => {
  const tracker = await startTracker();
  const a = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x");
  await a.publish(bytes);
  a.say({ type: "have", infoHash, pieces: "8A==" });
  await a.settled();
  const {
    announcer: made,
    peers,
    until,
  } = announcer([[`http://127.0.0.1:${tracker.port}/announce`]], {
    stats: () => ({ uploaded: 0, downloaded: 0, left: 0 }),
  });
  await until(() => peers.length > 0);
  expect(peers).toEqual([{ host: "127.0.0.1", port: 7001 }]);
  a.say({ type: "holders", id: 99, infoHash });
  expect((await a.next("holders")).peers).toMatchObject([{ address: "127.0.0.1", port: 6881, pieces: "8A==" }]);
  await made.stop();
  expect((await a.next("changed", ({ entries }) => entries[0]?.holders === 1)).entries[0]).toMatchObject({ seeds: 1 });
});

const fetched = (url: string, limits: Partial<GetLimits> = {}) =>
  httpGet(url, { limits: { ...TRACKER_GET, ...limits }, signal: new AbortController().signal });

test("a body one byte over the cap is refused, one at the cap is not", async () => {
  const { url } = await web((request, response) => response.end(Buffer.alloc(Number(request.headers.host && 101))));
  await expect(fetched(url, { maxBytes: 100 })).rejects.toMatchObject({ code: "too-big" });
  expect((await fetched(url, { maxBytes: 101 })).length).toBe(101);
});

test("a body that never ends is cut at the cap", async () => {
  const { url } = await web((_request, response) => {
    const part = Buffer.alloc(65_536);
    const more = () => {
      while (!response.destroyed && response.write(part));
    };
    response.on("drain", more);
    more();
  });
  await expect(fetched(url)).rejects.toMatchObject({ code: "too-big" });
});

test("a compressed answer is refused before it is inflated", async () => {
  const { url } = await web((request, response) => {
    expect(request.headers["accept-encoding"]).toBe("identity");
    response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync(Buffer.alloc(1_000_000)));
  });
  await expect(fetched(url)).rejects.toMatchObject({ code: "malformed" });
});

test("an answer that is none of success is its status, or the tracker's own reasons", async () => {
  const { url } = await web((request, response) => {
    response.writeHead(503).end(request.url === "/announce/reasons" ? "d14:failure reason4:busye" : "<html>");
  });
  await expect(fetched(url)).rejects.toThrow(/answers with the HTTP status 503$/);
  expect(String(Buffer.from(await fetched(`${url}/reasons`)))).toContain("busy");
});

test("a connection that ends too soon is told of in words", async () => {
  const { url } = await web((request, response) => {
    if (request.url === "/announce/cut")
      response.writeHead(200, { "Content-Length": 9 }).write("d8", () => response.destroy());
    else request.socket.end("ICY 200 OK\r\n\r\n");
  });
  await expect(fetched(`${url}/cut`)).rejects.toThrow(/closed the connection before its answer was whole$/);
  await expect(fetched(url)).rejects.toThrow(/does not speak HTTP as it should/);
});

test("silence and slowness end in time", async () => {
  const silent = await web((_request, response) => void response.write("d"));
  await expect(fetched(silent.url, { idleMs: 30 })).rejects.toMatchObject({ code: "timeout" });
  await expect(fetched(silent.url, { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
});

test("three redirects are followed, a fourth is not, and none to another scheme", async () => {
  const { url } = await web((request, response) => {
    const left = Number(new URL(request.url!, "http://x").searchParams.get("left"));
    if (left === 0) response.end("here");
    else response.writeHead(302, { Location: left === 9 ? "file:///etc/passwd" : `/?left=${left - 1}` }).end();
  });
  expect(String(Buffer.from(await fetched(`${url}?left=3`)))).toBe("here");
  await expect(fetched(`${url}?left=4`)).rejects.toMatchObject({ code: "malformed" });
  await expect(fetched(`${url}?left=9`)).rejects.toMatchObject({ code: "malformed" });
});

test("a public tracker may not send us to a private address, a private one may", async () => {
  const asked: string[] = [];
  const { port } = await web((request, response) => {
    asked.push(request.url!);
    if (request.url === "/secret") response.end("secret");
    else response.writeHead(302, { Location: `http://127.0.0.1:${port}/secret` }).end();
  });
  const from = (addresses: { address: string; family: number }[]) =>
    httpGet(`http://tracker.test:${port}/announce`, {
      limits: TRACKER_GET,
      signal: new AbortController().signal,
      resolve: () => Promise.resolve(addresses),
    });
  const loopback = { address: "127.0.0.1", family: 4 };
  // The public one makes it public; the connection goes to the first.
  await expect(from([loopback, { address: "2001:db8::1", family: 6 }])).rejects.toMatchObject({
    code: "forbidden-address",
  });
  expect(asked).toEqual(["/announce"]);
  expect(String(Buffer.from(await from([loopback])))).toBe("secret");
});

test.for(["http", "udp"])(
  "a name that is looked up without end holds up neither %s announces nor their end",
  async (scheme) => {
    const url = `${scheme}://tracker.test:80/announce`;
    const resolve = () => new Promise<never>(() => undefined);
    const { states, until } = announcer([[url]], { resolve, limits: { timeoutMs: 10 } });
    await until(() => states.some(({ state }) => state === "failing"));
    expect(states.at(-1)?.problem).toBe(`tracker.test${scheme === "udp" ? ":80" : ""} did not answer in time`);
    const { announcer: waiting } = announcer([[url]], { resolve });
    await new Promise((started) => setImmediate(started));
    await waiting.stop();
  },
);

test("a name that leads nowhere, a closed port, and one without TLS are said so", async () => {
  const unknown = httpGet("http://tracker.test/announce", {
    limits: TRACKER_GET,
    signal: new AbortController().signal,
    resolve: () => Promise.reject(new Error("ENOTFOUND")),
  });
  await expect(unknown).rejects.toMatchObject({ code: "unreachable", message: "the name tracker.test is not known" });
  const closed = await startTracker();
  await closed.close();
  await expect(fetched(`http://127.0.0.1:${closed.port}/`)).rejects.toMatchObject({ code: "unreachable" });
  const { url } = await web((_, response) => response.end());
  const plain = new URL(url).host;
  await expect(fetched(`https://${plain}/`)).rejects.toThrow(`${plain} does not speak TLS: name it with http://`);
});

test("a password that no request can be made with is a failure of the URL", async () => {
  await expect(fetched("http://user:%ff@127.0.0.1:80/")).rejects.toMatchObject({ code: "malformed" });
});

test.for(["d", "le", "d8:intervali1e5:peers5:abcdee", String(Buffer.from(encode({ files: "" })))])(
  "the unreadable answer %s is a failure",
  async (body) => {
    const { url } = await web((_request, response) => response.end(body));
    const { states, until } = announcer([[url]]);
    await until(() => states.some(({ state }) => state === "failing"));
    expect(states.find(({ state }) => state === "failing")!.problem).toContain("unreadable");
  },
);
