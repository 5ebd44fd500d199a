// TransferDisk: what of a transfer is on its way to or from the disk: pieces that arrive, are hashed and written, and blocks that are read.
import { createHash } from "node:crypto";
import { BLOCK_BYTES, type PieceLayout } from "../metainfo/piece-layout.ts";
import { StorageError } from "../storage/errors.ts";
import type { TorrentStorage } from "../storage/torrent-storage.ts";
import type { BlockDigest } from "../swarm/events.ts";
import { MAX_UNWRITTEN_BYTES } from "./limits.ts";
import { PieceBuffers } from "./piece-buffers.ts";

export interface TransferDiskOptions {
  readonly storage: TorrentStorage;
  readonly layout: PieceLayout;
  /** Did this piece fail its hash before? Then its bytes are kept until it has settled. */
  readonly isOnParole: (index: number) => boolean;
  /**
   * A piece was hashed and, if it is right, written. `digestOf` tells its blocks from others, only until the call is over; undefined for a
   * right one that was never wrong.
   */
  readonly settled: (index: number, ok: boolean, digestOf: BlockDigest | undefined) => void;
  /** It could not be stored. */
  readonly failed: (index: number, error: StorageError) => void;
  /** More whole pieces wait than may (true), or few enough again (false). */
  readonly fullChanged: (full: boolean) => void;
}

export class TransferDisk {
  readonly #options: TransferDiskOptions;
  readonly #buffers: PieceBuffers;
  readonly #settling = new Set<Promise<void>>();
  /** Reads that run; none of them fails. */
  readonly #reading = new Set<Promise<void>>();
  #unwrittenBytes = 0;
  #isFull = false;
  /** What must be alone with the files; reads and writes wait for it. */
  #alone: Promise<void> | undefined;

  constructor(options: TransferDiskOptions) {
    this.#options = options;
    this.#buffers = new PieceBuffers(options.layout);
  }

  /** Copies a block to its place in the buffer of its piece. */
  store(index: number, begin: number, data: Uint8Array): void {
    this.#buffers.store(index, begin, data);
  }

  /** The blocks of this piece are of no use any more. */
  discard(index: number): void {
    this.#buffers.release(index);
  }

  /** Hashes and writes a piece whose blocks are all there. */
  settle(index: number): void {
    const bytes = this.#buffers.bytes(index);
    this.#count(bytes.length);
    const settled = this.#verifyAndWrite(index, bytes, this.#buffers.digest(index)).finally(() => {
      this.#settling.delete(settled);
      this.#count(-bytes.length);
    });
    this.#settling.add(settled);
  }

  /** Fills the buffers with the torrent's bytes from there on. Rejects with StorageError. */
  read(index: number, begin: number, into: readonly Uint8Array[]): Promise<void> {
    const { storage } = this.#options;
    const reading = this.#alone
      ? this.#alone.then(() => storage.read(index, begin, into))
      : storage.read(index, begin, into);
    const over = reading.catch(() => undefined).then(() => void this.#reading.delete(over));
    this.#reading.add(over);
    return reading;
  }

  /** The storage may only be closed or checked when nothing reads or writes. */
  async atRest(): Promise<void> {
    await Promise.all([this.#alone, ...this.#settling, ...this.#reading]);
  }

  /** Runs `action` when nothing reads or writes; what comes meanwhile waits for its end. Rejects as `action` does. */
  async alone(action: () => Promise<void>): Promise<void> {
    const before = [this.#alone, ...this.#settling, ...this.#reading];
    const turn = Promise.all(before).then(action);
    const over = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#alone === over) this.#alone = undefined;
      });
    this.#alone = over;
    await turn;
  }

  /** What has arrived of a piece, each block at its place. Throws RangeError when none has. */
  bytes(index: number): Uint8Array {
    return this.#buffers.bytes(index);
  }

  /** Lets go of buffers that nothing needs: nothing is arriving any more. */
  dropSpare(): void {
    this.#buffers.dropSpare();
  }

  async #verifyAndWrite(index: number, bytes: Uint8Array, digest: Uint8Array | undefined): Promise<void> {
    const { storage, isOnParole, settled, failed } = this.#options;
    if (this.#alone) await this.#alone;
    try {
      const ok = await storage.verify(index, bytes, digest);
      const isEvidence = !ok || isOnParole(index);
      // Before the journal has it: a buffer that is used again at once is still in the processor's cache (4 % of a download's CPU).
      if (ok) await storage.write(index, bytes, isEvidence ? undefined : () => this.#buffers.release(index));
      this.#buffers.release(index);
      settled(index, ok, isEvidence ? (block) => digestOf(bytes, block) : undefined);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#buffers.release(index);
      failed(index, error);
    }
  }

  #count(bytes: number): void {
    this.#unwrittenBytes += bytes;
    const isFull = this.#unwrittenBytes > (this.#isFull ? MAX_UNWRITTEN_BYTES / 2 : MAX_UNWRITTEN_BYTES);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#options.fullChanged(isFull);
  }
}

function digestOf(piece: Uint8Array, block: number): string {
  return createHash("sha1")
    .update(piece.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES))
    .digest("base64");
}
