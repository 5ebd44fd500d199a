// Published torrents in Redis: one hash each for metainfo (base64), when it was added, and when it was last held.
import { MetainfoError } from "../source/metainfo/errors.ts";
import { parseMetainfo } from "../source/metainfo/parse.ts";
import { fromBase64, toBase64 } from "../source/protocol/channel/bitfield.ts";
import { ProtocolError } from "../source/protocol/errors.ts";
import { type InfoHashHex, toHex } from "../source/protocol/ids.ts";
import type { Redis } from "./redis.ts";
import type { StoredTorrent, TorrentStore } from "./torrent-store.ts";
import { answerOf } from "./unusable-redis.ts";

const TORRENTS = "sta:torrents";
const DAMAGED = "sta:torrents:damaged";
const ADDED = "sta:added";
const HELD = "sta:held";
const BYTES = "sta:bytes";

/** Its methods reject with UnusableRedis. */
export class RedisStore implements TorrentStore {
  readonly #redis: Redis;
  readonly #wallTime: () => number;
  #bytes = 0;

  constructor(redis: Redis, wallTime: () => number) {
    this.#redis = redis;
    this.#wallTime = wallTime;
  }

  get bytes(): number {
    return this.#bytes;
  }

  load(warn: (sentence: string) => void): Promise<readonly StoredTorrent[]> {
    return answerOf(this.#load(warn));
  }

  get(infoHash: InfoHashHex): Promise<Uint8Array | undefined> {
    return answerOf(this.#get(infoHash));
  }

  put(infoHash: InfoHashHex, bytes: Uint8Array): Promise<void> {
    return answerOf(this.#put(infoHash, bytes));
  }

  remove(infoHash: InfoHashHex): Promise<void> {
    return answerOf(this.#remove(infoHash));
  }

  held(infoHashes: readonly InfoHashHex[], at: number): Promise<void> {
    return answerOf(this.#held(infoHashes, at));
  }

  async close(): Promise<void> {
    // One that is away would be waited for.
    if (this.#redis.isReady) await this.#redis.close();
    else this.#redis.destroy();
  }

  async #load(warn: (sentence: string) => void): Promise<readonly StoredTorrent[]> {
    const redis = this.#redis;
    const [added, held] = await Promise.all([redis.hGetAll(ADDED), redis.hGetAll(HELD)]);
    const torrents: StoredTorrent[] = [];
    this.#bytes = 0;
    for (const infoHash of await redis.hKeys(TORRENTS)) {
      const base64 = await redis.hGet(TORRENTS, infoHash);
      const metainfo = base64 === null ? undefined : readable(base64, infoHash);
      if (typeof metainfo === "string") {
        warn(`the torrent ${infoHash} in Redis ${metainfo}; it is set aside in ${DAMAGED}.`);
        await redis.multi().hSet(DAMAGED, infoHash, base64!).hDel(TORRENTS, infoHash).exec();
      } else if (metainfo) {
        const addedAt = Number(added[infoHash] ?? this.#wallTime());
        torrents.push({ metainfo, addedAt, heldAt: Number(held[infoHash] ?? addedAt) });
        this.#bytes += metainfo.bytes.length;
      }
    }
    await redis.set(BYTES, this.#bytes);
    return torrents.toSorted((a, b) => a.addedAt - b.addedAt);
  }

  async #get(infoHash: InfoHashHex): Promise<Uint8Array | undefined> {
    const base64 = await this.#redis.hGet(TORRENTS, infoHash);
    return base64 === null ? undefined : fromBase64(base64);
  }

  async #put(infoHash: InfoHashHex, bytes: Uint8Array): Promise<void> {
    const isNew = await this.#redis.hSet(TORRENTS, infoHash, toBase64(bytes));
    await this.#redis.hSetNX(ADDED, infoHash, String(this.#wallTime()));
    if (isNew > 0) this.#bytes = await this.#redis.incrBy(BYTES, bytes.length);
  }

  async #remove(infoHash: InfoHashHex): Promise<void> {
    const bytes = await this.#get(infoHash);
    const removed = await this.#redis.hDel(TORRENTS, infoHash);
    await this.#redis.multi().hDel(ADDED, infoHash).hDel(HELD, infoHash).exec();
    if (bytes && removed > 0) this.#bytes = await this.#redis.decrBy(BYTES, bytes.length);
  }

  async #held(infoHashes: readonly InfoHashHex[], at: number): Promise<void> {
    if (infoHashes.length === 0) return;
    await this.#redis.hSet(HELD, Object.fromEntries(infoHashes.map((infoHash) => [infoHash, String(at)])));
  }
}

/** The torrent, or what is wrong with it. */
function readable(base64: string, infoHash: string): StoredTorrent["metainfo"] | string {
  try {
    const metainfo = parseMetainfo(fromBase64(base64));
    return toHex(metainfo.infoHash) === infoHash ? metainfo : "is named by another info hash than its own";
  } catch (error) {
    if (error instanceof MetainfoError || error instanceof ProtocolError) return `is damaged: ${error.message}`;
    throw error;
  }
}
