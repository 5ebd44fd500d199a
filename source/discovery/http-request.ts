// The head of the answer to a GET of a stranger's URL, behind its redirects.
import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import { TrackerError } from "../protocol/errors.ts";
import { isPrivateHost } from "../protocol/tracker/endpoint.ts";
import { leavingFrom } from "./local-address.ts";
import { type AddressOptions, addressesAt } from "./resolve.ts";

/** Connections of one asker that are used again for its next requests. */
export class KeptConnections {
  readonly #agents = new Map<string, Agent>();
  readonly #most: number;

  /** `most`: to one host at once. */
  constructor(most: number) {
    this.#most = most;
  }

  of(protocol: string, NewAgent: typeof Agent): Agent {
    const agent = this.#agents.get(protocol) ?? new NewAgent({ keepAlive: true, maxSockets: this.#most });
    this.#agents.set(protocol, agent);
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) {
      // It opens one for a request that still waits in it, also after its end.
      agent.maxFreeSockets = 0;
      agent.destroy();
    }
  }
}

export interface RequestedOptions extends AddressOptions {
  readonly maxRedirects: number;
  /** Without a byte; undefined: who reads looks after that. */
  readonly idleMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: each request has a connection of its own. */
  readonly connections?: KeptConnections;
  /** A query is for public addresses only: what a stranger wrote must not ask anything of a machine in our network, as libtorrent has it. */
  readonly isQueryPublic?: boolean;
}

export interface Requested {
  /** Of any status but a redirect; its body is to be read, or it destroyed. */
  readonly response: IncomingMessage;
  /** Where it came from, behind all redirects. */
  readonly place: URL;
}

/**
 * Asks for `url`. Redirects are followed, never from a public address to a private one. Rejects with TrackerError: `unreachable`, `timeout`
 * once `signal` is aborted, `malformed` or `forbidden-address`.
 */
export async function requestUrl(url: string, options: RequestedOptions): Promise<Requested> {
  let place = parseUrl(url);
  let cameFromPublic = false;
  for (let redirects = 0; ; redirects++) {
    const { response, isPublic } = await requestOnce(place, { ...options, cameFromPublic });
    cameFromPublic ||= isPublic;
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return { response, place };
    response.destroy();
    if (redirects >= options.maxRedirects) {
      throw new TrackerError("malformed", `${place.host} redirected more than ${options.maxRedirects} times`);
    }
    place = parseUrl(headers.location, place);
  }
}

/** What went wrong with `url`, in words. */
export function asTrackerError(error: Error, url: URL, signal: AbortSignal | undefined): TrackerError {
  if (error instanceof TrackerError) return error;
  if (signal?.aborted) return new TrackerError("timeout", `${url.host} did not answer in time`, { cause: error });
  return new TrackerError("unreachable", whyUnreachable(error, url), { cause: error });
}

async function requestOnce(
  url: URL,
  options: RequestedOptions & { readonly cameFromPublic: boolean },
): Promise<{ response: IncomingMessage; isPublic: boolean }> {
  const addresses = await addressesAt(url, options);
  // Checked here and pinned below: a second look-up could give another answer.
  if (options.cameFromPublic && addresses.some(({ address }) => isPrivateHost(address))) {
    throw new TrackerError(
      "forbidden-address",
      `${url.hostname} is a private address, to which a public one may not send us`,
    );
  }
  if (options.isQueryPublic && url.search !== "" && addresses.some(({ address }) => isPrivateHost(address))) {
    throw new TrackerError(
      "forbidden-address",
      `${url.hostname} is a private address, of which nothing is asked by a query`,
    );
  }
  const pinned: RequestOptions["lookup"] = (_name, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first!.address, first!.family);
  };
  const response = await responseTo(url, pinned, options);
  return { response, isPublic: addresses.some(({ address }) => !isPrivateHost(address)) };
}

async function responseTo(
  url: URL,
  lookup: RequestOptions["lookup"],
  options: RequestedOptions,
): Promise<IncomingMessage> {
  const { signal, idleMs, headers, connections, localAddress } = options;
  // Loaded with the first request: see tracker-connection.ts.
  const { request, Agent } = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      lookup,
      signal,
      ...(idleMs !== undefined && { timeout: idleMs }),
      ...leavingFrom(localAddress),
      agent: connections?.of(url.protocol, Agent) ?? false,
      maxHeaderSize: 16 * 1024,
      headers: {
        "Accept-Encoding": "identity",
        "User-Agent": "sta",
        Connection: connections ? "keep-alive" : "close",
        ...headers,
      },
    });
    let reading: IncomingMessage | undefined;
    asking.on("timeout", () => (reading ?? asking).destroy(new TrackerError("timeout", `${url.host} is silent`)));
    asking.on("error", (error: NodeJS.ErrnoException) => {
      // Who reads the answer hears of it.
      if (reading) return;
      // A kept connection that the server ended just now says nothing about the server.
      const isStale = asking.reusedSocket && error.code === "ECONNRESET";
      if (isStale) resolve(responseTo(url, lookup, options));
      else reject(asTrackerError(error, url, signal));
    });
    asking.on("response", (response) => {
      reading = response;
      resolve(response);
    });
    asking.end();
  });
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
