// WatchedFolder: what is put into a folder is downloaded: .torrent files, and .magnet files that hold a link. What was taken has `.added`
// behind its name from then on; what was refused stays, and is tried again after a while or when it has changed.
import { readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Reply } from "../control/contract.ts";
import { MAX_METAINFO_BYTES } from "../metainfo/limits.ts";
import { displayText } from "../protocol/display-text.ts";
import { toNamedPathError } from "../storage/errors.ts";
import { WATCH_AGAIN_MS, WATCH_AT_ONCE, WATCH_MS } from "./limits.ts";

export interface WatchedFolderOptions {
  /** Absolute. */
  readonly folder: string;
  /** Is what lies there the data of a transfer? It may be called as a stranger likes. */
  readonly isData: (path: string) => boolean;
  /** Downloads what a path or a magnet link names. */
  readonly download: (target: string) => Promise<Reply>;
  readonly tell: (kind: "notice" | "problem", text: string) => void;
}

interface Watched {
  /** Its size and when it was changed. */
  readonly version: string;
  /** It was the same a look before: nobody is copying it any more. */
  isReady: boolean;
  /** Not taken before then, monotonic ms. */
  takeAt: number;
  isRefused: boolean;
}

/** Hidden files are left alone: programs that copy write them first. */
const ENDING = /^[^.].*\.(torrent|magnet)$/i;

export class WatchedFolder {
  readonly #options: WatchedFolderOptions;
  #files: ReadonlyMap<string, Watched> = new Map();
  readonly #taking = new Set<Promise<void>>();
  #looking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** What was told last of the folder itself. */
  #problem: string | undefined;
  #closed = false;

  constructor(options: WatchedFolderOptions) {
    this.#options = options;
  }

  /** Looks now, and then every few seconds: of a folder that lies on another machine the system tells no changes. */
  start(): void {
    this.#looking = this.#look().finally(() => {
      if (!this.#closed) this.#timer = setTimeout(() => this.start(), WATCH_MS).unref();
    });
  }

  /** Takes nothing more; what is being added goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#taking);
  }

  async #look(): Promise<void> {
    const { folder, isData } = this.#options;
    try {
      const files = new Map<string, Watched>();
      for (const name of await readdir(folder)) {
        const file = ENDING.test(name) ? await this.#lookAt(name) : undefined;
        if (file) files.set(name, file);
      }
      this.#files = files;
      this.#tellProblem(undefined);
    } catch (error) {
      return this.#tellProblem(`The folder that is watched: ${toNamedPathError(error, folder).message}`);
    }
    for (const [name, file] of this.#files) {
      while (this.#taking.size >= WATCH_AT_ONCE) await Promise.race(this.#taking);
      const path = join(folder, name);
      if (this.#closed || !file.isReady || performance.now() < file.takeAt || isData(path)) continue;
      const taking = this.#take(path, file).finally(() => this.#taking.delete(taking));
      this.#taking.add(taking);
    }
  }

  /** What is known of this one; undefined when it is no file. */
  async #lookAt(name: string): Promise<Watched | undefined> {
    const there = await stat(join(this.#options.folder, name)).catch(() => undefined);
    if (!there?.isFile()) return undefined;
    const version = `${there.size} ${there.mtimeMs}`;
    const known = this.#files.get(name);
    if (known?.version !== version) return { version, isReady: false, takeAt: 0, isRefused: false };
    known.isReady = true;
    return known;
  }

  async #take(path: string, file: Watched): Promise<void> {
    const { tell } = this.#options;
    file.takeAt = Number.POSITIVE_INFINITY;
    const { ok, text } = await this.#download(path);
    if (ok) {
      tell("notice", text);
      await rename(path, `${path}.added`).catch((error: unknown) =>
        tell("problem", `It cannot be marked as added: ${toNamedPathError(error, path).message}`),
      );
      return;
    }
    // What is given up because the engine stops is taken at its next start.
    if (this.#closed) return;
    if (!file.isRefused) tell("problem", `${path} is not added: ${text.replace(`${displayText(path)}: `, "")}`);
    file.isRefused = true;
    file.takeAt = performance.now() + WATCH_AGAIN_MS;
  }

  async #download(path: string): Promise<{ readonly ok: boolean; readonly text: string }> {
    try {
      const { size } = await stat(path);
      if (size > MAX_METAINFO_BYTES)
        return { ok: false, text: `it has ${size} bytes, and at most ${MAX_METAINFO_BYTES} are read.` };
      if (!/\.magnet$/i.test(path)) return await this.#options.download(path);
      const link = (await readFile(path, "utf8")).trim();
      return /^magnet:.+$/i.test(link)
        ? await this.#options.download(link)
        : { ok: false, text: "it holds something else than one magnet link." };
    } catch (error) {
      return { ok: false, text: toNamedPathError(error, path).message };
    }
  }

  /** Once, until it is another. */
  #tellProblem(text: string | undefined): void {
    if (text !== undefined && text !== this.#problem) this.#options.tell("problem", text);
    this.#problem = text;
  }
}
