// Gateway: the router that this machine leaves its network by, and our address in that network. Linux tells of it in a file.
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { isIPv4, isPrivateHost, normalizeHost } from "../../protocol/tracker/endpoint.ts";

export interface Gateway {
  /** IPv4, both. */
  readonly host: string;
  readonly localAddress: string;
}

interface Route {
  readonly interface: string;
  readonly gateway: string;
  readonly metric: number;
}

/** RTF_UP and RTF_GATEWAY of route(8). */
const BY_GATEWAY = 0x3;

/** The gateway for who listens on `host`, undefined for all addresses; undefined when this machine knows none. */
export async function findGateway(
  host: string | undefined,
  interfaces: typeof networkInterfaces = networkInterfaces,
  routes: () => Promise<string> = () => readFile("/proc/net/route", "latin1"),
): Promise<Gateway | undefined> {
  const isAny = host === undefined || host === "0.0.0.0" || normalizeHost(host) === "::";
  // Other systems have no such file.
  for (const route of parseRoutes(await routes().catch(() => ""))) {
    const ours = interfaces()[route.interface]?.filter(({ family }) => family === "IPv4") ?? [];
    const [localAddress] = ours.map(({ address }) => address).filter((address) => isAny || address === host);
    if (localAddress !== undefined) return { host: route.gateway, localAddress };
  }
  return undefined;
}

/** Could that gateway forward anything to us? Who has a public address is reached as it is, and a public gateway is a stranger's. */
export function isRouter({ host, localAddress }: Gateway): boolean {
  return isPrivateHost(host) && isPrivateHost(localAddress);
}

/** The default routes of /proc/net/route, the one that is taken first: addresses are little-endian hex. */
export function parseRoutes(text: string): Route[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [name = "", destination, hex = "", flags = "", , , metric, mask] = line.split("\t");
      const gateway = /^[0-9A-F]{8}$/i.test(hex) ? Buffer.from(hex, "hex").toReversed().join(".") : "";
      const isDefault = Number(`0x${destination}`) === 0 && Number(`0x${mask}`) === 0;
      if (!isDefault || (Number.parseInt(flags, 16) & BY_GATEWAY) !== BY_GATEWAY || !isIPv4(gateway)) return [];
      return [{ interface: name, gateway, metric: Number(metric) || 0 }];
    })
    .toSorted((a, b) => a.metric - b.metric);
}
