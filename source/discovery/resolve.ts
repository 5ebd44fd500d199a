// Names of strangers' hosts, looked up once: who asks is given addresses and uses those.
import { type LookupAddress, lookup } from "node:dns";
import { TrackerError } from "../protocol/errors.ts";
import { familyOf } from "./local-address.ts";
import { isIPv4, isIPv6 } from "../protocol/tracker/endpoint.ts";

/** Stands in for the system's resolver in tests. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

/** Addresses of a host: itself if it is one. Rejects as `resolve` does when the name is not known. */
export async function addressesOf(name: string, resolve: Resolve = systemResolve): Promise<readonly LookupAddress[]> {
  if (isIPv4(name)) return [{ address: name, family: 4 }];
  if (isIPv6(name)) return [{ address: name, family: 6 }];
  return resolve(name);
}

export interface AddressOptions {
  readonly signal: AbortSignal;
  readonly resolve?: Resolve | undefined;
  /** Where we leave from; undefined: from any address. */
  readonly localAddress?: string | undefined;
}

/**
 * Addresses of the host of a tracker's URL, at least one. Rejects with TrackerError: `unreachable` when its name is not known, or is of
 * another kind than `localAddress`; `timeout` once `signal` is aborted, for the system looks a name up for as long as it likes.
 */
export async function addressesAt(
  { host, hostname }: URL,
  { signal, resolve, localAddress }: AddressOptions,
): Promise<readonly LookupAddress[]> {
  const name = hostname.replace(/^\[|\]$/g, "");
  const over = Promise.withResolvers<never>();
  const end = () => over.reject(new TrackerError("timeout", `${host} did not answer in time`));
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  try {
    const all = await Promise.race([over.promise, addressesOf(name, resolve)]);
    const reached = localAddress === undefined ? all : all.filter(({ family }) => family === familyOf(localAddress));
    if (reached.length > 0) return reached;
    throw new TrackerError("unreachable", `${name} has no address that ${localAddress ?? "this machine"} reaches`);
  } catch (cause) {
    if (cause instanceof TrackerError) throw cause;
    throw new TrackerError("unreachable", `the name ${name} is not known`, { cause });
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function systemResolve(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}
