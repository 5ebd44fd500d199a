// hashPath: a file or a folder on disk -> what a torrent of it is made of. Every byte is read once.
import { lstat, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { buildMetainfo, type MetainfoParts } from "../metainfo/create.ts";
import { MetainfoError } from "../metainfo/errors.ts";
import { MAX_FILES, MAX_METAINFO_BYTES, MAX_PATH_DEPTH, MAX_PIECE_LENGTH } from "../metainfo/limits.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { parseMetainfo } from "../metainfo/parse.ts";
import { PieceLayout } from "../metainfo/piece-layout.ts";
import { StorageError, storageError, toNamedPathError, toStorageError } from "./errors.ts";
import { DiskThreads } from "./disk-threads.ts";
import { hashPieces } from "./piece-hashing.ts";
import { SafeFolder } from "./safe-open.ts";
import type { SafePath } from "./safe-sync.ts";

/** As the STA report chose. */
const DEFAULT_PIECE_LENGTH = 512 * 1024;

/** Above so many pieces the default doubles: 40 000 hashes make a torrent file of 800 kB. */
const COMFORTABLE_PIECES = 40_000;

const HASH_BYTES = 20;

export interface HashOptions {
  /** Bytes; by default 512 KiB, doubled until there are at most 40 000 pieces. */
  readonly pieceLength?: number;
  /** Called as hashing goes on, with bytes. */
  readonly onProgress?: (hashedBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
  /** Those of an engine; own ones otherwise, which take a twentieth of a second to start. */
  readonly diskThreads?: DiskThreads;
}

/** What `buildMetainfo` needs, and the folder in which the file or folder lies: the `folder` of its TorrentStorage. */
export interface HashedFiles extends MetainfoParts {
  readonly length: number;
  readonly folder: string;
  /** Entries of the folder that are not in it: links, and what is neither a file nor a folder. */
  readonly leftOut: number;
}

/**
 * Hashes a file, or all regular files below a folder, hidden ones too, in the order of their paths; links are not followed and not
 * taken. Threads read and hash the pieces.
 * Throws StorageError when something cannot be read or becomes shorter meanwhile, MetainfoError when there is nothing that a torrent
 * could hold, and the reason of `signal`.
 */
export async function hashPath(path: string, options: HashOptions = {}): Promise<HashedFiles> {
  const root = resolve(path);
  const found = await list(root);
  const length = found.files.reduce((sum, file) => sum + file.length, 0);
  if (length === 0) {
    throw new MetainfoError(
      "field",
      `${root} has no data to share: ${found.singleFile ? "the file is empty" : "there is no file with anything in it"}.`,
    );
  }
  const pieceLength = options.pieceLength ?? defaultPieceLength(length);
  if (!Number.isInteger(pieceLength) || pieceLength < 1 || pieceLength > MAX_PIECE_LENGTH) {
    throw new MetainfoError("limit", `The piece length is not between 1 and ${MAX_PIECE_LENGTH} bytes.`);
  }
  const layout = new PieceLayout({ ...found, length, pieceLength });
  if (layout.pieceCount * HASH_BYTES > MAX_METAINFO_BYTES) {
    throw new MetainfoError("limit", `${root} would have ${layout.pieceCount} pieces; choose a larger piece length.`);
  }
  const folder = new SafeFolder(dirname(root));
  const above = found.singleFile ? [] : [basename(root)];
  const placeOf = (file: number) => folder.locate([...above, ...found.files[file]!.path]);
  const pieceHashes = await hashAll(layout, placeOf, options);
  return { ...found, name: basename(root), folder: folder.path, length, pieceLength, pieceHashes };
}

/** 512 KiB, doubled until a torrent of `length` bytes has at most 40 000 pieces, and never above what is legal. */
export function defaultPieceLength(length: number): number {
  let pieceLength = DEFAULT_PIECE_LENGTH;
  while (length / pieceLength > COMFORTABLE_PIECES && pieceLength < MAX_PIECE_LENGTH) pieceLength *= 2;
  return pieceLength;
}

export interface CreateOptions extends HashOptions {
  readonly announce?: readonly (readonly string[])[];
  readonly webSeeds?: readonly string[];
  readonly private?: boolean;
  readonly createdBy?: string;
  readonly createdAtSeconds?: number;
  /** Instead of the name on disk. */
  readonly name?: string;
}

/** Hashes `path` and makes its torrent; `folder` is where its data lies, `leftOut` as `hashPath` says, which throws the same. */
export async function createTorrent(
  path: string,
  options: CreateOptions = {},
): Promise<{ metainfo: Metainfo; folder: string; leftOut: number }> {
  const hashed = await hashPath(path, options);
  const bytes = buildMetainfo({
    ...hashed,
    ...options,
    pieceLength: hashed.pieceLength,
    name: options.name ?? hashed.name,
  });
  return { metainfo: parseMetainfo(bytes), folder: hashed.folder, leftOut: hashed.leftOut };
}

/** What a person should know of them; undefined when nothing was left out. */
export function leftOutText(leftOut: number): string | undefined {
  return leftOut === 0 ? undefined : `Not in it: entries that are links or no files (${leftOut}).`;
}

/** Reads a torrent file from disk. Throws StorageError or MetainfoError. */
export async function readTorrentFile(path: string): Promise<Metainfo> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw toNamedPathError(error, path);
  });
  try {
    return parseMetainfo(bytes);
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    throw new MetainfoError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

interface Listing {
  readonly singleFile: boolean;
  readonly files: { path: string[]; length: number; offset: number }[];
  /** Entries that are links, or neither files nor folders. */
  readonly leftOut: number;
}

async function list(root: string): Promise<Listing> {
  try {
    const stats = await lstat(root);
    if (stats.isFile()) {
      const files = [{ path: [basename(root)], length: stats.size, offset: 0 }];
      return { singleFile: true, files, leftOut: 0 };
    }
    if (stats.isSymbolicLink()) throw storageError("link", root);
    if (!stats.isDirectory()) throw new StorageError("io", root, `${root} is neither a file nor a folder.`);
    const paths: string[][] = [];
    const leftOut = await listInto(paths, root, []);
    let offset = 0;
    const files: Listing["files"] = [];
    for (const path of paths) {
      const size = await sizeOf(join(root, ...path));
      files.push({ path, length: size, offset });
      offset += size;
    }
    return { singleFile: false, files, leftOut };
  } catch (error) {
    if (error instanceof MetainfoError) throw error;
    throw toNamedPathError(error, root);
  }
}

/** Bytes of a file that a folder listed; a name that is not UTF-8 was listed as another one, which is not there. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (path.includes("\ufffd"))
      throw new MetainfoError("field", `The name of ${path} is not UTF-8; rename the file to share it.`);
    throw toStorageError(error, path);
  }
}

/**
 * Regular files below `root`, each folder's entries in the order of their code units: the same on every machine. Resolves to how many
 * entries are neither files nor folders.
 */
async function listInto(paths: string[][], root: string, folder: readonly string[]): Promise<number> {
  if (folder.length >= MAX_PATH_DEPTH) {
    throw new MetainfoError("limit", `${root} has folders deeper than ${MAX_PATH_DEPTH}.`);
  }
  let leftOut = 0;
  const entries = await readdir(join(root, ...folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) leftOut += await listInto(paths, root, [...folder, entry.name]);
    else if (entry.isFile()) paths.push([...folder, entry.name]);
    else leftOut++;
    if (paths.length > MAX_FILES) throw new MetainfoError("limit", `${root} has more than ${MAX_FILES} files.`);
  }
  return leftOut;
}

async function hashAll(
  layout: PieceLayout,
  placeOf: (file: number) => SafePath,
  { onProgress, signal, diskThreads }: HashOptions,
): Promise<Uint8Array> {
  const hashes = new Uint8Array(layout.pieceCount * HASH_BYTES);
  let hashedBytes = 0;
  const workers = diskThreads ?? new DiskThreads();
  try {
    await hashPieces(Array(layout.pieceCount).keys(), {
      layout,
      partsOf: (start, length) =>
        layout.segments(start, length).map((segment) => {
          return { ...placeOf(segment.file), position: segment.fileOffset, length: segment.length };
        }),
      workers,
      signal,
      found: (indexes, digests) => {
        for (const [i, index] of indexes.entries()) {
          const digest = digests[i]!;
          if (digest instanceof StorageError) throw digest;
          hashes.set(digest, index * HASH_BYTES);
        }
        hashedBytes += layout.bytesOf(indexes);
        onProgress?.(hashedBytes, layout.length);
      },
    });
  } finally {
    if (workers !== diskThreads) await workers.close();
  }
  return hashes;
}
