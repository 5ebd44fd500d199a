import { once } from "node:events";
import { type AddressInfo, Socket, createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { askerAt } from "../../tracker/asker.ts";
import {
  MAX_PROBES,
  MAX_PROBES_KEPT,
  MAX_PROBES_WAITING,
  PROBES_PER_SECOND,
  PROBE_BURST,
  PROBE_KEPT_MS,
  PROBE_MS,
} from "../../tracker/limits.ts";
import { PortProber, type PortProberOptions } from "../../tracker/port-prober.ts";
import { RawClient, startTracker } from "./support.ts";

const LOCAL = askerAt("127.0.0.1");

function openProber(options: Partial<PortProberOptions> = {}): PortProber {
  const prober = new PortProber({ now: () => 0, ...options });
  onTestFinished(() => prober.close());
  return prober;
}

const probed = (prober: PortProber, port: number, asker = LOCAL) =>
  new Promise<boolean>((told) => prober.probe(asker, port, told));

/** A listener that counts, and what it heard. */
async function listener() {
  const heard: { connections: number; bytes: number } = { connections: 0, bytes: 0 };
  const server = createServer((socket) => {
    heard.connections++;
    socket.on("data", (data) => (heard.bytes += data.length)).on("error", () => undefined);
    socket.on("close", () => server.emit("gone"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { server, heard, port: (server.address() as AddressInfo).port };
}

/** Connections that neither come about nor fail, until the test says so. */
function standstill() {
  const sockets: Socket[] = [];
  const dialled: string[] = [];
  const dial = ({ host, port }: { host: string; port: number }) => {
    const socket = new Socket();
    sockets.push(socket);
    dialled.push(`${host}:${port}`);
    return socket;
  };
  return { sockets, dialled, dial };
}

test("a port that listens is dialled, hears nothing, and is let go at once", async () => {
  const { server, heard, port } = await listener();
  const gone = once(server, "gone");
  expect(await probed(openProber(), port)).toBe(true);
  await gone;
  expect(heard).toEqual({ connections: 1, bytes: 0 });
});

test("a port where nobody listens is not reached", async () => {
  const { server, port } = await listener();
  server.close();
  await once(server, "close");
  expect(await probed(openProber(), port)).toBe(false);
});

test("a dial has 5 s", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const told: boolean[] = [];
  openProber({ dial: standstill().dial }).probe(LOCAL, 1, (ok) => told.push(ok));
  const turn = () => new Promise(setImmediate);
  vi.advanceTimersByTime(PROBE_MS - 1);
  await turn();
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  await turn();
  expect(told).toEqual([false]);
});

test("what keeps us from dialling says nothing about the client", async () => {
  const { dial, sockets } = standstill();
  const told: boolean[] = [];
  const prober = openProber({ dial });
  for (const [port, code] of [
    [1, "EMFILE"],
    [2, "ENETUNREACH"],
    [3, "EHOSTUNREACH"],
  ] as const) {
    prober.probe(LOCAL, port, (ok) => told.push(ok));
    sockets.at(-1)!.destroy(Object.assign(new Error(code), { code }));
    await new Promise((closed) => sockets.at(-1)!.on("close", closed));
  }
  expect(told).toEqual([false]);
});

test("what was found is told again for 2 minutes, and the port dialled again after them", async () => {
  let now = 0;
  const { heard, port } = await listener();
  const prober = openProber({ now: () => now });
  await probed(prober, port);
  for (const at of [PROBE_KEPT_MS - 1, PROBE_KEPT_MS]) {
    now = at;
    prober.forget();
    expect(await probed(prober, port)).toBe(true);
  }
  expect(heard.connections).toBe(2);
});

test("64 are dialled at once, 10 000 wait, and the next one's turn comes when one is done", async () => {
  const { dial, sockets } = standstill();
  const prober = openProber({ dial });
  const told: number[] = [];
  for (let port = 1; port <= MAX_PROBES + MAX_PROBES_WAITING + 1; port++)
    prober.probe(LOCAL, port, () => told.push(port));
  expect(sockets).toHaveLength(MAX_PROBES);
  for (let n = 0; n < MAX_PROBES + MAX_PROBES_WAITING; n++) {
    sockets[n]!.emit("connect");
    await once(sockets[n]!, "close");
  }
  expect(told).toHaveLength(MAX_PROBES + MAX_PROBES_WAITING);
  expect(told.at(-1)).toBe(MAX_PROBES + MAX_PROBES_WAITING);
  // The results of 10 000 are kept: the first ones' are not.
  prober.probe(LOCAL, MAX_PROBES + MAX_PROBES_WAITING - MAX_PROBES_KEPT, () => told.push(-1));
  prober.probe(LOCAL, MAX_PROBES + MAX_PROBES_WAITING - MAX_PROBES_KEPT + 1, () => told.push(-2));
  expect(told.at(-1)).toBe(-2);
});

test("8 ports of one network are dialled at once, then one each 30 s", () => {
  let now = 0;
  const { dial, dialled } = standstill();
  const prober = openProber({ dial, now: () => now });
  const stranger = askerAt("203.0.113.7");
  for (let port = 1; port <= PROBE_BURST + 1; port++) prober.probe(stranger, port, () => undefined);
  expect(dialled).toHaveLength(PROBE_BURST);
  now = 1000 / PROBES_PER_SECOND;
  for (let port = 101; port <= 102; port++) prober.probe(stranger, port, () => undefined);
  expect(dialled.slice(PROBE_BURST)).toEqual(["203.0.113.7:101"]);
});

test("neither an address of the link nor one that speaks for others is dialled", () => {
  const { dial, dialled } = standstill();
  const prober = openProber({ dial });
  prober.probe(askerAt("fe80::1%eth0"), 1, () => undefined);
  prober.probe({ ...LOCAL, isProxy: true }, 1, () => undefined);
  expect(dialled).toEqual([]);
});

test("a client hears whether its port can be dialled: at its socket's address, whatever it says", async () => {
  const { heard, port } = await listener();
  const tracker = await startTracker({ probe: true });
  const reached = new RawClient(tracker.port);
  await reached.hello(1, { port, address: "203.0.113.7" });
  expect(await reached.next("reachable")).toEqual({ type: "reachable", port, ok: true });
  const elsewhere = new RawClient(tracker.port, undefined, {}, "127.0.0.9");
  await elsewhere.hello(2, { port });
  expect(await elsewhere.next("reachable")).toEqual({ type: "reachable", port, ok: false });
  expect(heard.connections).toBe(1);
});

test("who only looks, or comes through a proxy that is not trusted, is not dialled", async () => {
  const { heard, port } = await listener();
  const tracker = await startTracker({ probe: true });
  const looks = new RawClient(tracker.port);
  await looks.hello(1, { port: 0 });
  const proxied = new RawClient(tracker.port, undefined, { "X-Forwarded-For": "203.0.113.7" });
  await proxied.hello(2, { port });
  const direct = new RawClient(tracker.port);
  await direct.hello(3, { port });
  await direct.next("reachable");
  for (const client of [looks, proxied]) {
    await client.settled();
    expect(client.heard.some(({ type }) => type === "reachable")).toBe(false);
  }
  expect(heard.connections).toBe(1);
});
