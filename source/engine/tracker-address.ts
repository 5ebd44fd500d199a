// A tracker's address as people write it, and as it is remembered.
import type { Address } from "../swarm/events.ts";
import { addressText } from "./address-text.ts";
import { parseAddress } from "./parse-address.ts";

export interface TrackerAddress extends Address {
  /** It speaks TLS. */
  readonly secure?: boolean;
}

const TRACKER_PORT = 5_000;
const HTTPS_PORT = 443;

/** `10.0.0.5`, `box.lan:5000`, `http://box.lan:5000/`, or for TLS `https://tracker.example`; `ws` and `wss` mean the same. Undefined for anything else. */
export function parseTrackerAddress(text: string): TrackerAddress | undefined {
  const [, secure, rest] = /^(?:(https|wss):\/\/|(?:http|ws):\/\/)?(.*?)\/?$/s.exec(text.trim())!;
  if (secure === undefined) return parseAddress(rest!, TRACKER_PORT);
  const address = parseAddress(rest!, HTTPS_PORT);
  return address && { ...address, secure: true };
}

/** `host:port`, with `https://` before it for one that speaks TLS. */
export function trackerText(tracker: TrackerAddress): string {
  return `${tracker.secure ? "https://" : ""}${addressText(tracker)}`;
}
