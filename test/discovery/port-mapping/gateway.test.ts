// The gateway as Linux tells of it: /proc/net/route of real machines, and of those that have none.
import { expect, test } from "vitest";
import { findGateway, isRouter } from "../../../source/discovery/port-mapping/gateway.ts";
import { at } from "../lan/support.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
const line = (name: string, destination: string, gateway: string, flags = "0003", metric = 0, mask = "00000000") =>
  `${name}\t${destination}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0`;
const table = (...lines: string[]) => `${[HEAD, ...lines].join("\n")}\n`;

const INTERFACES = {
  lo: [at("127.0.0.1/8")],
  eth0: [at("fe80::1/64"), at("192.168.1.7/24"), at("192.168.1.8/24")],
  wlan0: [at("10.0.0.7/8")],
  six: [at("fd00::7/64")],
};
const find = (text: string, host?: string) =>
  findGateway(
    host,
    () => INTERFACES,
    () => Promise.resolve(text),
  );

const ETH0 = line("eth0", "00000000", "0101A8C0", "0003", 100);
const WLAN0 = line("wlan0", "00000000", "0100000A", "0003", 600);
const LAN = line("eth0", "0001A8C0", "00000000", "0001", 100, "00FFFFFF");

test("the default route names the gateway, and our address before it is the first of its interface", async () => {
  expect(await find(table(LAN, ETH0))).toEqual({ host: "192.168.1.1", localAddress: "192.168.1.7" });
});

test("of several default routes the one that is taken counts, or that of the address that is listened on", async () => {
  const both = table(WLAN0, ETH0);
  for (const host of [undefined, "0.0.0.0", "::", "0:0::0"])
    expect(await find(both, host)).toEqual({ host: "192.168.1.1", localAddress: "192.168.1.7" });
  expect(await find(both, "10.0.0.7")).toEqual({ host: "10.0.0.1", localAddress: "10.0.0.7" });
  expect(await find(both, "192.168.1.8")).toEqual({ host: "192.168.1.1", localAddress: "192.168.1.8" });
  for (const host of ["10.8.0.2", "fd00::7", "localhost"]) expect(await find(both, host)).toBeUndefined();
});

test.for([
  ["no route", table()],
  ["no file", ""],
  ["a network without a gateway", table(LAN)],
  ["a route that is down", table(line("eth0", "00000000", "0101A8C0", "0002"))],
  ["a route to a line, not to a gateway", table(line("ppp0", "00000000", "00000000", "0001"))],
  ["half of everything by a tunnel", table(line("eth0", "00000000", "0101A8C0", "0003", 0, "00000080"))],
  ["a route by a gateway that is no default", table(line("eth0", "0002A8C0", "0101A8C0", "0003", 0, "00FFFFFF"))],
  ["an interface without IPv4", table(line("six", "00000000", "0101A8C0"))],
  ["an interface that is gone", table(line("eth9", "00000000", "0101A8C0"))],
  [
    "what is no table",
    table("eth0", "\t\t\t", line("eth0", "x", "y", "z", 0, "w"), line("eth0", "00000000", "0101A8")),
  ],
] as const)("%s is no gateway", async ([, text]) => {
  expect(await find(text)).toBeUndefined();
});

test("where the file cannot be read there is no gateway", async () => {
  const denied = () => Promise.reject(new Error("EACCES"));
  expect(await findGateway(undefined, () => INTERFACES, denied)).toBeUndefined();
});

test("who has a public address, or leaves by one, has no router", () => {
  expect(isRouter({ host: "192.168.1.1", localAddress: "192.168.1.7" })).toBe(true);
  expect(isRouter({ host: "100.64.0.1", localAddress: "100.64.0.7" })).toBe(true);
  expect(isRouter({ host: "192.168.1.1", localAddress: "8.8.4.4" })).toBe(false);
  expect(isRouter({ host: "8.8.8.8", localAddress: "192.168.1.7" })).toBe(false);
});
