// One GET of a stranger's URL, bounded in bytes, time and places it may lead to.
import type { IncomingMessage, RequestOptions } from "node:http";
import { TrackerError } from "../protocol/errors.ts";
import { isPrivateHost } from "../protocol/tracker/endpoint.ts";
import { leavingFrom } from "./local-address.ts";
import { type AddressOptions, addressesAt } from "./resolve.ts";

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

/**
 * Body of the answer to a GET of `url`: of success, or what may be a tracker's reasons, unless `successOnly` is said. Redirects are followed,
 * never from a public address to a private one. Rejects with TrackerError: `unreachable`, `timeout`, `too-big`, `malformed`, `refused` or
 * `forbidden-address`.
 */
export async function httpGet(
  url: string,
  { limits, signal, resolve, localAddress }: AddressOptions & { readonly limits: GetLimits },
): Promise<Uint8Array> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]);
  let place = parseUrl(url);
  let cameFromPublic = false;
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce(place, { limits, signal: deadline, resolve, localAddress, cameFromPublic });
    cameFromPublic ||= answer.isPublic;
    if (answer.location === undefined) return answer.body;
    if (redirects >= limits.maxRedirects) {
      throw new TrackerError("malformed", `${place.host} redirected more than ${limits.maxRedirects} times`);
    }
    place = parseUrl(answer.location, place);
  }
}

/** A tracker's reasons begin with it, a page for people does not: `d` of bencode. */
const DICTIONARY = 0x64;

interface Answer {
  readonly body: Uint8Array;
  readonly location: string | undefined;
  readonly isPublic: boolean;
}

async function getOnce(
  url: URL,
  options: AddressOptions & { readonly limits: GetLimits; readonly cameFromPublic: boolean },
): Promise<Answer> {
  const { limits, signal, cameFromPublic } = options;
  const addresses = await addressesAt(url, options);
  // Checked here and pinned below: a second look-up could give another answer.
  if (cameFromPublic && addresses.some(({ address }) => isPrivateHost(address))) {
    throw new TrackerError(
      "forbidden-address",
      `${url.hostname} is a private address, to which a public one may not send us`,
    );
  }
  const pinned: RequestOptions["lookup"] = (_name, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first!.address, first!.family);
  };
  const response = await responseTo(url, {
    lookup: pinned,
    signal,
    timeout: limits.idleMs,
    ...leavingFrom(options.localAddress),
  });
  const { statusCode = 0, headers } = response;
  const isPublic = addresses.some(({ address }) => !isPrivateHost(address));
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    response.destroy();
    return { body: new Uint8Array(), location: headers.location, isPublic };
  }
  const isSuccess = statusCode >= 200 && statusCode < 300;
  const refused = new TrackerError("refused", `${url.host} answers with the HTTP status ${statusCode}`);
  if (limits.successOnly && !isSuccess) {
    response.destroy();
    throw refused;
  }
  const body = await bodyOf(response, url, limits.maxBytes, signal);
  if (!isSuccess && body[0] !== DICTIONARY) throw refused;
  return { body, location: undefined, isPublic };
}

async function responseTo(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  // Loaded with the first request: see tracker-connection.ts.
  const { request } = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      ...options,
      agent: false,
      maxHeaderSize: 16 * 1024,
      headers: { "Accept-Encoding": "identity", "User-Agent": "sta", Connection: "close" },
    });
    let reading: IncomingMessage | undefined;
    asking.on("timeout", () => (reading ?? asking).destroy(new TrackerError("timeout", `${url.host} is silent`)));
    asking.on("error", (error) => reject(asTrackerError(error, url, options.signal)));
    asking.on("response", (response) => {
      reading = response;
      resolve(response);
    });
    asking.end();
  });
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

function asTrackerError(error: Error, url: URL, signal: AbortSignal | undefined): TrackerError {
  if (error instanceof TrackerError) return error;
  if (signal?.aborted) return new TrackerError("timeout", `${url.host} did not answer in time`, { cause: error });
  return new TrackerError("unreachable", whyUnreachable(error, url), { cause: error });
}

function whyUnreachable(error: Error, { host }: URL): string {
  const code = "code" in error ? String(error.code) : "";
  if (code.startsWith("HPE_")) return `${host} does not speak HTTP as it should: ${error.message}`;
  switch (code) {
    case "ECONNREFUSED":
      return `nobody answers at ${host}`;
    case "ECONNRESET":
      return `${host} closed the connection before its answer was whole`;
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return `${host} does not speak TLS: name it with http://`;
    default:
      return `${host} cannot be reached: ${error.message}`;
  }
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new TrackerError(
      "malformed",
      base ? `${base.host} redirected to what is no http address` : "no http address",
    );
  }
  // Node's request decodes them, and throws where it cannot.
  if (!isDecodable(url.username) || !isDecodable(url.password)) {
    throw new TrackerError("malformed", `the user name or password for ${url.host} is not written as URLs write them`);
  }
  return url;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
