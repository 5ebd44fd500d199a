// Uploader: serves one peer. Reads from disk only when the socket can take it, straight into a buffer in wire format.
import { PIECE_HEADER_BYTES, writePieceHeader } from "../protocol/peer/messages.ts";
import { BLOCK_BYTES } from "../protocol/peer/limits.ts";
import type { Upload } from "../swarm/events.ts";
import { FIRST_BATCH_BYTES, LIMIT_WAIT_MS, QUICK_BATCH_MS, UPLOAD_BATCH_BYTES, UPLOAD_BUFFER_BYTES } from "./limits.ts";
import type { PeerSocket } from "./peer-socket.ts";
import type { TokenBucket } from "./token-bucket.ts";
import type { WireBuffers } from "./wire-buffers.ts";

export interface UploaderOptions {
  readonly socket: PeerSocket;
  readonly limit: TokenBucket;
  readonly buffers: WireBuffers;
  /** Requests that are due, `maxBytes` at most but at least one; empty: nothing waits. */
  readonly take: (maxBytes: number) => readonly Upload[];
  /** Fills the buffers with the torrent's bytes from there on. Rejects with StorageError. */
  readonly read: (index: number, begin: number, into: readonly Uint8Array[]) => Promise<void>;
  /** Payload bytes left. */
  readonly sent: (bytes: number) => void;
  /** The disk did not give what was asked for; these requests are not served. */
  readonly failed: (uploads: readonly Upload[], error: unknown) => void;
}

/** Batches of one peer that are read or written at once: the disk works while the socket does. */
const MAX_BATCHES = 2;

export class Uploader {
  readonly #options: UploaderOptions;
  #batches = 0;
  /** Small for a slow peer: a batch that left shows that it reads. */
  #batchBytes = FIRST_BATCH_BYTES;
  #timer: NodeJS.Timeout | undefined;
  #gifts: Upload[] = [];
  /** Blocks of a gift leave in order: one at a time. */
  #giving: Upload | undefined;
  #awake = false;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** Serves what waits once the messages that were read together are all known: then blocks leave in large batches. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    queueMicrotask(() => {
      this.#awake = false;
      this.pump();
    });
  }

  /** Serves what waits, as far as the socket and the rate limit take it; goes on by itself. */
  pump(): void {
    const { socket, limit } = this.#options;
    while (!socket.isClosed && this.#batches < MAX_BATCHES) {
      const isFull = socket.waitingBytes >= UPLOAD_BUFFER_BYTES;
      // It goes on when that has left.
      if (isFull && this.#batches > 0) return;
      const now = performance.now();
      const waitMs = isFull ? LIMIT_WAIT_MS : limit.waitMs(now);
      if (waitMs > 0) {
        this.#timer ??= setTimeout(() => this.#afterWait(), Math.min(waitMs, LIMIT_WAIT_MS));
        return;
      }
      const uploads = this.#options.take(Math.min(this.#batchBytes, limit.available(now)));
      if (uploads.length > 0) void this.#serve(uploads);
      else if (this.#gifts.length > 0 && !this.#giving) void this.#give(this.#gifts.shift()!);
      else return;
    }
  }

  /** Sends all blocks of a piece as a gift, in order, `length` bytes in all. */
  give(index: number, length: number): void {
    for (let begin = 0; begin < length; begin += BLOCK_BYTES) {
      this.#gifts.push({ index, begin, length: Math.min(BLOCK_BYTES, length - begin) });
    }
    this.pump();
  }

  /** Sends nothing more of a gift, not even a block that is being read. */
  takeBack(index: number): void {
    this.#gifts = this.#gifts.filter((block) => block.index !== index);
    if (this.#giving?.index === index) this.#giving = undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#gifts = [];
  }

  #afterWait(): void {
    this.#timer = undefined;
    this.pump();
  }

  async #serve(uploads: readonly Upload[]): Promise<void> {
    const bytes = uploads.reduce((sum, { length }) => sum + length, 0);
    this.#options.limit.take(bytes, performance.now());
    this.#batches++;
    const wire = this.#options.buffers.take(bytes + uploads.length * PIECE_HEADER_BYTES);
    try {
      await this.#fill(wire, uploads);
      const writtenAt = performance.now();
      this.#options.socket.write(wire, (haveLeft) => {
        this.#options.buffers.release(wire);
        const isQuick = performance.now() - writtenAt < QUICK_BATCH_MS;
        this.#batchBytes = isQuick ? Math.min(UPLOAD_BATCH_BYTES, 2 * this.#batchBytes) : FIRST_BATCH_BYTES;
        this.#written(bytes, haveLeft);
      });
    } catch (error) {
      this.#options.buffers.release(wire);
      this.#batches--;
      this.#options.failed(uploads, error);
    }
    this.pump();
  }

  /**
   * Headers by hand, payloads by one scatter read for each run of requests that follow one another. Who is gone needs no more of them, and
   * the files may be closed or removed by then.
   */
  async #fill(wire: Uint8Array, uploads: readonly Upload[]): Promise<void> {
    let offset = 0;
    for (let first = 0; first < uploads.length && !this.#options.socket.isClosed;) {
      const into: Uint8Array[] = [];
      let next = first;
      for (let end = uploads[first]!.begin; next < uploads.length; next++) {
        const { index, begin, length } = uploads[next]!;
        if (index !== uploads[first]!.index || begin !== end) break;
        writePieceHeader(wire, offset, index, begin, length);
        into.push(wire.subarray(offset + PIECE_HEADER_BYTES, offset + PIECE_HEADER_BYTES + length));
        offset += PIECE_HEADER_BYTES + length;
        end += length;
      }
      await this.#options.read(uploads[first]!.index, uploads[first]!.begin, into);
      first = next;
    }
  }

  async #give(block: Upload): Promise<void> {
    this.#options.limit.take(block.length, performance.now());
    this.#batches++;
    this.#giving = block;
    const data = new Uint8Array(block.length);
    try {
      await this.#options.read(block.index, block.begin, [data]);
      const { socket } = this.#options;
      const message = { type: "block", piece: block.index, begin: block.begin, data } as const;
      if (this.#giving === block && socket.connection.speaks("sta_push")) {
        const wire = socket.connection.send({ type: "sta-push", message });
        socket.write(wire, (haveLeft) => this.#written(block.length, haveLeft));
      } else {
        // It was taken back while we read, or sta_push was.
        this.#batches--;
      }
    } catch (error) {
      this.#batches--;
      this.#gifts = [];
      this.#options.failed([], error);
    }
    if (this.#giving === block) this.#giving = undefined;
    this.pump();
  }

  #written(bytes: number, haveLeft: boolean): void {
    this.#batches--;
    if (haveLeft) this.#options.sent(bytes);
    this.pump();
  }
}
