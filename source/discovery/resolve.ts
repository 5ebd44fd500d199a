// Names of strangers' hosts, looked up once: who asks is given addresses and uses those.
import { type LookupAddress, lookup } from "node:dns";
import { isIPv4, isIPv6 } from "../protocol/tracker/endpoint.ts";

/** Stands in for the system's resolver in tests. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

/** Addresses of a host: itself if it is one. Rejects as `resolve` does when the name is not known. */
export async function addressesOf(name: string, resolve: Resolve = systemResolve): Promise<readonly LookupAddress[]> {
  if (isIPv4(name)) return [{ address: name, family: 4 }];
  if (isIPv6(name)) return [{ address: name, family: 6 }];
  return resolve(name);
}

function systemResolve(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}
