import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { networksOf } from "../../../source/discovery/lan/networks.ts";
import { at } from "./support.ts";

const MACHINE: Record<string, NetworkInterfaceInfo[]> = {
  lo: [at("127.0.0.1/8"), at("::1/128")],
  eth0: [at("192.168.7.2/24"), at("2001:db8::2/64"), at("fe80::2/64")],
  wlan0: [at("10.1.2.3/16"), at("fd00::3/64")],
  wan0: [at("203.0.113.9/24")],
  tun0: [at("10.8.0.2/32"), at("fd08::2/128")],
  ppp0: [at("10.9.0.2/31")],
  link0: [at("169.254.1.2/16")],
};

const namesOf = (host?: string, machine = MACHINE) =>
  networksOf(machine, host).map(({ name, family, address }) => `${name} ${family} ${address}`);

test.for([undefined, "0.0.0.0", "::", "0::0"])(
  "on all addresses (%s) it is for each network with a private one, but for lines between two",
  (host) => {
    expect(namesOf(host)).toEqual(["eth0 4 192.168.7.2", "wlan0 4 10.1.2.3", "link0 4 169.254.1.2"]);
  },
);

test.for([
  ["10.1.2.3", ["wlan0 4 10.1.2.3"]],
  ["fd00::3", ["wlan0 6 fd00::3"]],
  ["FD00:0::3", ["wlan0 6 fd00::3"]],
  ["203.0.113.9", []],
  ["2001:db8::2", []],
  ["fe80::2", []],
  ["10.8.0.2", []],
  ["10.1.2.4", []],
  ["box.lan", []],
  ["localhost", []],
  ["::1", []],
  ["127.0.0.1", ["loopback 4 127.0.0.1"]],
  ["127.0.0.9", ["loopback 4 127.0.0.9"]],
] as const)("on %s it is for that network alone, if it is one", ([host, networks]) => {
  expect(namesOf(host)).toEqual(networks);
});

test("a machine without a network has none", () => {
  expect(namesOf(undefined, { lo: MACHINE.lo! })).toEqual([]);
  expect(namesOf(undefined, { odd: [{ ...at("10.0.0.1/8"), cidr: null }] })).toEqual([]);
});

test.for([
  [undefined, "192.168.7.255", true],
  [undefined, "192.168.8.1", false],
  [undefined, "203.0.113.1", false],
  [undefined, "127.0.0.1", false],
  [undefined, "fd00::9", false],
  [undefined, "fe80::2%eth0", false],
  [undefined, "", false],
  ["fd00::3", "fd00::9", true],
  ["fd00::3", "fd00:0:0:1::9", false],
  ["127.0.0.1", "127.9.9.9", true],
  ["127.0.0.1", "192.168.7.3", false],
] as const)("listening on %s it has %s: %s", ([host, other, expected]) => {
  expect(networksOf(MACHINE, host).some((network) => network.has(other))).toBe(expected);
});
