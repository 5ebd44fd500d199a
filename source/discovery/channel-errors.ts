// Sentences for what goes wrong between us and a tracker.
import type { TrackerMessage } from "../protocol/channel/messages.ts";
import { TrackerError, type TrackerErrorCode } from "../protocol/errors.ts";

/** The tracker's own `error` as ours: `not-found`, `no-holder` and `ambiguous` are told apart, all else is `refused`. Its text is kept, raw. */
export function trackerErrorOf({ code, text }: Extract<TrackerMessage, { type: "error" }>): TrackerError {
  return new TrackerError(codeOf(code), text);
}

function codeOf(code: string): TrackerErrorCode {
  if (code === "not-published") return "not-found";
  return code === "not-found" || code === "no-holder" || code === "ambiguous" ? code : "refused";
}

/**
 * Why there is no connection, without a full stop. `error` is of `ws` or of the socket below; `address` is the tracker's as people write
 * it. `opened`: the connection stood before.
 */
export function connectionProblem(error: Error, host: string, address: string, opened: boolean): string {
  const code = "code" in error ? String(error.code) : undefined;
  if (code !== undefined && /CERT|SIGNATURE|ERR_TLS/.test(code)) {
    return `the certificate of ${address} is not trusted (${error.message}); NODE_EXTRA_CA_CERTS can name a file with its issuer`;
  }
  switch (code) {
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "EPROTO":
      return `${address} does not speak TLS: name it without https://`;
    case "ECONNREFUSED":
      return `no tracker answers at ${address}`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${host} is not known`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return `${address} cannot be reached`;
    case "ECONNRESET":
    case "EPIPE":
      return opened
        ? `the connection to ${address} was lost`
        : `${address} closes connections at once: it refuses this address for a while, or speaks TLS (then name it with https://)`;
    default:
      return /^Unexpected server response|^Server sent|^Parse Error/.test(error.message)
        ? `${address} answers, but is no sta-tracker (${error.message})`
        : `${address} cannot be reached: ${error.message}`;
  }
}
