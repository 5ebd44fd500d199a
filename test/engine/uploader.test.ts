import { describe, expect, it, vi } from "vitest";
import { FIRST_BATCH_BYTES, QUICK_BATCH_MS, UPLOAD_BATCH_BYTES } from "../../source/engine/limits.ts";
import type { PeerSocket } from "../../source/engine/peer-socket.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import { Uploader } from "../../source/engine/uploader.ts";
import { WireBuffers } from "../../source/engine/wire-buffers.ts";
import { PeerConnection } from "../../source/protocol/peer/connection.ts";
import { encodeHandshake, PIECE_HEADER_BYTES } from "../../source/protocol/peer/messages.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import { StorageError } from "../../source/storage/errors.ts";
import type { Upload } from "../../source/swarm/events.ts";

const BLOCK = 16_384;
const blocks = (index: number, first: number, count: number): Upload[] =>
  Array.from({ length: count }, (_, i) => ({ index, begin: (first + i) * BLOCK, length: BLOCK }));

/** A connection whose other side said that it speaks sta_push. */
function connection(speaks = true): PeerConnection {
  const here = new PeerConnection();
  const there = new PeerConnection();
  here.bind(8);
  const hello = encodeHandshake({
    infoHash: toInfoHash(new Uint8Array(20)),
    peerId: toPeerId(new Uint8Array(20)),
    fast: true,
    extended: true,
    dht: false,
  });
  const extensions = new Map(speaks ? [["sta_push", 1]] : []);
  const extended = there.send({ type: "extended-handshake", handshake: { extensions } });
  let heard = 0;
  for (const bytes of [hello, extended]) here.receive(bytes, () => heard++);
  expect(heard).toBe(2);
  return here;
}

class FakeSocket {
  readonly connection: PeerConnection;
  isClosed = false;
  waitingBytes = 0;
  readonly written: Uint8Array[] = [];
  readonly #callbacks: ((haveLeft: boolean) => void)[] = [];

  constructor(speaks?: boolean) {
    this.connection = connection(speaks);
  }

  write(bytes: Uint8Array, written: (haveLeft: boolean) => void): void {
    if (this.isClosed) return written(false);
    this.written.push(bytes);
    this.waitingBytes += bytes.length;
    this.#callbacks.push(written);
  }

  /** The peer reads everything. */
  drain(): void {
    this.waitingBytes = 0;
    for (const callback of this.#callbacks.splice(0)) callback(true);
  }

  /** The peer is gone: what it had not read never leaves. */
  end(): void {
    this.isClosed = true;
    for (const callback of this.#callbacks.splice(0)) callback(false);
  }
}

function setUp(waiting: Upload[], options: { limit?: TokenBucket; speaks?: boolean; failing?: boolean } = {}) {
  const socket = new FakeSocket(options.speaks);
  const reads: { index: number; begin: number; buffers: number }[] = [];
  const failed: unknown[] = [];
  let sentBytes = 0;
  const uploader = new Uploader({
    socket: socket as unknown as PeerSocket,
    limit: options.limit ?? new TokenBucket(0),
    buffers: new WireBuffers(),
    take: (maxBytes) => {
      let count = 1;
      for (let bytes = waiting[0]?.length ?? 0; count < waiting.length; count++) {
        bytes += waiting[count]!.length;
        if (bytes > maxBytes) break;
      }
      return waiting.splice(0, count);
    },
    read: async (index, begin, into) => {
      reads.push({ index, begin, buffers: into.length });
      if (options.failing) throw new StorageError("io", "/disk", "The disk is broken.");
      for (const buffer of into) buffer.fill(index + 1);
    },
    sent: (bytes) => (sentBytes += bytes),
    failed: (_, error) => failed.push(error),
  });
  return { uploader, socket, reads, failed, sent: () => sentBytes };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("an uploader", () => {
  it("reads requests that follow one another at once, and writes them at once in wire format", async () => {
    const { uploader, socket, reads, sent } = setUp([...blocks(2, 0, 4), ...blocks(5, 1, 2)]);
    uploader.wake();
    uploader.wake();
    expect(reads).toEqual([]);
    await settled();
    expect(reads).toEqual([
      { index: 2, begin: 0, buffers: 4 },
      { index: 5, begin: BLOCK, buffers: 2 },
    ]);
    expect(socket.written).toHaveLength(1);
    const messages: number[][] = [];
    socket.connection.receive(socket.written[0]!, (message) => {
      if (message.type === "piece")
        messages.push([message.index, message.begin, message.data.length, message.data[9]!]);
    });
    expect(messages).toEqual([
      ...[0, 1, 2, 3].map((block) => [2, block * BLOCK, BLOCK, 3]),
      ...[1, 2].map((block) => [5, block * BLOCK, BLOCK, 6]),
    ]);
    expect(sent()).toBe(0);
    socket.drain();
    expect(sent()).toBe(6 * BLOCK);
  });

  it("reads nothing more from the disk while the peer does not read", async () => {
    const { uploader, socket, reads } = setUp(Array.from({ length: 2_000 }, (_, i) => blocks(i, 0, 1)[0]!));
    uploader.pump();
    await settled();
    const before = reads.length;
    expect(socket.waitingBytes).toBe(2 * (FIRST_BATCH_BYTES + 8 * PIECE_HEADER_BYTES));
    uploader.pump();
    await settled();
    expect(reads).toHaveLength(before);
    socket.drain();
    await settled();
    expect(reads.length).toBeGreaterThan(before);
  });

  it("reads larger and larger batches for who reads them, a megabyte at most, and a small one again for who is slow", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { uploader, socket, reads } = setUp(Array.from({ length: 2_000 }, (_, i) => blocks(i, 0, 1)[0]!));
    uploader.pump();
    const batchesOf = async () => {
      await settled();
      const before = reads.length;
      socket.drain();
      await settled();
      return reads.length - before;
    };
    for (let i = 0; i < 6; i++) await batchesOf();
    expect(await batchesOf()).toBe((2 * UPLOAD_BATCH_BYTES) / BLOCK);
    vi.advanceTimersByTime(QUICK_BATCH_MS);
    expect(await batchesOf()).toBe((2 * FIRST_BATCH_BYTES) / BLOCK);
  });

  it("keeps to the rate limit, and goes on when it is lifted", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const limit = new TokenBucket(BLOCK);
      const { uploader, reads, socket } = setUp(blocks(0, 0, 60), { limit });
      vi.advanceTimersByTime(1_000);
      uploader.pump();
      for (let second = 0; second < 10; second++) {
        vi.advanceTimersByTime(1_000);
        await settled();
        socket.drain();
      }
      expect(reads.reduce((sum, { buffers }) => sum + buffers, 0)).toBeGreaterThanOrEqual(9);
      expect(reads.reduce((sum, { buffers }) => sum + buffers, 0)).toBeLessThanOrEqual(12);
      limit.bytesPerSecond = 1;
      limit.take(1e9, performance.now());
      vi.advanceTimersByTime(5_000);
      limit.bytesPerSecond = 0;
      vi.advanceTimersByTime(1_000);
      await settled();
      expect(reads.reduce((sum, { buffers }) => sum + buffers, 0)).toBe(60);
      uploader.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("reads no more of a batch once the peer is gone: the files may be closed by then", async () => {
    const { uploader, socket, reads } = setUp([...blocks(2, 0, 1), ...blocks(5, 0, 1)]);
    uploader.pump();
    expect(reads).toHaveLength(1);
    socket.end();
    uploader.close();
    await settled();
    expect(reads).toHaveLength(1);
  });

  it("says what the disk did not give, sends nothing of it, and serves what comes later", async () => {
    const options = { failing: true };
    const waiting = blocks(0, 0, 2);
    const { uploader, socket, failed } = setUp(waiting, options);
    uploader.pump();
    await settled();
    expect(failed).toEqual([expect.objectContaining({ code: "io" })]);
    expect(socket.written).toEqual([]);
    options.failing = false;
    waiting.push(...blocks(1, 0, 1));
    uploader.pump();
    await settled();
    expect(socket.written).toHaveLength(1);
  });

  it("sends a gift block by block, in order, behind what was requested", async () => {
    const { uploader, socket, reads } = setUp(blocks(4, 0, 1));
    uploader.give(3, 2 * BLOCK + 5);
    await settled();
    expect(reads.map(({ index, begin }) => [index, begin])).toEqual([
      [4, 0],
      [3, 0],
    ]);
    for (let i = 0; i < 3; i++) {
      socket.drain();
      await settled();
    }
    const gifts: number[][] = [];
    socket.connection.receive(Buffer.concat(socket.written), (message) => {
      if (message.type !== "sta-push" || message.message.type !== "block") return;
      gifts.push([message.message.piece, message.message.begin, message.message.data.length]);
    });
    expect(gifts).toEqual([
      [3, 0, BLOCK],
      [3, BLOCK, BLOCK],
      [3, 2 * BLOCK, 5],
    ]);
  });

  it("sends nothing more of a gift that is taken back, not even the block that is being read, and goes on with others", async () => {
    const { uploader, socket } = setUp([]);
    uploader.give(3, 2 * BLOCK);
    uploader.give(5, BLOCK);
    uploader.takeBack(3);
    await settled();
    uploader.give(3, 2 * BLOCK);
    for (let i = 0; i < 4; i++) {
      await settled();
      socket.drain();
    }
    const gifts: number[][] = [];
    socket.connection.receive(Buffer.concat(socket.written), (message) => {
      if (message.type === "sta-push" && message.message.type === "block")
        gifts.push([message.message.piece, message.message.begin]);
    });
    expect(gifts).toEqual([
      [5, 0],
      [3, 0],
      [3, BLOCK],
    ]);
  });

  it("drops a gift for a peer that does not speak sta_push any more", async () => {
    const { uploader, socket, failed } = setUp([], { speaks: false });
    uploader.give(0, 3 * BLOCK);
    await settled();
    expect([socket.written, failed]).toEqual([[], []]);
  });

  it("counts nothing that never left: of a peer that is gone before it was read for, or before it read", async () => {
    for (const isRead of [false, true]) {
      const { uploader, socket, sent } = setUp(blocks(0, 0, 2));
      uploader.pump();
      if (isRead) await settled();
      socket.end();
      await settled();
      expect(sent()).toBe(0);
    }
  });

  it("does nothing any more when the socket is closed", async () => {
    const { uploader, socket, reads } = setUp(blocks(0, 0, 5));
    socket.isClosed = true;
    uploader.pump();
    uploader.close();
    await settled();
    expect(reads).toEqual([]);
  });
});
