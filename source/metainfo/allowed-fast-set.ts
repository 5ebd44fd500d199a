// allowedFastSet: the pieces that a peer may ask for while it is choked, the same ones whoever computes them (BEP 6).
import { createHash } from "node:crypto";
import type { InfoHash } from "../protocol/ids.ts";

/**
 * `count` different piece indexes for the peer at `host`, in the order of BEP 6: from the first three bytes of its IPv4 address, so that
 * who changes the last one gets no others. Empty for any other address: BEP 6 knows none. All pieces when there are no more than `count`.
 */
export function allowedFastSet(options: {
  readonly host: string;
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
  readonly count: number;
}): readonly number[] {
  const { host, infoHash, pieceCount, count } = options;
  const address = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.\d{1,3}$/.exec(host);
  if (!address) return [];
  const indexes = new Set<number>();
  let digest = Buffer.concat([Uint8Array.of(...address.slice(1).map(Number), 0), infoHash]);
  while (indexes.size < Math.min(count, pieceCount)) {
    digest = createHash("sha1").update(digest).digest();
    for (let i = 0; i < 20 && indexes.size < Math.min(count, pieceCount); i += 4) {
      indexes.add(digest.readUInt32BE(i) % pieceCount);
    }
  }
  return [...indexes];
}
