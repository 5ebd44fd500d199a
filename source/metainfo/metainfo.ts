// What a torrent is: the metainfo of BEP 3 as plain values.
import type { InfoHash } from "../protocol/ids.ts";

/** One file of a torrent. */
export interface TorrentFile {
  /** Parts of its path as the torrent names them, not yet safe for a file system: see `safe-path.ts`. At least one. */
  readonly path: readonly string[];
  readonly length: number;
  /** Where its first byte stands among the bytes of all files, in order. */
  readonly offset: number;
  /** Zeros between two files, so that the next begins with a piece (BEP 47): other clients never write them to a disk. */
  readonly padding?: true;
}

export interface Metainfo {
  /** SHA-1 of the raw bytes of `info`. */
  readonly infoHash: InfoHash;
  /** The file's or the folder's name as the torrent says it, not yet safe. */
  readonly name: string;
  /** Bytes of each piece but the last. */
  readonly pieceLength: number;
  /** 20 bytes of SHA-1 a piece, in order. */
  readonly pieceHashes: Uint8Array;
  /** Bytes of all files together. */
  readonly length: number;
  /** In the order of the torrent; a single-file torrent has one whose path is its name. */
  readonly files: readonly TorrentFile[];
  /** True when `info` has `length`: one file, named `name`; false: a folder `name` with `files`. */
  readonly singleFile: boolean;
  /** BEP 27: peers come from its trackers only, and no piece is broadcast or pushed. */
  readonly private: boolean;
  /** Tiers of announce URLs (BEP 12); empty when there is none. */
  readonly announce: readonly (readonly string[])[];
  /** `nodes`: of the DHT, to begin with (BEP 5); hosts are names or IP literals. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** `url-list`: http(s) URLs of servers that have its files (BEP 19): see `web-seed-url.ts`. */
  readonly webSeeds: readonly string[];
  /** The raw bytes of `info`: what the info hash is of, and what peers are given who have only that (BEP 9). */
  readonly infoBytes: Uint8Array;
  /** The whole metainfo file as it was read or made. */
  readonly bytes: Uint8Array;
}
