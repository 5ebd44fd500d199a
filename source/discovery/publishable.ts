// What a tracker may be given: a metainfo file that has an info hash and is not too big.
import { createHash } from "node:crypto";
import { FILE_LIMITS, decodeFirst } from "../protocol/bencode.ts";
import { BencodeError, TrackerError } from "../protocol/errors.ts";
import { type InfoHashHex, toHex, toInfoHash } from "../protocol/ids.ts";

/** Bytes, as every sta-tracker: see docs/PROTOCOL.md. */
export const MAX_PUBLISH_BYTES = 10_000_000;

/** SHA-1 of the raw bytes of `info` (BEP 3). Throws TrackerError `too-big`, or `malformed` when there is no `info`. */
export function publishableInfoHash(torrent: Uint8Array): InfoHashHex {
  if (torrent.length > MAX_PUBLISH_BYTES) {
    const text = `A torrent of ${torrent.length} bytes cannot be published; a tracker keeps ${MAX_PUBLISH_BYTES} at most.`;
    throw new TrackerError("too-big", text);
  }
  try {
    const info = decodeFirst(torrent, FILE_LIMITS).spans.get("info");
    if (info) {
      const digest = createHash("sha1").update(torrent.subarray(info.start, info.end)).digest();
      return toHex(toInfoHash(digest));
    }
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
  }
  throw new TrackerError("malformed", "These bytes are no torrent and cannot be published.");
}
