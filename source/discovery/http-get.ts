// One GET of a stranger's URL, bounded in bytes, time and places it may lead to.
import type { IncomingMessage } from "node:http";
import { TrackerError } from "../protocol/errors.ts";
import { asTrackerError, requestUrl } from "./http-request.ts";
import type { AddressOptions } from "./resolve.ts";

export interface GetLimits {
  readonly maxBytes: number;
  readonly maxRedirects: number;
  /** For all redirects together. */
  readonly timeoutMs: number;
  /** Without a byte. */
  readonly idleMs: number;
  /** An answer that is none of success is refused, whatever it holds; a tracker's reasons come with any status. */
  readonly successOnly?: boolean;
}

/** LIMITS: 1 MiB is a million peers; trackers answer in a second or not at all. */
export const TRACKER_GET: GetLimits = { maxBytes: 1024 * 1024, maxRedirects: 3, timeoutMs: 30_000, idleMs: 10_000 };

/** A tracker's reasons begin with it, a page for people does not: `d` of bencode. */
const DICTIONARY = 0x64;

/**
 * Body of the answer to a GET of `url`: of success, or what may be a tracker's reasons, unless `successOnly` is said. Redirects are followed,
 * never from a public address to a private one. Rejects with TrackerError: `unreachable`, `timeout`, `too-big`, `malformed`, `refused` or
 * `forbidden-address`.
 */
export async function httpGet(
  url: string,
  { limits, signal, ...from }: AddressOptions & { readonly limits: GetLimits },
): Promise<Uint8Array> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]);
  const { response, place } = await requestUrl(url, { ...from, ...limits, signal: deadline });
  const { statusCode = 0 } = response;
  const isSuccess = statusCode >= 200 && statusCode < 300;
  const refused = new TrackerError("refused", `${place.host} answers with the HTTP status ${statusCode}`);
  if (limits.successOnly && !isSuccess) {
    response.destroy();
    throw refused;
  }
  const body = await bodyOf(response, place, limits.maxBytes, deadline);
  if (!isSuccess && body[0] !== DICTIONARY) throw refused;
  return body;
}

async function bodyOf(response: IncomingMessage, url: URL, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    response.destroy();
    throw new TrackerError("malformed", `${url.host} answers in an encoding nobody asked for`);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response as AsyncIterable<Uint8Array>) {
      length += part.length;
      // Leaving the loop destroys the response.
      if (length > maxBytes) throw new TrackerError("too-big", `${url.host} sent more than ${maxBytes} bytes`);
      parts.push(part);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw asTrackerError(error, url, signal);
  }
  return new Uint8Array(Buffer.concat(parts));
}
