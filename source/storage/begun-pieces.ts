// BegunPieces: the blocks of pieces that are not whole yet, kept in a file of the state folder while nothing of them arrives.
// 4 bytes: the length of the JSON that follows them and says which blocks: `[{"index":7,"blocks":"0-3,9"}]`. Then their bytes, in that order.
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { z } from "zod";
import { type BegunPiece, BLOCK_BYTES, type PieceLayout } from "../metainfo/piece-layout.ts";
import { utf8 } from "../protocol/bencode.ts";
import { toStorageError } from "./errors.ts";
import { parseRanges, toRanges } from "./index-ranges.ts";
import { readFully, writeFully } from "./piece-io.ts";

export interface KeptPiece extends BegunPiece {
  /** Of the whole piece, each block at its place. */
  readonly bytes: Uint8Array;
}

const LENGTH_BYTES = 4;

/** Longer than any that we write: 64 MiB of blocks, each between two that are missing. */
const MAX_HEADER_BYTES = 1024 * 1024;

const headerSchema = z.array(z.object({ index: z.number(), blocks: z.string() }));

/**
 * Keeps them in `file`, in place of what was kept there; with none the file goes. Nothing is synced: what a loss of power takes is fetched again, for no block counts before its piece is hashed. Throws StorageError.
 */
export async function keepBegun(file: string, layout: PieceLayout, pieces: readonly KeptPiece[]): Promise<void> {
  const beside = `${file}.new`;
  try {
    if (pieces.length === 0) return await rm(file, { force: true });
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const handle = await open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    await write(handle, layout, pieces).finally(() => handle.close());
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw toStorageError(error, file);
  }
}

/**
 * Hands the blocks that are kept of pieces that it `accepts` to `store`, which must copy them; resolves to what was handed on. A file that is
 * not there or damaged keeps nothing. Throws StorageError.
 */
export async function bringBegun(
  file: string,
  layout: PieceLayout,
  accepts: (index: number) => boolean,
  store: (index: number, begin: number, data: Uint8Array) => void,
): Promise<readonly BegunPiece[]> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    return await read(handle, layout, accepts, store);
  } catch (error) {
    const failure = toStorageError(error, file);
    if (failure.code === "missing") return [];
    throw failure;
  } finally {
    await handle?.close();
  }
}

async function write(handle: FileHandle, layout: PieceLayout, pieces: readonly KeptPiece[]): Promise<void> {
  const header = utf8(JSON.stringify(pieces.map(({ index, blocks }) => ({ index, blocks: toRanges(blocks) }))));
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, header.length);
  await writeFully(handle, length, 0);
  await writeFully(handle, header, LENGTH_BYTES);
  let position = LENGTH_BYTES + header.length;
  for (const piece of pieces) {
    for (const { begin, end } of runsOf(layout, piece)) {
      await writeFully(handle, piece.bytes.subarray(begin, end), position);
      position += end - begin;
    }
  }
}

async function read(
  handle: FileHandle,
  layout: PieceLayout,
  accepts: (index: number) => boolean,
  store: (index: number, begin: number, data: Uint8Array) => void,
): Promise<readonly BegunPiece[]> {
  const header = await headerOf(handle, layout);
  const brought: BegunPiece[] = [];
  let position = header.end;
  for (const piece of header.pieces) {
    const runs = runsOf(layout, piece);
    const length = runs.reduce((sum, { begin, end }) => sum + end - begin, 0);
    if (accepts(piece.index)) {
      const bytes = new Uint8Array(length);
      // Of a file that was cut short, what is whole stays of use.
      if ((await readFully(handle, [bytes], position)) < length) return brought;
      let from = 0;
      for (const { begin, end } of runs) {
        store(piece.index, begin, bytes.subarray(from, from + end - begin));
        from += end - begin;
      }
      brought.push(piece);
    }
    position += length;
  }
  return brought;
}

/** Which blocks the file keeps, and where their bytes begin; none if it is damaged. */
async function headerOf(handle: FileHandle, layout: PieceLayout): Promise<{ pieces: BegunPiece[]; end: number }> {
  const none = { pieces: [], end: 0 };
  const prefix = new Uint8Array(LENGTH_BYTES);
  if ((await readFully(handle, [prefix], 0)) < LENGTH_BYTES) return none;
  const length = new DataView(prefix.buffer).getUint32(0);
  if (length > MAX_HEADER_BYTES) return none;
  const json = new Uint8Array(length);
  if ((await readFully(handle, [json], LENGTH_BYTES)) < length) return none;
  const pieces: BegunPiece[] = [];
  for (const { index, blocks: text } of parseHeader(json)) {
    const isNew = layout.isPiece(index) && !pieces.some((piece) => piece.index === index);
    const blocks = isNew ? parseRanges(text, layout.blockCount(index)) : undefined;
    // One that is whole would wait for ever for its last block.
    if (!blocks || blocks.length === layout.blockCount(index)) return none;
    pieces.push({ index, blocks });
  }
  return { pieces, end: LENGTH_BYTES + length };
}

function parseHeader(json: Uint8Array): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(Buffer.from(json).toString()));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return [];
    throw error;
  }
}

/** The bytes of these blocks in their piece, those that follow one another in one run. */
function runsOf(layout: PieceLayout, { index, blocks }: BegunPiece): { begin: number; end: number }[] {
  const runs: { begin: number; end: number }[] = [];
  for (const block of blocks) {
    const begin = block * BLOCK_BYTES;
    const end = begin + layout.blockLengthAt(index, block);
    const last = runs.at(-1);
    if (last?.end === begin) last.end = end;
    else runs.push({ begin, end });
  }
  return runs;
}
