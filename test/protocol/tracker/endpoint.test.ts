import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeCompact4,
  encodeCompact6,
  isIPv4,
  isIPv6,
  isLoopback,
  isPrivateHost,
  leadsHere,
  normalizeHost,
  parseCompact4,
  parseCompact6,
  subscriberOf,
} from "../../../source/protocol/tracker/endpoint.ts";

test.for([
  ["127.0.0.1", true],
  ["10.255.255.255", true],
  ["172.15.0.1", false],
  ["172.16.0.1", true],
  ["172.31.255.255", true],
  ["172.32.0.1", false],
  ["192.168.0.1", true],
  ["169.254.169.254", true],
  ["100.63.0.1", false],
  ["100.64.0.1", true],
  ["0.0.0.0", true],
  ["255.255.255.255", true],
  ["8.8.8.8", false],
  ["::1", true],
  ["::", true],
  ["::ffff:127.0.0.1", true],
  ["::ffff:7f00:1", true],
  ["::ffff:8.8.8.8", false],
  ["fe80::1", true],
  ["fd00::1", true],
  ["2001:4860:4860::8888", false],
  ["localhost", true],
] as const)("%s is private: %s", ([host, isPrivate]) => {
  expect(isPrivateHost(host)).toBe(isPrivate);
});

test.for(["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "0x7f.1.1.1", "1e1.1.1.1"])(
  "%o is no IPv4 address",
  (host) => {
    expect(isIPv4(host)).toBe(false);
  },
);

test.for([
  "",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "12345::",
  "::1.2.3.4.5",
  "fe80::1%eth0",
  "[::1]",
  "1::2:3:4:5:6:7:8",
])("%o is no IPv6 address", (host) => {
  expect(isIPv6(host)).toBe(false);
});

test("a mapped IPv4 address is that address", () => {
  expect(normalizeHost("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(normalizeHost("::ffff:c000:201")).toBe("192.0.2.1");
  expect(normalizeHost("2001:db8::1")).toBe("2001:db8::1");
  expect(normalizeHost("2001:DB8:0:0:0::1")).toBe("2001:db8::1");
  expect(normalizeHost("fe80::1%eth0")).toBe("fe80::1%eth0");
});

test.for([
  ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
  ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
  ["1::", [1, 0, 0, 0, 0, 0, 0, 0]],
  ["1:0:2:3:4:5:6:7", [1, 0, 2, 3, 4, 5, 6, 7]],
  ["1:0:0:2::3", [1, 0, 0, 2, 0, 0, 0, 3]],
  ["2001:db8::ff00:42:8329", [0x2001, 0xdb8, 0, 0, 0, 0xff00, 0x42, 0x8329]],
] as const)("%s is written as RFC 5952 asks", ([host, groups]) => {
  const bytes = new Uint8Array([...groups.flatMap((group) => [group >> 8, group & 0xff]), 0, 80]);
  expect(encodeCompact6({ host, port: 80 })).toEqual(bytes);
  expect(parseCompact6(bytes)).toEqual([{ host, port: 80 }]);
});

test.for([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:0:7::1", "20010db800000007"],
  ["2001:db8:0:7:ffff::", "20010db800000007"],
  ["fe80::1%eth0", "fe80::1%eth0"],
])("a subscriber's network: %s is one of %s", ([host, network]) => {
  expect(subscriberOf(host!)).toBe(network);
});

test("any addresses survive their compact form", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      port,
      (v4, v6, at) => {
        const end = [at >> 8, at & 0xff];
        const [four, six] = [new Uint8Array([...v4, ...end]), new Uint8Array([...v6, ...end])];
        expect(encodeCompact4(parseCompact4(four)![0]!)).toEqual(four);
        expect(encodeCompact6(parseCompact6(six)![0]!)).toEqual(six);
      },
    ),
  );
});

test("an endpoint of the other family, or a port out of range, is our own mistake", () => {
  expect(() => encodeCompact4({ host: "::1", port: 1 })).toThrow(RangeError);
  expect(() => encodeCompact6({ host: "1.2.3.4", port: 1 })).toThrow(RangeError);
  expect(() => encodeCompact4({ host: "1.2.3.4", port: 0 })).toThrow(RangeError);
  expect(() => encodeCompact4({ host: "1.2.3.4", port: 65_536 })).toThrow(RangeError);
});

test.for([
  ["127.0.0.1", true, true],
  ["127.255.255.254", true, true],
  ["::ffff:127.0.0.1", true, true],
  ["::1", true, true],
  ["0:0::1", true, true],
  ["0.0.0.0", false, true],
  ["::ffff:0.0.0.0", false, true],
  ["::", false, true],
  ["128.0.0.1", false, false],
  ["12.7.0.1", false, false],
  ["10.127.0.1", false, false],
  ["127.evil.example", false, false],
  ["1270::1", false, false],
  ["::2", false, false],
  ["fe80::1", false, false],
  ["", false, false],
] as const)("%s is loopback: %s, leads to this machine: %s", ([host, loopback, here]) => {
  expect(isLoopback(host)).toBe(loopback);
  expect(leadsHere(host)).toBe(here);
});
