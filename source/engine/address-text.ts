// addressText: an address as people write it.
import type { Address } from "../swarm/events.ts";

/** `host:port`, an IPv6 host in brackets. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
