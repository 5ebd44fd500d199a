// The files of a torrent as a tree: folders that fold, with the sums of what lies below them. Pure.

export interface TreeFile {
  /** Its place in the torrent. */
  readonly index: number;
  /** `/` between its parts. */
  readonly path: string;
  readonly length: number;
  readonly heldBytes: number;
}

/** A row of the tree: a file, or a folder, which has the place of its first file and the sums of all below it. */
export interface TreeRow<File extends TreeFile = TreeFile> extends TreeFile {
  /** Of a folder its path, which ends with `/`; of a file its index. */
  readonly key: string;
  /** The part of the path that the folders above it do not say. */
  readonly name: string;
  readonly depth: number;
  /** Null for a file. */
  readonly open: boolean | null;
  /** The file itself, or all below the folder. */
  readonly files: readonly File[];
}

/** Orders what lies in one folder. */
export type TreeOrder = (a: TreeFile, b: TreeFile) => number;

/** What a key does to a tree: opens or closes the folder `key`, or selects row `index`. */
export type TreeStep =
  { readonly type: "turn"; readonly key: string } | { readonly type: "select"; readonly index: number };

/** Deeper folders are no rows: they stand in the names of their files. So the rows of hostile paths stay as few as the files, eightfold. */
const DEEPEST = 8;

/** From so many files on folders are closed at first. */
const MANY_FILES = 200;

/**
 * The rows of `files` that are shown, each folder before what lies in it. `turned` are the keys of folders that somebody opened
 * or closed: they are the other way round than at first.
 */
export function treeRows<File extends TreeFile>(
  files: readonly File[],
  turned: ReadonlySet<string>,
  order: TreeOrder,
): readonly TreeRow<File>[] {
  const folders = new Map<string, Folder<File>>();
  const top: Node<File>[] = [];
  for (const file of files) {
    let siblings = top;
    let depth = 0;
    let begin = 0;
    for (let end = file.path.indexOf("/"); end >= 0 && depth < DEEPEST; end = file.path.indexOf("/", begin)) {
      const key = file.path.slice(0, end + 1);
      let folder = folders.get(key);
      if (folder === undefined) {
        folder = newFolder(key, begin, depth, startsOpen(files.length) !== turned.has(key), file.index);
        folders.set(key, folder);
        siblings.push(folder);
      }
      folder.files.push(file);
      folder.length += file.length;
      folder.heldBytes += file.heldBytes;
      siblings = folder.children;
      begin = end + 1;
      depth++;
    }
    siblings.push(fileRow(file, begin, depth));
  }
  const rows: TreeRow<File>[] = [];
  addRows(top, order, rows);
  return rows;
}

/** The same files one below the other, with their whole paths. */
export function flatRows<File extends TreeFile>(files: readonly File[], order: TreeOrder): readonly TreeRow<File>[] {
  return files.toSorted(order).map((file) => fileRow(file, 0, 0));
}

/** The files that `rows` are about, each once. */
export function filesOf<File extends TreeFile>(rows: readonly TreeRow<File>[]): readonly File[] {
  return [...new Set(rows.flatMap(({ files }) => files))];
}

/** `→` on row `index`: opens its folder, or goes into it; null where there is nothing to open. */
export function stepInto(rows: readonly TreeRow[], index: number): TreeStep | null {
  const row = rows[index];
  if (row === undefined || row.open === null) return null;
  return row.open ? { type: "select", index: index + 1 } : { type: "turn", key: row.key };
}

/** `←` on row `index`: closes its folder, or goes to the one that it lies in; null where there is none. */
export function stepOut(rows: readonly TreeRow[], index: number): TreeStep | null {
  const row = rows[index];
  if (row === undefined) return null;
  if (row.open === true) return { type: "turn", key: row.key };
  const parent = rows.slice(0, index).findLastIndex(({ depth }) => depth < row.depth);
  return parent < 0 ? null : { type: "select", index: parent };
}

/** `turned` with the folder `key` the other way round. */
export function withTurned(turned: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const changed = new Set(turned);
  if (!changed.delete(key)) changed.add(key);
  return changed;
}

/** `turned` so that all folders are open that `path` lies in. */
export function withOpened(turned: ReadonlySet<string>, path: string, fileCount: number): ReadonlySet<string> {
  const changed = new Set(turned);
  for (let end = path.indexOf("/"); end >= 0 && end < path.length - 1; end = path.indexOf("/", end + 1)) {
    if (startsOpen(fileCount)) changed.delete(path.slice(0, end + 1));
    else changed.add(path.slice(0, end + 1));
  }
  return changed;
}

interface Folder<File extends TreeFile> extends TreeRow<File> {
  length: number;
  heldBytes: number;
  readonly open: boolean;
  readonly files: File[];
  readonly children: Node<File>[];
}

type Node<File extends TreeFile> = Folder<File> | (TreeRow<File> & { readonly open: null });

function startsOpen(fileCount: number): boolean {
  return fileCount < MANY_FILES;
}

function newFolder<File extends TreeFile>(
  path: string,
  begin: number,
  depth: number,
  open: boolean,
  index: number,
): Folder<File> {
  const sums = { length: 0, heldBytes: 0 };
  return { key: path, index, path, ...sums, name: path.slice(begin), depth, open, files: [], children: [] };
}

function fileRow<File extends TreeFile>(file: File, begin: number, depth: number) {
  const { index, path, length, heldBytes } = file;
  return {
    key: String(index),
    index,
    path,
    length,
    heldBytes,
    name: path.slice(begin),
    depth,
    open: null,
    files: [file],
  };
}

function addRows<File extends TreeFile>(nodes: readonly Node<File>[], order: TreeOrder, rows: TreeRow<File>[]): void {
  for (const node of nodes.toSorted(order)) {
    rows.push(node);
    if (node.open === true) addRows(node.children, order, rows);
  }
}
