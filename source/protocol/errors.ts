// Errors of the wires: one class for each way to react.

/** A peer broke the peer wire protocol. Reaction: close the connection and count a strike. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  /** Which rule was broken, in kebab-case: what tests and the log ask for. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type BencodeErrorCode = "truncated" | "trailing" | "syntax" | "depth" | "tokens" | "integer" | "order";

/** Bytes that are not the bencode they should be. The caller turns it into the error of its own layer. */
export class BencodeError extends Error {
  override readonly name = "BencodeError";
  readonly code: BencodeErrorCode;
  /** Byte offset at which the decoder stopped. */
  readonly offset: number;

  constructor(code: BencodeErrorCode, offset: number, message: string) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

export type TrackerErrorCode =
  | "refused"
  | "unreachable"
  | "malformed"
  | "too-big"
  | "timeout"
  | "forbidden-address"
  | "not-found"
  | "no-holder"
  | "ambiguous";

/** A tracker refused, answered nonsense or could not be reached. Reaction: back off and try again later. */
export class TrackerError extends Error {
  override readonly name = "TrackerError";
  readonly code: TrackerErrorCode;

  constructor(code: TrackerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
