// A router that is found by multicast and asked over HTTP, on loopback: a good one, an old one, and those who only say that they are one.
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { WantedPort } from "../../../source/discovery/port-mapping/router.ts";
import { UpnpRouter, type UpnpRouterOptions } from "../../../source/discovery/port-mapping/upnp-router.ts";
import { type Asked, descriptionOf, device, GATEWAY, hearing, located, WAN_IP } from "./support.ts";

const TCP: WantedPort = { protocol: "TCP", port: 6_881 };
const { signal } = new AbortController();
const SILENT = { name: "RouterError", code: "silent", message: "does not answer" };

const routerAt = (group: UpnpRouterOptions["group"] & object) =>
  new UpnpRouter({ ...GATEWAY, group, searchMs: [1, 50] });
const fault = (code: number) =>
  [500, `<s:Fault><detail><UPnPError><errorCode>${code}</errorCode></UPnPError></detail></s:Fault>`] as const;
const isCall = ({ action }: Asked, name: string) => action === `"${WAN_IP}#${name}"`;

test("a port is forwarded to our address, another by the same device, and ended", async () => {
  const { asked, search, group } = await device();
  const router = routerAt(group);
  const mapping = await router.map(TCP, signal);
  expect(mapping).toMatchObject({ wanted: TCP, way: "UPnP", lifetimeSeconds: 7_200 });
  await router.map({ protocol: "UDP", port: 7 }, signal);
  await mapping.end(signal);
  expect(search.heard).toHaveLength(2);
  expect(asked.map(({ path, action }) => [path, action?.split("#")[1]])).toEqual([
    ["/description", undefined],
    ["/control", 'AddPortMapping"'],
    ["/control", 'AddPortMapping"'],
    ["/control", 'DeletePortMapping"'],
  ]);
  expect(asked[1]!.body).toContain("<NewInternalClient>127.0.0.2</NewInternalClient>");
  expect(asked[1]!.body).toContain("<NewLeaseDuration>7200</NewLeaseDuration>");
  expect(new Set(asked.map(({ from }) => from))).toEqual(new Set([GATEWAY.localAddress]));
});

test("a device that knows no leases forwards it for ever", async () => {
  const { asked, group } = await device(({ body }) =>
    body.includes("<NewLeaseDuration>7200<") ? fault(725) : undefined,
  );
  expect(await routerAt(group).map(TCP, signal)).toMatchObject({ way: "UPnP" });
  expect(asked.at(-1)!.body).toContain("<NewLeaseDuration>0</NewLeaseDuration>");
});

test.for([
  [718, "has given port 6881 to another machine: take another one (--port)"],
  [606, "does not want to forward it (UPnP, error 606)"],
] as const)("error %d is a refusal", async ([code, message]) => {
  const { group } = await device((asked) => (isCall(asked, "AddPortMapping") ? fault(code) : undefined));
  await expect(routerAt(group).map(TCP, signal)).rejects.toMatchObject({ code: "refused", message });
});

test("a status without a reason is one too, also a redirect, which is not followed", async () => {
  for (const status of [401, 302]) {
    const { group } = await device((asked) => (isCall(asked, "AddPortMapping") ? [status, "no"] : undefined));
    const message = `does not want to forward it (UPnP, error ${status})`;
    await expect(routerAt(group).map(TCP, signal)).rejects.toMatchObject({ code: "refused", message });
  }
});

test("of two services the one that does it is taken", async () => {
  const both = descriptionOf("/first") + descriptionOf("/second");
  const { group } = await device(({ path }) =>
    path === "/description" ? [200, both] : path === "/first" ? fault(501) : undefined,
  );
  expect(await routerAt(group).map(TCP, signal)).toMatchObject({ way: "UPnP" });
});

test.for([
  ["has no description", 404, descriptionOf()],
  ["describes another machine", 200, descriptionOf("http://192.0.2.1/control")],
  ["forwards no ports", 200, "<root/>"],
  ["describes itself without end", 200, descriptionOf() + " ".repeat(65_537)],
] as const)("who %s is not asked", async ([, status, text]) => {
  const { asked, group } = await device(() => [status, text]);
  await expect(routerAt(group).map(TCP, signal)).rejects.toMatchObject(SILENT);
  expect(asked.map(({ path }) => path)).toEqual(["/description"]);
});

test("who names a place at another machine, and then itself, is asked there alone", async () => {
  const { asked, port } = await device();
  const places = ["http://127.0.0.2:1/description", "http://192.0.2.1/description", "nonsense"];
  const search = await hearing(() => [...places, `http://127.0.0.1:${port}/description`].map(located));
  await routerAt({ host: "127.0.0.1", port: search.port }).map(TCP, signal);
  expect(asked.map(({ path }) => path)).toEqual(["/description", "/control"]);
});

test("nobody, a group without a route, and an address that is not ours are silence", async () => {
  const { port } = await hearing(() => []);
  await expect(routerAt({ host: "127.0.0.1", port }).map(TCP, signal)).rejects.toMatchObject(SILENT);
  await expect(routerAt({ host: "255.255.255.255", port }).map(TCP, signal)).rejects.toMatchObject(SILENT);
  const elsewhere = new UpnpRouter({ ...GATEWAY, localAddress: "192.0.2.1", searchMs: [60_000] });
  await expect(elsewhere.map(TCP, signal)).rejects.toMatchObject(SILENT);
});

test("who gives up waits no longer, neither for an answer nor for a page", async () => {
  const mute = createServer();
  const page = once(mute, "connection");
  mute.listen(0, "127.0.0.1");
  await once(mute, "listening");
  onTestFinished(() => void mute.close());
  const { port } = mute.address() as AddressInfo;
  const search = await hearing(() => [located(`http://127.0.0.1:${port}/description`)]);
  for (const searchMs of [[60_000], [20]]) {
    const ending = new AbortController();
    const router = new UpnpRouter({ ...GATEWAY, group: { host: "127.0.0.1", port: search.port }, searchMs });
    const mapped = router.map(TCP, ending.signal);
    await (searchMs[0] === 20 ? page : search.untilHeard(1));
    ending.abort();
    await expect(mapped).rejects.toMatchObject(SILENT);
  }
});
