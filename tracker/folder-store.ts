// Metainfo files in one folder, named by info hash. What was published is on disk before it is acknowledged.
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MetainfoError } from "../source/metainfo/errors.ts";
import type { Metainfo } from "../source/metainfo/metainfo.ts";
import { parseMetainfo } from "../source/metainfo/parse.ts";
import { type InfoHashHex, parseInfoHashHex, toHex } from "../source/protocol/ids.ts";
import { MAX_METAINFO_BYTES } from "./limits.ts";
import type { StoredTorrent, TorrentStore } from "./torrent-store.ts";

/** Beside the torrents: when each was last held, by info hash. */
const HELD_FILE = "held.json";

/** Owns a folder of `<info hash>.torrent`. */
export class FolderStore implements TorrentStore {
  readonly folder: string;
  readonly #sizes = new Map<InfoHashHex, number>();
  #heldAt = new Map<string, number>();
  #bytes = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Makes the folder and reads what is in it, oldest first. A file that is damaged or misnamed is renamed to `.damaged`, and `warn`
   * hears of it; half-written ones of a crash are removed. Rejects with the file system's error when the folder cannot be used.
   */
  async load(warn: (sentence: string) => void): Promise<readonly StoredTorrent[]> {
    await makeFolder(this.folder);
    await this.#checkWritable();
    this.#heldAt = await this.#loadHeld(warn);
    const torrents: StoredTorrent[] = [];
    for (const file of await readdir(this.folder)) {
      if (file.endsWith(".tmp")) await unlink(join(this.folder, file));
      const infoHash = file.endsWith(".torrent") ? parseInfoHashHex(file.slice(0, -".torrent".length)) : undefined;
      if (!infoHash) continue;
      const stored = await this.#read(infoHash);
      if (typeof stored === "string") {
        warn(`${join(this.folder, file)} ${stored}; it is set aside as ${file}.damaged.`);
        await rename(join(this.folder, file), join(this.folder, `${file}.damaged`));
      } else {
        torrents.push(stored);
        this.#count(infoHash, stored.metainfo.bytes.length);
      }
    }
    return torrents.toSorted((a, b) => a.addedAt - b.addedAt);
  }

  /** Bytes of a torrent's file, or undefined when it is not there. */
  async get(infoHash: InfoHashHex): Promise<Uint8Array | undefined> {
    if (!this.#sizes.has(infoHash)) return undefined;
    return readFile(this.#path(infoHash));
  }

  /** Writes a torrent beside its place, syncs it, and moves it there. */
  async put(infoHash: InfoHashHex, bytes: Uint8Array): Promise<void> {
    await this.#write(`${infoHash}.torrent`, bytes);
    this.#count(infoHash, bytes.length);
  }

  async held(infoHashes: readonly InfoHashHex[], at: number): Promise<void> {
    for (const infoHash of infoHashes) this.#heldAt.set(infoHash, at);
    for (const infoHash of this.#heldAt.keys()) {
      if (!this.#sizes.has(infoHash as InfoHashHex)) this.#heldAt.delete(infoHash);
    }
    await this.#write(HELD_FILE, JSON.stringify(Object.fromEntries(this.#heldAt)));
  }

  /** There is nothing open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Removes a torrent's file. */
  async remove(infoHash: InfoHashHex): Promise<void> {
    const size = this.#sizes.get(infoHash);
    if (size === undefined) return;
    this.#sizes.delete(infoHash);
    this.#bytes -= size;
    await unlink(this.#path(infoHash));
  }

  #path(infoHash: InfoHashHex): string {
    return join(this.folder, `${infoHash}.torrent`);
  }

  #count(infoHash: InfoHashHex, size: number): void {
    this.#bytes += size - (this.#sizes.get(infoHash) ?? 0);
    this.#sizes.set(infoHash, size);
  }

  /** The torrent, or what is wrong with it. */
  async #read(infoHash: InfoHashHex): Promise<StoredTorrent | string> {
    const path = this.#path(infoHash);
    const { size, mtimeMs } = await stat(path);
    if (size > MAX_METAINFO_BYTES) return `has ${size} bytes, more than ${MAX_METAINFO_BYTES}`;
    const bytes = new Uint8Array(await readFile(path));
    let metainfo: Metainfo;
    try {
      metainfo = parseMetainfo(bytes);
    } catch (error) {
      if (!(error instanceof MetainfoError)) throw error;
      return `is damaged: ${error.message}`;
    }
    return toHex(metainfo.infoHash) === infoHash
      ? { metainfo, addedAt: Math.floor(mtimeMs), heldAt: this.#heldAt.get(infoHash) ?? Math.floor(mtimeMs) }
      : "is named by another info hash than its own";
  }

  async #write(name: string, content: Uint8Array | string): Promise<void> {
    const beside = join(this.folder, `${name}.${randomBytes(4).toString("hex")}.tmp`);
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, join(this.folder, name));
    await this.#syncFolder();
  }

  /** What is unreadable counts as not there: torrents then seem to be held since they were added. */
  async #loadHeld(warn: (sentence: string) => void): Promise<Map<string, number>> {
    const path = join(this.folder, HELD_FILE);
    if (!(await exists(path))) return new Map();
    try {
      const held = Object.entries(JSON.parse(await readFile(path, "utf8")) as object);
      return new Map(held.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      warn(`${path} is damaged; when each torrent was last held is counted from its first day.`);
      return new Map();
    }
  }

  async #checkWritable(): Promise<void> {
    const probe = join(this.folder, `probe.${randomBytes(4).toString("hex")}.tmp`);
    const file = await open(probe, "wx", 0o600);
    await file.close();
    await unlink(probe);
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

/** Makes a folder and those above it. Not `recursive`: where nothing can be made, as in /proc, Node's own never ends. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && (await stat(folder)).isDirectory()) return;
    // The folder above is there, and still this one cannot be made.
    if (code !== "ENOENT" || (await exists(dirname(folder)))) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
