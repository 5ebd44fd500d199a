import { expect, it } from "vitest";
import { isLoopback } from "../../source/swarm/is-loopback.ts";

it.each([
  ["127.0.0.1", true],
  ["127.255.255.254", true],
  ["::ffff:127.0.0.1", true],
  ["::1", true],
  ["0.0.0.0", true],
  ["::", true],
  ["128.0.0.1", false],
  ["10.127.0.1", false],
  ["::2", false],
  ["fe80::1", false],
  ["", false],
])("says of %s: this machine? %s", (host, expected) => expect(isLoopback(host)).toBe(expected));
