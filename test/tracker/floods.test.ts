// What a channel client may cost before it is cut, and what happens to its address then.
import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { MAX_FRAME, MESSAGES_PER_SECOND, MESSAGE_BURST } from "../../source/protocol/channel/limits.ts";
import { askerAt } from "../../tracker/asker.ts";
import {
  CHANNELS_PER_SECOND,
  CHANNEL_BURST,
  CHANNEL_BYTES_PER_SECOND,
  CHANNEL_BYTE_BURST,
  LOCKOUT_MS,
  MAX_FRAGMENTS,
  MESSAGE_TOLERANCE,
} from "../../tracker/limits.ts";
import type { LogFacts } from "../../tracker/log.ts";
import { RequestRates } from "../../tracker/request-rates.ts";
import { RawClient, announce, get, peerIdOf, startTracker, torrentOf, welcomed } from "./support.ts";

/** What a client may send at once. */
const ALLOWED = MESSAGE_BURST + MESSAGE_TOLERANCE;

/** Sends more than that; its `hello` counts. */
function flood(client: RawClient): Promise<{ code: number; reason: string }> {
  for (let n = 0; n < ALLOWED; n++) client.say({ type: "nothing" });
  return client.closed;
}

test("a client may send 700 messages at once, and is cut for one more", async () => {
  const a = await welcomed(await startTracker({ now: () => 0 }), 1);
  for (let n = 2; n < ALLOWED; n++) a.say({ type: "nothing" });
  await a.settled();
  a.say({ type: "nothing" });
  expect(await a.closed).toEqual({ code: 1008, reason: `more than ${MESSAGES_PER_SECOND} messages a second` });
});

test.for(["ping", "pong"] as const)("a %s counts as a message", async (kind) => {
  const a = await welcomed(await startTracker({ now: () => 0 }), 1);
  for (let n = 0; n < ALLOWED; n++) a.socket[kind]();
  expect((await a.closed).code).toBe(1008);
});

test("a ping is answered", async () => {
  const a = await welcomed(await startTracker(), 1);
  a.socket.ping("x");
  expect(String((await once(a.socket, "pong"))[0])).toBe("x");
});

test.for([
  [MAX_FRAGMENTS, true],
  [MAX_FRAGMENTS + 1, false],
] as const)("a message may come in 1 024 fragments: %s", async ([count, stays]) => {
  const a = await welcomed(await startTracker(), 1);
  for (let n = 1; n < count; n++) a.socket.send(n === 1 ? '{"type":"nothing"' : " ", { fin: false });
  a.socket.send("}", { fin: true });
  if (stays) await a.settled();
  else expect((await a.closed).code).not.toBe(1000);
});

test("a client that sends 32 MiB at once is read no further until a second has passed for each 4 MiB beyond", async () => {
  let now = 0;
  const tracker = await startTracker({ now: () => now });
  const [a, b] = [await welcomed(tracker, 1), await welcomed(tracker, 2)];
  const frame = JSON.stringify({ type: "nothing", x: "x".repeat(MAX_FRAME - 30) });
  for (let sent = 0; sent < CHANNEL_BYTE_BURST + 4 * MAX_FRAME; sent += frame.length) a.socket.send(frame);
  await new Promise((written) => a.socket.send(frame, written));
  a.say({ type: "peers", id: 1 });
  for (let n = 0; n < 10; n++) await b.settled();
  expect(a.heard.some(({ type }) => type === "peers")).toBe(false);
  now = ((10 * MAX_FRAME) / CHANNEL_BYTES_PER_SECOND) * 1000;
  await a.next("peers");
});

test("16 channels of a network are opened at once, and then one each 2 s", () => {
  const rates = new RequestRates(CHANNELS_PER_SECOND, CHANNEL_BURST);
  const asker = askerAt("203.0.113.7");
  const allowed = (count: number, now: number) => Array.from({ length: count }, () => rates.allows(asker, now));
  expect(allowed(CHANNEL_BURST + 1, 0).filter(Boolean)).toHaveLength(CHANNEL_BURST);
  expect(allowed(1, 1_999)).toEqual([false]);
  expect(allowed(2, 2_000)).toEqual([true, false]);
});

test("an address that opens channel after channel is refused for a while", async () => {
  const tracker = await startTracker({ trustProxy: [], now: () => 0 });
  const from = (address: string) => new RawClient(tracker.port, undefined, { "X-Forwarded-For": address });
  for (let n = 0; n < CHANNEL_BURST; n++) {
    const client = from("203.0.113.7");
    await client.hello(n);
    client.socket.terminate();
    await client.closed;
  }
  expect((await from("203.0.113.7").closed).code).toBe(1006);
  await from("203.0.113.8").hello(1);
});

test("an address that flooded is not even listened to, for 10 s; its other channels and other addresses go on", async () => {
  let now = 0;
  const lines: { message: string; facts: LogFacts | undefined }[] = [];
  const tracker = await startTracker({ now: () => now, log: (_, message, facts) => lines.push({ message, facts }) });
  const from = (address: string) => new RawClient(tracker.port, undefined, {}, address);
  const [bad, neighbour, other] = [from("127.0.0.66"), from("127.0.0.66"), from("127.0.0.67")];
  for (const [n, client] of [bad, neighbour, other].entries()) await client.hello(n);
  expect((await flood(bad)).code).toBe(1008);
  for (let n = 0; n < 3; n++) {
    const socket = connect({ port: tracker.port, host: "127.0.0.1", localAddress: "127.0.0.66" });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    expect(
      await new Promise((resolve) => socket.on("data", () => resolve("data")).on("close", () => resolve("closed"))),
    ).toBe("closed");
  }
  expect((await from("127.0.0.66").closed).code).toBe(1006);
  await neighbour.settled();
  await other.settled();
  await from("127.0.0.67").hello(4);
  expect(lines.filter(({ message }) => message.includes("floods"))).toEqual([
    expect.objectContaining({ facts: { address: "127.0.0.66", seconds: LOCKOUT_MS / 1000 } }),
  ]);
  expect(String((await get(tracker, "/metrics")).body)).toMatch(/flooding_networks 1\n[^]*flood_refused_total 4\n/);
  now = LOCKOUT_MS;
  await from("127.0.0.66").hello(5);
});

test("behind a proxy the address that it names is refused, on every path, and not the proxy", async () => {
  const tracker = await startTracker({ trustProxy: [], now: () => 0 });
  const named = (address: string) => ({ "X-Forwarded-For": address });
  const from = (address: string) => new RawClient(tracker.port, undefined, named(address));
  const bad = from("203.0.113.7");
  await bad.hello(1);
  await flood(bad);
  expect((await from("203.0.113.7").closed).code).toBe(1006);
  expect((await get(tracker, "/health", "GET", named("203.0.113.7"))).status).toBe(429);
  expect((await get(tracker, "/health", "GET", named("203.0.113.8"))).status).toBe(200);
  await from("203.0.113.8").hello(2);
});

test("who speaks for others is heard for itself only", async () => {
  const tracker = await startTracker({ open: true });
  const victim = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 1);
  await victim.publish(bytes);
  victim.say({ type: "have", infoHash, pieces: Buffer.from([0x80]).toString("base64") });
  await victim.settled();
  const bad = new RawClient(tracker.port, undefined, {}, "127.0.0.66");
  // Peer id and port of the victim, and members that would name it.
  await bad.hello(1, { address: "127.0.0.1", ip: "127.0.0.1", you: { address: "127.0.0.1", port: 7001 } });
  bad.say({ type: "have", infoHash, pieces: null, peerId: peerIdOf(1), address: "127.0.0.1", port: 7001 });
  bad.say({ type: "update", infoHash, gained: [], lost: [0], peerId: peerIdOf(1), member: 1 });
  await bad.settled();
  await announce(tracker, { infoHash, port: 7001, left: 1 }, "&ip=203.0.113.9&event=stopped");
  bad.say({ type: "holders", id: 9, infoHash });
  expect((await bad.next("holders")).peers).toMatchObject([{ address: "127.0.0.1", port: 7001, pieces: "gA==" }]);
  bad.say({ type: "peers", id: 10 });
  expect((await bad.next("peers")).peers).toEqual([{ peerId: peerIdOf(1), address: "127.0.0.1", port: 7001 }]);
  victim.say({ type: "peers", id: 11 });
  expect((await victim.next("peers")).peers).toEqual([{ peerId: peerIdOf(1), address: "127.0.0.66", port: 7001 }]);
  bad.say({ type: "hello", peerId: peerIdOf(2), port: 7002, agent: "somebody else" });
  expect(await bad.closed).toEqual({ code: 1008, reason: "hello came twice" });
});
