// buildMetainfo: hashed files -> the bytes of a standard torrent file (BEP 3).
import { type Bencodable, encode } from "../protocol/bencode.ts";

/** What a torrent file is made of; `hash-files.ts` gives all but the last five. */
export interface MetainfoParts {
  readonly name: string;
  /** In the order in which they were hashed; a single-file torrent has one, whose path is not written. */
  readonly files: readonly { readonly path: readonly string[]; readonly length: number }[];
  readonly singleFile: boolean;
  readonly pieceLength: number;
  /** 20 bytes a piece. */
  readonly pieceHashes: Uint8Array;
  /** Tiers of announce URLs (BEP 12); none by default. */
  readonly announce?: readonly (readonly string[])[];
  /** URLs of web servers that have the files (BEP 19); none by default. */
  readonly webSeeds?: readonly string[];
  /** BEP 27. It is part of `info`, so a private torrent has another info hash. */
  readonly private?: boolean;
  readonly createdBy?: string;
  /** Wall time, seconds since 1970; left out by default, so that equal files make equal torrents. */
  readonly createdAtSeconds?: number;
}

/** Encodes a torrent file with sorted keys. `announce` is the first URL; `announce-list` is there when there is more than one. */
export function buildMetainfo(parts: MetainfoParts): Uint8Array {
  const tiers = (parts.announce ?? []).filter((tier) => tier.length > 0);
  const content: { readonly [key: string]: Bencodable } = parts.singleFile
    ? { length: parts.files[0]!.length }
    : { files: parts.files.map(({ path, length }) => ({ path, length })) };
  return encode({
    announce: tiers[0]?.[0],
    "announce-list": tiers.flat().length > 1 ? tiers : undefined,
    "created by": parts.createdBy,
    "creation date": parts.createdAtSeconds,
    info: {
      ...content,
      name: parts.name,
      "piece length": parts.pieceLength,
      pieces: parts.pieceHashes,
      private: parts.private ? 1 : undefined,
    },
    "url-list": parts.webSeeds,
  });
}
