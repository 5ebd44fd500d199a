// Forwarded ports over hours, on virtual time: routers that do it, refuse, fall silent, are gone, or are others than before.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Gateway } from "../../../source/discovery/port-mapping/gateway.ts";
import { LEAST_RENEWAL_MS, MOST_RENEWAL_MS, RETRY_MS } from "../../../source/discovery/port-mapping/limits.ts";
import { PortMapping } from "../../../source/discovery/port-mapping/port-mapping.ts";
import {
  type Mapping,
  type Router,
  RouterError,
  type WantedPort,
} from "../../../source/discovery/port-mapping/router.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TCP: WantedPort = { protocol: "TCP", port: 6_881 };
const UDP: WantedPort = { protocol: "UDP", port: 6_881 };
const HOME: Gateway = { host: "192.168.1.1", localAddress: "192.168.1.7" };

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** What is asked of it stands in `asked`, with what is ended. */
class FakeRouter implements Router {
  readonly asked: string[] = [];
  lifetimeSeconds = 7_200;
  readonly #way: Mapping["way"];
  readonly #error: ((wanted: WantedPort) => RouterError | undefined) | undefined;

  constructor(way: Mapping["way"], error?: (wanted: WantedPort) => RouterError | undefined) {
    this.#way = way;
    this.#error = error;
  }

  async map(wanted: WantedPort, signal: AbortSignal): Promise<Mapping> {
    const name = `${wanted.protocol} ${wanted.port}`;
    this.asked.push(name);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const error = signal.aborted ? SILENT : this.#error?.(wanted);
    if (error) throw error;
    const end = async () => void this.asked.push(`end ${name}`);
    return { wanted, way: this.#way, lifetimeSeconds: this.lifetimeSeconds, end };
  }
}

const SILENT = new RouterError("silent", "does not answer");
const REFUSED = new RouterError("refused", "does not want to");

function open(routers: readonly Router[], gateway: () => Gateway | undefined = () => HOME, host?: string) {
  const told: string[] = [];
  let changes = 0;
  const mapping = new PortMapping({
    host,
    tell: (kind, text) => told.push(`${kind}: ${text}`),
    changed: () => changes++,
    gateway: () => Promise.resolve(gateway()),
    routers: () => routers,
  });
  return { mapping, told, changes: () => changes };
}

test("nothing is asked before a port is wanted, and nothing after it is wanted no more", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router]);
  mapping.want([]);
  await pass(RETRY_MS);
  expect([mapping.figures().state, mapping.outcome, router.asked]).toEqual(["idle", undefined, []]);
  mapping.want([TCP]);
  await pass();
  expect([mapping.figures().state, mapping.outcome]).toEqual(["asking", undefined]);
  await pass(10);
  expect(mapping.figures()).toEqual({
    state: "working",
    router: "192.168.1.1",
    way: "PCP",
    ports: [TCP],
    problem: null,
  });
  expect(mapping.outcome).toBe("the router 192.168.1.1 says that it does");
  mapping.want([]);
  await pass(10 * MOST_RENEWAL_MS);
  expect(router.asked).toEqual(["TCP 6881", "end TCP 6881"]);
  expect(mapping.figures().state).toBe("idle");
  expect(told).toEqual(["notice: The router 192.168.1.1 forwards TCP port 6881 to this machine (PCP)."]);
});

test("a port is asked for again at half of its lifetime, within bounds", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router]);
  mapping.want([TCP]);
  for (const [lifetimeSeconds, renewalMs] of [
    [7_200, MOST_RENEWAL_MS],
    [600, 300_000],
    [0, LEAST_RENEWAL_MS],
    [0xffff_ffff, MOST_RENEWAL_MS],
  ] as const) {
    router.lifetimeSeconds = lifetimeSeconds;
    await pass(10);
    router.asked.length = 0;
    await pass(renewalMs - 1);
    expect(router.asked).toEqual([]);
    await pass(1);
    expect(router.asked).toEqual(["TCP 6881"]);
  }
  await pass(10);
  expect(told).toHaveLength(1);
});

test("what comes to be wanted is asked for too, what is wanted no longer is ended", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router]);
  mapping.want([TCP]);
  await pass(10);
  mapping.want([TCP, UDP]);
  mapping.want([TCP, UDP]);
  await pass(20);
  expect(router.asked).toEqual(["TCP 6881", "TCP 6881", "UDP 6881"]);
  expect(mapping.figures().ports).toEqual([TCP, UDP]);
  const moved = { ...TCP, port: 7_000 };
  mapping.want([moved]);
  await pass(10);
  expect(router.asked.slice(3)).toEqual(["end TCP 6881", "end UDP 6881", "TCP 7000"]);
  expect(mapping.figures().ports).toEqual([moved]);
  expect(told).toHaveLength(3);
});

test("what is wanted while a router is asked is asked for when it has answered", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router]);
  mapping.want([TCP]);
  await pass(5);
  mapping.want([TCP, UDP]);
  await pass(5);
  expect(router.asked).toEqual(["TCP 6881", "TCP 6881"]);
  await pass(20);
  expect(mapping.figures().ports).toEqual([TCP, UDP]);
  expect(told).toHaveLength(1);
});

test("what is wanted no longer when the router has refused it is not told", async () => {
  const { mapping, told } = open([new FakeRouter("PCP", () => REFUSED)]);
  mapping.want([TCP]);
  await pass(5);
  mapping.want([]);
  await pass(10);
  expect([mapping.figures().state, told]).toEqual(["idle", []]);
});

test("who is silent is followed by the next, and is not asked for the second port", async () => {
  const [silent, router] = [new FakeRouter("PCP", () => SILENT), new FakeRouter("UPnP")];
  const { mapping, told } = open([silent, router]);
  mapping.want([TCP, UDP]);
  await pass(30);
  expect([silent.asked, router.asked]).toEqual([["TCP 6881"], ["TCP 6881", "UDP 6881"]]);
  expect(told).toEqual([
    "notice: The router 192.168.1.1 forwards TCP port 6881 and UDP port 6881 to this machine (UPnP).",
  ]);
});

test("a refusal says more than silence, is told once, and is tried again each 20 minutes", async () => {
  const routers = [new FakeRouter("PCP", () => REFUSED), new FakeRouter("UPnP", () => SILENT)];
  const { mapping, told, changes } = open(routers);
  mapping.want([TCP, UDP]);
  await pass(40);
  const problem = "the router 192.168.1.1 does not want to";
  expect(mapping.figures()).toEqual({ state: "failed", router: "192.168.1.1", way: null, ports: [], problem });
  expect(mapping.outcome).toBe(problem);
  const asked = routers[0]!.asked.length;
  await pass(RETRY_MS - 100);
  expect(routers[0]!.asked).toHaveLength(asked);
  await pass(200);
  expect(routers[0]!.asked.length).toBeGreaterThan(asked);
  expect(told).toEqual([
    "problem: Port 6881 is not forwarded to this machine: the router 192.168.1.1 does not want to. Forward it by hand, or peers that cannot be dialled stay away; --no-port-mapping asks no more.",
  ]);
  expect(changes()).toBe(2);
});

test("without TCP it does not work, without UDP it does, and says so", async () => {
  const some = (other: WantedPort) => [new FakeRouter("PCP", (wanted) => (wanted === other ? REFUSED : undefined))];
  const one = open(some(UDP));
  one.mapping.want([TCP, UDP]);
  await pass(20);
  expect(one.mapping.figures()).toMatchObject({ state: "working", way: "PCP", ports: [TCP] });
  expect(one.told).toEqual([
    "notice: The router 192.168.1.1 forwards TCP port 6881 to this machine (PCP), but not all: the router 192.168.1.1 does not want to.",
  ]);
  const two = open(some(TCP));
  two.mapping.want([TCP, UDP]);
  await pass(20);
  expect(two.mapping.figures()).toMatchObject({ state: "failed", way: null, ports: [UDP] });
});

test("a router that falls silent forwards nothing any more, until it is there again", async () => {
  let error: RouterError | undefined;
  const router = new FakeRouter("PCP", () => error);
  const { mapping, told } = open([router]);
  mapping.want([TCP]);
  await pass(10);
  error = SILENT;
  await pass(MOST_RENEWAL_MS + 10);
  expect(mapping.figures()).toMatchObject({ state: "failed", ports: [] });
  error = undefined;
  await pass(RETRY_MS + 10);
  expect(mapping.figures()).toMatchObject({ state: "working", ports: [TCP] });
  expect(told.map((text) => text.split(":", 1)[0])).toEqual(["notice", "problem", "notice"]);
});

test.for([
  [
    "no gateway",
    undefined,
    "failed",
    ["problem: Port 6881 is not forwarded to this machine: this machine knows no router"],
  ],
  ["a public address", { ...HOME, localAddress: "8.8.4.4" }, "needless", []],
  ["a public gateway", { ...HOME, host: "8.8.8.8" }, "needless", []],
] as const)("%s: nobody is asked, until there is a router", async ([, first, state, texts]) => {
  let gateway: Gateway | undefined = first;
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router], () => gateway);
  mapping.want([TCP]);
  await pass(10);
  expect(mapping.figures()).toMatchObject({ state, router: null, ports: [] });
  expect(told.map((text) => text.split(".", 1)[0])).toEqual(texts);
  expect([router.asked, mapping.outcome]).toEqual([[], undefined]);
  gateway = HOME;
  mapping.again();
  await pass(10);
  expect(mapping.figures()).toMatchObject({ state: "working", ports: [TCP] });
});

test("who takes peers on an IPv6 address asks nobody", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router], () => HOME, "2001:db8::1");
  mapping.want([TCP]);
  await pass(10);
  expect([mapping.figures().state, router.asked, told]).toEqual(["needless", [], []]);
});

test("what is forwarded is ended with it, and nothing is asked after", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router]);
  mapping.want([TCP, UDP]);
  await pass(20);
  await mapping.close();
  expect(router.asked.slice(2)).toEqual(["end TCP 6881", "end UDP 6881"]);
  mapping.want([TCP]);
  mapping.again();
  await pass(10 * MOST_RENEWAL_MS);
  expect(router.asked).toHaveLength(4);
  expect(told).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("who closes while a router is asked waits for it, and ends what it has forwarded", async () => {
  const router = new FakeRouter("PCP");
  const { mapping, told } = open([router]);
  mapping.want([TCP, UDP]);
  await pass(15);
  const closed = mapping.close();
  await pass(5);
  await closed;
  expect(router.asked).toEqual(["TCP 6881", "UDP 6881", "end TCP 6881"]);
  expect(told).toEqual([]);
});

test("who closes while it is asked for again ends it, too", async () => {
  const router = new FakeRouter("PCP");
  const { mapping } = open([router]);
  mapping.want([TCP]);
  await pass(10);
  await pass(MOST_RENEWAL_MS + 5);
  const closed = mapping.close();
  await pass(5);
  await closed;
  expect(router.asked).toEqual(["TCP 6881", "TCP 6881", "end TCP 6881"]);
});

test("a router that says nothing keeps nobody longer than a second", async () => {
  const mute = (signal: AbortSignal) => new Promise<void>((done) => signal.addEventListener("abort", () => done()));
  const router = new FakeRouter("PCP");
  const { mapping } = open([{ map: async (...asked) => ({ ...(await router.map(...asked)), end: mute }) }]);
  mapping.want([TCP]);
  await pass(10);
  vi.useRealTimers();
  const before = performance.now();
  await mapping.close();
  expect(performance.now() - before).toBeLessThan(1_500);
});

test("a router that does not want to end it keeps nobody", async () => {
  const router = new FakeRouter("PCP");
  const { mapping } = open([
    { map: async (...asked) => ({ ...(await router.map(...asked)), end: () => Promise.reject(SILENT) }) },
  ]);
  mapping.want([TCP]);
  await pass(10);
  await mapping.close();
});
