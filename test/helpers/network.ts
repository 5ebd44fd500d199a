// A network of its own for a test: two network namespaces and a cable between them. Needs root.
import { spawnSync } from "node:child_process";
import { expect, onTestFinished } from "vitest";
import { until } from "./processes.ts";

const ip = (...args: string[]) => spawnSync("ip", args, { encoding: "utf8" });

/** Where it cannot be had, it is said aloud that `what` is skipped. */
export function canMakeNetworks(what: string): boolean {
  if (process.getuid?.() === 0 && ip("netns", "list").status === 0) return true;
  console.warn(`SKIPPED: ${what} needs root and ip.`);
  return false;
}

let made = 0;

/** Namespaces `a` and `b`, 10.78.0.1 and 10.78.0.2 in 10.78.0.0/24, fd78::1 and fd78::2 in fd78::/64; gone with the test. */
export async function makeNetwork(atEnd = onTestFinished) {
  made++;
  const [a, b] = ["a", "b"].map((end) => `sta-test-${process.pid}-${made}${end}`) as [string, string];
  for (const name of [a, b]) {
    expect(ip("netns", "add", name)).toMatchObject({ status: 0 });
    atEnd(() => void ip("netns", "delete", name));
  }
  const cable = ["sta0", "netns", a, "type", "veth", "peer", "name", "sta0", "netns", b];
  expect(ip("link", "add", ...cable)).toMatchObject({ status: 0 });
  for (const [name, end] of [
    [a, 1],
    [b, 2],
  ] as const) {
    ip("-n", name, "address", "add", `10.78.0.${end}/24`, "dev", "sta0");
    ip("-n", name, "address", "add", `fd78::${end}/64`, "dev", "sta0", "nodad");
    ip("-n", name, "link", "set", "lo", "up");
    expect(ip("-n", name, "link", "set", "sta0", "up")).toMatchObject({ status: 0 });
    // For programs that leave it to the system where multicast goes.
    ip("-n", name, "route", "add", "224.0.0.0/4", "dev", "sta0");
  }
  // Up to a second later its ends run, and count for programs.
  for (const name of [a, b]) {
    await until("a cable", () => ip("-n", name, "link", "show", "sta0").stdout.includes("state UP") || undefined);
  }
  return {
    a,
    b,
    setUp: (up: boolean) => void ip("-n", b, "link", "set", "sta0", up ? "up" : "down"),
    /** The command line that runs another one in a namespace. */
    inside: (name: string, ...command: string[]) => ["ip", ["netns", "exec", name, ...command]] as const,
  };
}
