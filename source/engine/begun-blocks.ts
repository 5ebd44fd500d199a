// BegunBlocks: where the blocks of pieces are that are not whole: in memory while any may arrive, in the state folder while none do.
import { BLOCK_BYTES } from "../protocol/peer/limits.ts";
import { StorageError } from "../storage/errors.ts";
import type { TorrentStorage } from "../storage/torrent-storage.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { TransferDisk } from "./transfer-disk.ts";

export interface BegunBlocksOptions {
  readonly storage: Pick<TorrentStorage, "held" | "keepBegun" | "bringBegun">;
  readonly disk: Pick<TransferDisk, "atRest" | "bytes" | "store" | "dropSpare">;
  /** Does nothing arrive from now on? */
  readonly isIdle: () => boolean;
  readonly swarm: () => Pick<Swarm, "begun">;
  /** The swarm goes on with these pieces as begun, and no others. */
  readonly goOnWith: (begun: Swarm["begun"]) => void;
  /** Something for the transfer's log. */
  readonly note: (text: string) => void;
}

export class BegunBlocks {
  readonly #options: BegunBlocksOptions;
  /** Until it was looked in the state folder. */
  #isAside = true;
  #keptBytes = 0;
  #moves = 0;
  #moving: Promise<void> = Promise.resolve();

  constructor(options: BegunBlocksOptions) {
    this.#options = options;
  }

  /** Are they in memory, to stay there for now? Nothing may arrive before. */
  get areHere(): boolean {
    return !this.#isAside && this.#moves === 0;
  }

  /** How much was put into the state folder by this run of the engine, and is there. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Brings them to where they belong now, behind every earlier move. */
  async move(): Promise<void> {
    this.#moves++;
    const moved = this.#moving.then(() => this.#move()).finally(() => this.#moves--);
    this.#moving = moved;
    await moved;
  }

  async #move(): Promise<void> {
    const isIdle = this.#options.isIdle();
    if (isIdle === this.#isAside) return;
    try {
      if (isIdle) await this.#keep();
      else await this.#bring();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#options.note(`the blocks of begun pieces are ${isIdle ? "not kept" : "fetched again"}: ${error.message}`);
      // What could not be kept stays where it is.
      this.#isAside = false;
    }
  }

  async #keep(): Promise<void> {
    const { storage, disk, swarm, goOnWith } = this.#options;
    await disk.atRest();
    const { begun } = swarm();
    // A check may find some of them whole meanwhile.
    await storage.keepBegun(begun.map((piece) => ({ ...piece, bytes: disk.bytes(piece.index) })));
    this.#isAside = true;
    this.#keptBytes = begun.reduce((sum, { blocks }) => sum + blocks.length * BLOCK_BYTES, 0);
    if (begun.length > 0) goOnWith([]);
    disk.dropSpare();
  }

  async #bring(): Promise<void> {
    const { storage, disk, goOnWith } = this.#options;
    const begun = storage.held.isFull
      ? []
      : await storage.bringBegun((index, begin, data) => disk.store(index, begin, data));
    this.#isAside = false;
    this.#keptBytes = 0;
    if (begun.length > 0) goOnWith(begun);
  }
}
