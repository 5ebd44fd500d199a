import { expect, test } from "vitest";
import { TrustedProxies, askerAt } from "../../tracker/asker.ts";

test.for([
  ["127.255.0.9", true],
  ["::ffff:127.0.0.1", true],
  ["128.0.0.1", false],
] as const)("who asks from %s is of this machine: %s", ([host, loopback]) => {
  expect(askerAt(host).loopback).toBe(loopback);
});

test("an IPv4 address is the same over both families, and a link-local one has no interface", () => {
  expect(askerAt("::ffff:10.1.2.3")).toEqual(askerAt("10.1.2.3"));
  expect(askerAt("fe80::1%eth0").host).toBe("fe80::1");
});

test("all addresses of one IPv6 subscriber are one network", () => {
  expect(askerAt("2001:db8:0:1::1").network).toBe(askerAt("2001:db8:0:1:ffff::2").network);
  expect(askerAt("2001:db8:0:1::1").network).not.toBe(askerAt("2001:db8:0:2::1").network);
  expect(askerAt("10.0.0.1").network).not.toBe(askerAt("10.0.0.2").network);
});

test.for([
  ["nobody is believed by default", undefined, "127.0.0.1", "9.9.9.9", "127.0.0.1"],
  ["a proxy on loopback is", [], "127.0.0.1", "9.9.9.9", "9.9.9.9"],
  ["a proxy that is listed is", ["10.0.0.2"], "10.0.0.2", "9.9.9.9", "9.9.9.9"],
  ["another is not", ["10.0.0.2"], "10.0.0.3", "9.9.9.9", "10.0.0.3"],
  [
    "what stands before the last stranger is anybody's invention",
    [],
    "127.0.0.1",
    "127.0.0.1, 1.1.1.1, 9.9.9.9",
    "9.9.9.9",
  ],
  ["proxies behind proxies are passed over", ["10.0.0.2"], "127.0.0.1", "9.9.9.9, 10.0.0.2", "9.9.9.9"],
  ["only proxies: it is the proxy's own", ["10.0.0.2"], "127.0.0.1", "10.0.0.2", "127.0.0.1"],
  ["nonsense is not read further", [], "127.0.0.1", "9.9.9.9, unknown", "127.0.0.1"],
  ["IPv6 and IPv4 mapped", [], "::1", "2001:db8::1, ::ffff:127.0.0.1", "2001:db8::1"],
  ["empty", [], "127.0.0.1", "", "127.0.0.1"],
] as const)("%s", ([, hosts, from, header, client]) => {
  expect(new TrustedProxies(hosts).clientOf(askerAt(from), header).host).toBe(client);
});

test("without the header a proxy asks for itself", () => {
  expect(new TrustedProxies([]).clientOf(askerAt("::1"), undefined).host).toBe("::1");
});

test("who names others and is not believed is a proxy: its address is not the client's", () => {
  const asker = askerAt("10.0.0.3");
  const isProxy = (hosts: readonly string[] | undefined, header: string | undefined) =>
    new TrustedProxies(hosts).clientOf(asker, header).isProxy;
  expect(isProxy(undefined, undefined)).toBe(false);
  expect(isProxy(undefined, "9.9.9.9")).toBe(true);
  expect(isProxy(["10.0.0.3"], "unknown")).toBe(true);
  expect(isProxy(["10.0.0.3"], "9.9.9.9")).toBe(false);
});
