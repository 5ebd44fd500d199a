// GiftTaker: which gifts are taken (sta_push), and the torrents we never asked for, held because others give us pieces of them.
import { MetainfoError } from "../metainfo/errors.ts";
import { TrackerError } from "../protocol/errors.ts";
import type { InfoHashHex } from "../protocol/ids.ts";
import { StorageError } from "../storage/errors.ts";
import { newTransferSettings } from "../storage/transfer-store.ts";
import { GIFT_QUOTA_BYTES, MAX_EMPTY_GIFTS } from "./limits.ts";
import type { PushPolicy } from "./push-policy.ts";
import type { TrackerLinks } from "./tracker-links.ts";
import type { Entry, TransferBook } from "./transfer-book.ts";

/** What of the engine this needs. */
interface Giftee {
  readonly options: {
    readonly acceptPushes: PushPolicy;
    readonly giftQuotaBytes?: number | undefined;
    readonly folder: string;
  };
  readonly links: TrackerLinks;
  readonly book: TransferBook;
  begin(entry: Entry): Promise<unknown>;
  report(kind: "problem", text: string): void;
}

export class GiftTaker {
  readonly #engine: Giftee;
  readonly #asking = new Set<InfoHashHex>();

  constructor(engine: Giftee) {
    this.#engine = engine;
  }

  /** Why a piece of so many bytes is not welcome; undefined: it is. Never in files that a person shares, always where it is wanted anyway. */
  refusalOf(infoHash: InfoHashHex, pieceBytes: number): "unwanted" | "full" | undefined {
    const { acceptPushes } = this.#engine.options;
    const entry = this.#engine.book.get(infoHash);
    if (acceptPushes === "never" || entry?.settings.shared) return "unwanted";
    if (entry?.transfer.mode === "download") return undefined;
    if (acceptPushes === "wanted") return "unwanted";
    return this.#hasRoomFor(pieceBytes) ? undefined : "full";
  }

  /** Is one more torrent that nobody asked for welcome? */
  accepts(): boolean {
    if (this.#engine.options.acceptPushes !== "catalogue") return false;
    let empty = this.#asking.size;
    for (const { transfer, settings } of this.#engine.book.entries.values()) {
      if (settings.gift && transfer.heldBytes === 0) empty++;
    }
    return empty <= MAX_EMPTY_GIFTS && this.#hasRoomFor(1);
  }

  #hasRoomFor(pieceBytes: number): boolean {
    const { giftQuotaBytes = GIFT_QUOTA_BYTES } = this.#engine.options;
    let bytes = pieceBytes;
    for (const { transfer, settings } of this.#engine.book.entries.values()) {
      if (settings.gift) bytes += transfer.heldBytes + transfer.pieceBytes;
    }
    return bytes <= giftQuotaBytes;
  }

  /**
   * A peer wanted to connect for a torrent that is not here. If a tracker lists it, its metainfo is fetched and its
   * holders are dialled: the giver is among them.
   */
  async offered(infoHash: InfoHashHex): Promise<void> {
    if (!this.accepts() || this.#asking.has(infoHash) || !this.#isListed(infoHash)) return;
    this.#asking.add(infoHash);
    try {
      const metainfo = await this.#engine.links.torrent(infoHash);
      if (metainfo.private || this.#engine.book.get(infoHash)) return;
      const { folder } = this.#engine.options;
      const entry = await this.#engine.book.add(
        metainfo,
        { ...newTransferSettings(folder, Date.now()), gift: true },
        { expect: "nothing" },
      );
      await this.#engine.begin(entry);
    } catch (error) {
      if (!(error instanceof TrackerError || error instanceof MetainfoError || error instanceof StorageError))
        throw error;
      this.#engine.report("problem", `A gift could not be taken: ${error.message}`);
    } finally {
      this.#asking.delete(infoHash);
    }
  }

  #isListed(infoHash: InfoHashHex): boolean {
    for (const { entry } of this.#engine.links.entries()) if (entry.infoHash === infoHash) return true;
    return false;
  }
}
