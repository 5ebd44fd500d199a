// Torrents that nobody has the data of.
import { createHash } from "node:crypto";
import { encode } from "../../source/protocol/bencode.ts";
import { type InfoHashHex, toHex, toInfoHash } from "../../source/protocol/ids.ts";

/** A torrent of `pieceCount` pieces of 16 KiB that nobody has the data of. */
export function torrentOf(name: string, pieceCount = 4, salt = 0): { bytes: Uint8Array; infoHash: InfoHashHex } {
  const info = {
    name,
    length: pieceCount * 16_384,
    "piece length": 16_384,
    pieces: new Uint8Array(20 * pieceCount).fill(salt),
  };
  const digest = createHash("sha1").update(encode(info)).digest();
  return { bytes: encode({ info }), infoHash: toHex(toInfoHash(digest)) };
}
