import { execFile } from "node:child_process";
import { createSocket, type RemoteInfo } from "node:dgram";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Announcer } from "../../source/discovery/announcer.ts";
import { udpAnnounce, type UdpAnnounceRequest } from "../../source/discovery/udp-announce.ts";
import { idFromHex, toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import {
  encodeUdpResponse,
  parseUdpRequest,
  type UdpRequest,
  type UdpResponse,
} from "../../source/protocol/tracker/udp.ts";
import { peerIdOf, startTracker, torrentOf, welcomed } from "../tracker/support.ts";

const CONNECTION = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

const REQUEST: UdpAnnounceRequest = {
  infoHash: toInfoHash(idFromHex(torrentOf("x").infoHash)!),
  peerId: toPeerId(idFromHex(peerIdOf(1))!),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 3,
  key: 4,
  event: "started",
  numwant: 50,
};

const RESEND_MS = [20, 20, 20];

type Reaction = (request: UdpRequest, count: number) => readonly (UdpResponse | Uint8Array)[];

/** A tracker that does as it is told; its URL, and what it heard. */
async function scripted(react: Reaction, host = "127.0.0.1") {
  const heard: UdpRequest[] = [];
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    const request = parseUdpRequest(new Uint8Array(bytes));
    heard.push(request);
    const size = host.includes(":") ? 16 : 4;
    for (const answer of react(request, heard.length)) {
      socket.send(answer instanceof Uint8Array ? answer : encodeUdpResponse(answer, size), from.port, from.address);
    }
  });
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  onTestFinished(() => void socket.close());
  const { port } = socket.address();
  return { url: new URL(`udp://${host.includes(":") ? `[${host}]` : host}:${port}/announce`), heard };
}

const peers4 = [{ host: "10.0.0.1", port: 7 }];

/** What an honest tracker answers. */
const honest: Reaction = ({ type, transaction }) =>
  type === "connect"
    ? [{ type, transaction, connection: CONNECTION }]
    : [{ type: "announce", transaction, interval: 1_800, incomplete: 2, complete: 1, peers: peers4 }];

const ask = (url: URL, signal = new AbortController().signal, resendMs = RESEND_MS) =>
  udpAnnounce(url, REQUEST, { signal, resendMs });

test("a connection is asked for, and then the announce is sent with it", async () => {
  const { url, heard } = await scripted(honest);
  const answer = await ask(url, undefined, [10_000]);
  expect(answer).toMatchObject({ interval: 1_800, complete: 1, incomplete: 2, peers: peers4 });
  expect(heard.map(({ type }) => type)).toEqual(["connect", "announce"]);
  expect(heard[1]).toMatchObject({
    connection: CONNECTION,
    port: 6881,
    left: 3,
    event: "started",
    numwant: 50,
    key: 4,
  });
  expect(heard[1]).not.toHaveProperty("urlData");
});

test("over IPv6 the peers have 18 bytes", async () => {
  const peers = [{ host: "2001:db8::1", port: 7 }];
  const { url } = await scripted(
    (request, count) => honest(request, count).map((answer) => ("peers" in answer ? { ...answer, peers } : answer)),
    "::1",
  );
  expect((await ask(url)).peers).toEqual(peers);
});

test("path and query of the URL are said when they are not the usual (BEP 41)", async () => {
  const { url, heard } = await scripted(honest);
  await ask(new URL("/secret/announce?k=1", url));
  expect(heard[1]).toMatchObject({ urlData: "/secret/announce?k=1" });
});

test("what is lost is sent again", async () => {
  const { url, heard } = await scripted((request, count) => (count % 2 === 1 ? [] : honest(request, count)));
  expect((await ask(url)).peers).toEqual(peers4);
  expect(heard.map(({ type }) => type)).toEqual(["connect", "connect", "announce", "announce"]);
});

test("a tracker that never answers is given up, and an end is an end at once", async () => {
  const { url, heard } = await scripted(() => []);
  await expect(ask(url)).rejects.toMatchObject({ code: "timeout" });
  expect(heard).toHaveLength(RESEND_MS.length);
  await expect(ask(url, AbortSignal.abort())).rejects.toMatchObject({ code: "timeout" });
});

test("an answer to another question is passed over", async () => {
  const { url } = await scripted((request, count) => [
    ...honest({ ...request, transaction: (request.transaction + 1) % 2 ** 32 }, count),
    ...honest(request, count),
  ]);
  expect((await ask(url)).interval).toBe(1_800);
});

test("an error is said in the tracker's words, and an unreadable answer as one", async () => {
  const refusing = await scripted(({ transaction }) => [{ type: "error", transaction, text: "not here" }]);
  await expect(ask(refusing.url)).rejects.toMatchObject({ code: "refused", message: "not here" });
  const nonsense = await scripted(() => [Uint8Array.of(1, 2, 3)]);
  await expect(ask(nonsense.url)).rejects.toMatchObject({ code: "malformed" });
});

test("a port where nobody is, and a URL without one, are said", async () => {
  const gone = createSocket("udp4");
  await new Promise<void>((resolve) => gone.bind(0, "127.0.0.1", resolve));
  const { port } = gone.address();
  await new Promise<void>((resolve) => gone.close(resolve));
  await expect(ask(new URL(`udp://127.0.0.1:${port}`))).rejects.toMatchObject({ code: "unreachable" });
  await expect(ask(new URL("udp://127.0.0.1"))).rejects.toMatchObject({ code: "malformed" });
});

test("a port that there is not, and an address without a way to it, are failures of the tracker and not ours", async () => {
  await expect(ask(new URL("udp://127.0.0.1:0/announce"))).rejects.toMatchObject({ code: "malformed" });
  // No broadcast without leave: the system refuses, as it does when there is no route.
  await expect(ask(new URL("udp://255.255.255.255:80"))).rejects.toMatchObject({ code: "unreachable" });
});

test("sta-tracker and the announcer speak it with each other, down to the goodbye", async () => {
  const tracker = await startTracker();
  const client = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x");
  await client.publish(bytes);
  client.say({ type: "have", infoHash, pieces: "8A==" });
  await client.settled();
  const found = Promise.withResolvers<unknown>();
  const announcer = new Announcer({
    tiers: [[`udp://127.0.0.1:${tracker.port}/announce`], ["wss://nobody/speaks/this"]],
    infoHash: REQUEST.infoHash,
    peerId: REQUEST.peerId,
    listenPort: () => 6881,
    stats: () => ({ uploaded: 0, downloaded: 0, left: 0 }),
    random: Math.random,
    onPeers: found.resolve,
  });
  announcer.start();
  expect(await found.promise).toEqual([{ host: "127.0.0.1", port: 7001 }]);
  expect(announcer.reports).toMatchObject([
    { tracker: `udp://127.0.0.1:${tracker.port}`, tier: 0, state: "working" },
    { tracker: "wss://nobody", tier: 1, state: "unused" },
  ]);
  client.say({ type: "holders", id: 9, infoHash });
  expect((await client.next("holders")).peers).toMatchObject([{ port: 6881 }]);
  await announcer.stop();
  client.say({ type: "holders", id: 10, infoHash });
  const reply = await client.next("error", ({ re }) => re === 10).catch(() => undefined);
  expect(reply).toBeDefined();
});

test("without a descriptor left it is said so, and nothing else ends", async () => {
  const announce = new URL("../../source/discovery/udp-announce.ts", import.meta.url);
  const program = `
    import { openSync } from "node:fs";
    import { udpAnnounce } from ${JSON.stringify(announce.href)};
    try { for (;;) openSync("/dev/null"); } catch {}
    const id = new Uint8Array(20);
    const request = { infoHash: id, peerId: id, port: 1, uploaded: 0, downloaded: 0, left: 1, key: 1, numwant: 1 };
    const { signal } = new AbortController();
    const said = await udpAnnounce(new URL("udp://127.0.0.1:9"), request, { signal }).catch(({ code }) => code);
    process.stdout.write(said);`;
  const run = promisify(execFile);
  const command = 'ulimit -n 64; exec "$0" --input-type=module -e "$1"';
  expect((await run("sh", ["-c", command, process.execPath, program])).stdout).toBe("unreachable");
});
