// host:port as people write it.
import type { Address } from "../swarm/events.ts";

/** `10.0.0.5:5000`, `[::1]:5000`, `box.lan:5000` or, with `defaultPort`, without a port; undefined for anything else. */
export function parseAddress(text: string, defaultPort?: number): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::([0-9]{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  // A zero byte in a name is what no system call takes; no name has any of the others either.
  if (host === undefined || /\p{Cc}/u.test(host) || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}
