// The error of metainfo: a user's file, or a tracker's answer, that is no usable torrent.

/**
 * `not-bencode`: the bytes are no torrent file at all; `no-info`: no `info` dictionary; `v2-only`: BitTorrent 2 without the
 * fields of version 1; `field`: a field is missing or has the wrong form; `sum`: sizes and number of pieces contradict each other;
 * `limit`: beyond what `limits.ts` allows.
 */
export type MetainfoErrorCode = "not-bencode" | "no-info" | "v2-only" | "field" | "sum" | "limit" | "magnet";

/** A torrent file that cannot be used. The message is one sentence for the user, without the file's own text in it. */
export class MetainfoError extends Error {
  override readonly name = "MetainfoError";
  readonly code: MetainfoErrorCode;

  constructor(code: MetainfoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
