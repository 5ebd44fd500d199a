// hashPieces: hashes pieces that are on disk, a batch of them at once on each thread; the main thread only hears what was found.
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import type { StorageError } from "./errors.ts";
import type { FilePart, ZerosPart } from "./file-hasher.ts";
import type { DiskThreads } from "./disk-threads.ts";
import { allDone } from "./piece-io.ts";

/** A batch: large enough that messages cost nothing, small enough that an abort is heard at once and progress is seen. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_PIECES = 1_024;

/** Batches that a thread has: the next one is there when it is done with one. */
const BATCHES_PER_THREAD = 2;

export interface PieceHashing {
  readonly layout: PieceLayout;
  /** The files' parts that `length` bytes from `start` among the bytes of all files are read from. */
  readonly partsOf: (start: number, length: number) => readonly (FilePart | ZerosPart)[];
  readonly workers: DiskThreads;
  readonly signal?: AbortSignal | undefined;
  /** Told of each batch, in any order: the pieces and, for each, its SHA-1 or why it cannot be read. What it throws ends all. */
  readonly found: (indexes: readonly number[], digests: readonly (Uint8Array | StorageError)[]) => Promise<void> | void;
}

/** Hashes the pieces of `indexes`, each read once. Throws the reason of `signal` between two batches, or what `found` throws. */
export async function hashPieces(indexes: Iterable<number>, hashing: PieceHashing): Promise<void> {
  const { layout, workers, signal, found } = hashing;
  // A generator is over for all takers when one of them fails.
  const batches = batchesOf(indexes, layout);
  const taker = async (): Promise<void> => {
    for (const batch of batches) {
      signal?.throwIfAborted();
      const pieceLengths = batch.map((index) => layout.pieceLengthAt(index));
      const parts = runsOf(batch).flatMap(({ first, count }) => {
        const start = layout.pieceStart(first);
        const last = first + count - 1;
        return hashing.partsOf(start, layout.pieceStart(last) + layout.pieceLengthAt(last) - start);
      });
      const digests = await workers.sha1OfFiles({ pieceLengths, parts });
      await found(batch, digests);
    }
  };
  await allDone(Array.from({ length: BATCHES_PER_THREAD * workers.size }, taker));
  signal?.throwIfAborted();
}

function* batchesOf(indexes: Iterable<number>, layout: PieceLayout): Generator<number[], void> {
  let batch: number[] = [];
  let bytes = 0;
  for (const index of indexes) {
    const length = layout.pieceLengthAt(index);
    if (batch.length > 0 && (bytes + length > BATCH_BYTES || batch.length === BATCH_PIECES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(index);
    bytes += length;
  }
  if (batch.length > 0) yield batch;
}

/** Pieces that stand one behind the other are read as one run. */
function runsOf(indexes: readonly number[]): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const index of indexes) {
    const run = runs.at(-1);
    if (run && run.first + run.count === index) run.count++;
    else runs.push({ first: index, count: 1 });
  }
  return runs;
}
