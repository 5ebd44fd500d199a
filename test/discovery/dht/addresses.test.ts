import { expect, it } from "vitest";
import { mayTell, networkOf } from "../../../source/discovery/dht/addresses.ts";

it.each([
  ["8.8.8.8", "9.9.9.9", true],
  ["2001:db8::1", "9.9.9.9", true],
  ["10.0.0.1", "9.9.9.9", false],
  ["10.0.0.1", "10.0.0.2", true],
  ["192.168.7.1", "127.0.0.1", true],
  ["127.0.0.1", "10.0.0.2", false],
  ["127.0.0.1", "9.9.9.9", false],
  ["127.3.0.1", "127.0.0.1", true],
  ["::1", "127.0.0.1", true],
  ["::1", "9.9.9.9", false],
  ["fe80::1", "9.9.9.9", false],
  ["0.0.0.0", "127.0.0.1", false],
  ["0.1.2.3", "127.0.0.1", false],
  ["223.255.255.255", "9.9.9.9", true],
  ["224.0.0.0", "127.0.0.1", false],
  ["239.1.1.1", "9.9.9.9", false],
  ["255.255.255.255", "10.0.0.2", false],
  ["::", "::1", false],
  ["ff02::1", "::1", false],
  ["example.org", "127.0.0.1", false],
  ["", "127.0.0.1", false],
])("%s from %s: %s", (host, teller, may) => {
  expect(mayTell({ host, port: 6881 }, teller)).toBe(may);
  expect(mayTell({ host, port: 0 }, teller)).toBe(false);
});

it("networks are a /24, or a /64", () => {
  expect(networkOf("1.2.3.4")).toBe(networkOf("1.2.3.255"));
  expect(networkOf("1.2.3.4")).not.toBe(networkOf("1.2.4.4"));
  expect(networkOf("2001:db8::1")).toBe(networkOf("2001:db8::ffff:1"));
  expect(networkOf("2001:db8::1")).not.toBe(networkOf("2001:db8:0:1::1"));
});
