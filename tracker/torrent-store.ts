// Where published torrents are kept: a folder (folder-store.ts), or Redis for several trackers (redis-store.ts).
import type { Metainfo } from "../source/metainfo/metainfo.ts";
import type { InfoHashHex } from "../source/protocol/ids.ts";

/** A torrent that was there at the start. Times are wall time, milliseconds since 1970. */
export interface StoredTorrent {
  readonly metainfo: Metainfo;
  /** When it was published. */
  readonly addedAt: number;
  /** When somebody was last known to hold some of it; `addedAt` when nobody ever was. */
  readonly heldAt: number;
}

export interface TorrentStore {
  /** Bytes of all metainfo files. */
  readonly bytes: number;
  /**
   * Everything that is kept, oldest first, to be called once before anything else. What is damaged is set aside, and `warn` hears of it.
   * Rejects with the system's error when the store cannot be used.
   */
  load(warn: (sentence: string) => void): Promise<readonly StoredTorrent[]>;
  /** Bytes of a metainfo file, or undefined when it is not there. */
  get(infoHash: InfoHashHex): Promise<Uint8Array | undefined>;
  /** Resolves when it will be there after a loss of power. */
  put(infoHash: InfoHashHex, bytes: Uint8Array): Promise<void>;
  remove(infoHash: InfoHashHex): Promise<void>;
  /** Remembers that these were held `at` that time. */
  held(infoHashes: readonly InfoHashHex[], at: number): Promise<void>;
  close(): Promise<void>;
}
