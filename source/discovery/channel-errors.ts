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

/** Why there is no connection, without a full stop. `error` is of `ws` or of the socket below; `address` is host:port. */
export function connectionProblem(error: Error, host: string, address: string): string {
  const code = "code" in error ? error.code : undefined;
  switch (code) {
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
      return `the connection to ${address} was lost`;
    default:
      return /^Unexpected server response|^Server sent|^Parse Error/.test(error.message)
        ? `${address} answers, but is no sta-tracker (${error.message})`
        : `${address} cannot be reached: ${error.message}`;
  }
}
