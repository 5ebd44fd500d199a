// announceOver: one announce to a tracker, over what its URL says. A new way to announce is a row of the table.
import { TrackerError } from "../protocol/errors.ts";
import {
  type AnnounceQuery,
  type AnnounceResponse,
  encodeAnnounceQuery,
  parseAnnounceResponse,
} from "../protocol/tracker/http-announce.ts";
import { type GetLimits, httpGet } from "./http-get.ts";
import type { AddressOptions } from "./resolve.ts";
import { udpAnnounce } from "./udp-announce.ts";

export interface AnnounceOptions extends AddressOptions {
  readonly limits: GetLimits;
  /** Tells us from others when our address changes; 0 to 2^32 - 1. */
  readonly key: number;
  /** When a datagram is sent again. */
  readonly udpResendMs?: readonly number[] | undefined;
}

export type AnnounceRequest = Omit<AnnounceQuery, "compact" | "token">;

type Announce = (url: URL, request: AnnounceRequest, options: AnnounceOptions) => Promise<AnnounceResponse>;

const SCHEMES: Readonly<Record<string, Announce>> = { "http:": overHttp, "https:": overHttp, "udp:": overUdp };

/** Can a tracker be asked at this URL? */
export function canAnnounce(url: string): boolean {
  return Object.hasOwn(SCHEMES, URL.parse(url)?.protocol ?? "");
}

/** Rejects with TrackerError. */
export async function announceOver(
  url: string,
  request: AnnounceRequest,
  options: AnnounceOptions,
): Promise<AnnounceResponse> {
  const parsed = URL.parse(url);
  const announce = SCHEMES[parsed?.protocol ?? ""];
  if (!parsed || !announce) throw new TrackerError("malformed", "this is no URL of a tracker");
  return announce(parsed, request, options);
}

async function overHttp(url: URL, request: AnnounceRequest, options: AnnounceOptions) {
  const separator = url.href.includes("?") ? "&" : "?";
  const where = `${url.href}${separator}${encodeAnnounceQuery({ ...request, compact: true })}`;
  return parseAnnounceResponse(await httpGet(where, options));
}

async function overUdp(url: URL, request: AnnounceRequest, options: AnnounceOptions): Promise<AnnounceResponse> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.limits.timeoutMs)]);
  const { udpResendMs: resendMs, key } = options;
  const { interval, complete, incomplete, peers } = await udpAnnounce(
    url,
    { ...request, key },
    { ...options, signal, resendMs },
  );
  return { interval, complete, incomplete, peers: [...peers] };
}
