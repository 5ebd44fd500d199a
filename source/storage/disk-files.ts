// What lies on disk under a torrent's names, told from its files' sizes and times alone.
import { Bitfield } from "../metainfo/bitfield.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import { safePaths } from "../metainfo/safe-path.ts";
import { storageError } from "./errors.ts";
import type { JournalState } from "./journal-format.ts";
import { knownState } from "./piece-claims.ts";
import type { FileChange, RecoveredJournal } from "./resume-journal.ts";
import type { SafeFolder } from "./safe-open.ts";
import type { TorrentFiles } from "./torrent-files.ts";

/** Files looked at together: as many as the thread pool takes, and then some. */
const STATS_AT_ONCE = 16;

/**
 * The path of each file below the folder. Files that are there already under the torrent's own names keep them, where this system
 * can name them (somebody shares `aux.c`, or `Makefile` beside `makefile`); all others get names that are safe everywhere.
 * Throws MetainfoError, StorageError.
 */
export async function diskPaths(metainfo: Metainfo, folder: SafeFolder): Promise<string[][]> {
  const portable = safePaths(metainfo);
  const exact = safePaths(metainfo, "exact");
  if (exact.every((path, file) => path.join("/") === portable[file]!.join("/"))) return portable;
  const seen = new Set<string>();
  const real = exact.filter((_, file) => !metainfo.files[file]!.padding);
  for (const path of real) {
    const stats = await folder.stat(path);
    if (!stats) return portable;
    seen.add(`${stats.dev} ${stats.ino}`);
  }
  return seen.size === real.length ? exact : portable;
}

/** Pieces that cannot be whole because a file is missing or too short, and pieces of files that somebody else changed. */
export interface FileInspection {
  readonly absent: Bitfield;
  readonly changed: Bitfield;
  /** Has one of the files, but what lies in the part file, any bytes of a piece? */
  readonly anyThere: boolean;
}

/**
 * Looks at every file's size and time. `isForeign` is asked about the change time of the file, which no copy or unpacking can set
 * back. Throws StorageError.
 */
export async function inspectFiles(
  layout: PieceLayout,
  torrentFiles: TorrentFiles,
  isForeign: (file: FileChange) => boolean = () => false,
): Promise<FileInspection> {
  const absent = Bitfield.empty(layout.pieceCount);
  const changed = Bitfield.empty(layout.pieceCount);
  const files = layout.files.entries();
  let anyThere = false;
  const inspector = async (): Promise<void> => {
    for (const [file, { length, offset, padding }] of files) {
      if (padding) continue;
      const found = await torrentFiles.bytesOf(file);
      const { first, end } = layout.piecesOfFile(file);
      const size = found?.size ?? 0;
      const lacking = size < length ? Math.floor((offset + size) / layout.pieceLength) : end;
      for (let piece = lacking; piece < end; piece++) absent.set(piece);
      if (lacking > first && !torrentFiles.setAside.has(file)) anyThere = true;
      if (!found || !isForeign(found)) continue;
      for (let piece = first; piece < end; piece++) changed.set(piece);
    }
  };
  await Promise.all(Array.from({ length: STATS_AT_ONCE }, inspector));
  return { absent, changed, anyThere };
}

export interface StateOptions {
  readonly files: TorrentFiles;
  readonly justHashed: boolean;
  /** Data that was held and is gone altogether is no error. */
  readonly acceptMissing: boolean;
}

/** What is held and what is suspect at the start: the journal's word, as far as the files bear it out. Throws StorageError, `missing` when all of it is gone. */
export async function stateOnDisk(
  layout: PieceLayout,
  recovered: RecoveredJournal | undefined,
  { files, justHashed, acceptMissing }: StateOptions,
): Promise<JournalState> {
  const state = knownState(layout.pieceCount, { recovered, justHashed });
  if (justHashed) return state;
  const { written, synced, suspect } = state;
  const { absent, changed, anyThere } = await inspectFiles(layout, files, recovered?.isForeign);
  if (written.count > 0 && !anyThere && !acceptMissing) throw storageError("missing", files.folder);
  for (const piece of changed.held()) {
    if (!written.clear(piece)) continue;
    synced.clear(piece);
    suspect.set(piece);
  }
  for (const piece of absent.held()) {
    written.clear(piece);
    synced.clear(piece);
    suspect.clear(piece);
  }
  return state;
}
