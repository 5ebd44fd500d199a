// The published torrents: kept in the store, listed in the catalogue, forgotten when there is no room or nobody held them for long.
import type { InfoHashHex } from "../source/protocol/ids.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_STORE_BYTES, MAX_TORRENTS } from "./limits.ts";
import { factsOf } from "./read-torrent.ts";
import { RequestError } from "./request-error.ts";
import type { Swarms } from "./swarms.ts";
import { TorrentReader } from "./torrent-reader.ts";
import type { TorrentStore } from "./torrent-store.ts";

export interface LibraryOptions {
  readonly store: TorrentStore;
  readonly swarms: Swarms;
  readonly ledger: Ledger;
  /** Torrents that nobody held for so long are forgotten; undefined keeps them for ever. */
  readonly keepMs: number | undefined;
  /** Wall time, milliseconds since 1970. */
  readonly wallTime: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface Published {
  readonly infoHash: InfoHashHex;
  /** Other torrents of the same name, when there are any. */
  readonly twins?: number;
}

/** Its methods throw RequestError. */
export class Library {
  readonly #options: LibraryOptions;
  readonly #reader = new TorrentReader();
  /** When each torrent was last known to be held, monotonic: a clock that is set makes none of them older. */
  readonly #heldAt = new Map<InfoHashHex, number>();

  constructor(options: LibraryOptions) {
    this.#options = options;
  }

  /** Fills the catalogue from the store. Rejects with the store's error when it cannot be used. */
  async load(warn: (sentence: string) => void): Promise<void> {
    const { store, swarms, wallTime, now } = this.#options;
    for (const { metainfo, addedAt, heldAt } of await store.load(warn)) {
      const facts = { ...factsOf(metainfo), addedAt };
      swarms.apply({ type: "published", facts });
      this.#heldAt.set(facts.infoHash, now() - Math.max(0, wallTime() - heldAt));
    }
    swarms.catalogue.takeChanged();
  }

  /** To be called now and then: remembers what is held, and forgets what nobody has held for too long. */
  async tidy(): Promise<void> {
    const { store, swarms, keepMs, wallTime } = this.#options;
    const now = this.#options.now();
    const [held, unheld]: [InfoHashHex[], InfoHashHex[]] = [[], []];
    for (const infoHash of swarms.catalogue.infoHashes()) {
      const { holders } = swarms.catalogue.entry(infoHash)!;
      // What another tracker published is new here.
      const heldAt = holders > 0 ? now : (this.#heldAt.get(infoHash) ?? now);
      this.#heldAt.set(infoHash, heldAt);
      if (holders > 0) held.push(infoHash);
      else if (keepMs !== undefined && now - heldAt > keepMs) unheld.push(infoHash);
    }
    for (const infoHash of unheld) await this.#forget(infoHash, "nobody held it for long");
    await store.held(held, wallTime());
  }

  /** Keeps a metainfo file and lists it. Publishing it again is no error. Throws ProtocolError for what is no base64. */
  async publish(base64: string): Promise<Published> {
    const { store, swarms, ledger, wallTime, now } = this.#options;
    const { bytes, facts: read } = await this.#reader.read(base64);
    const facts = { ...read, addedAt: wallTime() };
    const { infoHash } = facts;
    if (!swarms.catalogue.has(infoHash)) {
      await this.#makeRoom(bytes.length);
      await store.put(infoHash, bytes);
      await ledger.record({ type: "published", facts });
      this.#heldAt.set(infoHash, now());
    }
    const twins = swarms.catalogue.named(facts.name).length - 1;
    return { infoHash, ...(twins > 0 ? { twins } : {}) };
  }

  /** Bytes of a published torrent, by info hash or by a name that only one has. */
  async torrent(wanted: { infoHash?: InfoHashHex | undefined; name?: string | undefined }): Promise<Uint8Array> {
    const infoHash = wanted.infoHash ?? this.#only(wanted.name ?? "");
    const bytes = await this.#options.store.get(infoHash);
    if (!bytes) throw new RequestError("not-found", `File does not exist in the swarm: ${infoHash}`, infoHash);
    return bytes;
  }

  /** The oldest torrents go until `size` bytes more fit, those that nobody holds first. */
  async #makeRoom(size: number): Promise<void> {
    const { store, swarms } = this.#options;
    while (swarms.catalogue.size >= MAX_TORRENTS || store.bytes + size > MAX_STORE_BYTES) {
      const victim = swarms.catalogue.oldest();
      if (!victim) return;
      await this.#forget(victim, "the tracker made room");
    }
  }

  async #forget(infoHash: InfoHashHex, why: string): Promise<void> {
    const { store, ledger } = this.#options;
    this.#heldAt.delete(infoHash);
    await ledger.record({ type: "forgotten", infoHash, why });
    await store.remove(infoHash);
  }

  #only(name: string): InfoHashHex {
    const named = this.#options.swarms.catalogue.named(name);
    const [infoHash, twin] = named;
    if (!infoHash) throw new RequestError("not-found", `File does not exist in the swarm: ${name}`);
    if (!twin) return infoHash;
    throw new RequestError(
      "ambiguous",
      `${name} is the name of ${named.length} different files; ask by info hash: ${named.slice(0, 10).join(", ")}`,
    );
  }
}
