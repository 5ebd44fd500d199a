// TransferStore: what an engine remembers of its transfers, two small files each, and the place of their journals.
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MetainfoError } from "../metainfo/errors.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { parseMetainfo } from "../metainfo/parse.ts";
import { utf8 } from "../protocol/bencode.ts";
import { type InfoHashHex, parseInfoHashHex, toHex } from "../protocol/ids.ts";
import { atomicWrite } from "./atomic-write.ts";
import { toStorageError } from "./errors.ts";
import type { StateFolder } from "./state-folder.ts";
import { makePrivateFolder } from "./state-folder.ts";

const bytes = z.number().int().min(0);

/** What is remembered of a transfer beside its metainfo. Members of a later version are kept as they are. */
export const transferSettingsSchema = z.looseObject({
  /** Absolute path of the folder in which the file, or the torrent's own folder, lies. */
  folder: z.string().min(1),
  paused: z.boolean().default(false),
  /** Wall time, milliseconds since 1970. */
  addedAt: z.number(),
  uploadedBytes: bytes.default(0),
  downloadedBytes: bytes.default(0),
  wastedBytes: bytes.default(0),
  /** We made it or were told to share it: the tracker is given its metainfo. */
  published: z.boolean().default(false),
  /** Came as a gift (`sta_push`), under the quota of gifts. */
  gift: z.boolean().default(false),
  /** A person's own files, shared from where they lie: nothing is ever written into them. */
  shared: z.boolean().default(false),
  /** Its info hash may be told to the DHT and to our networks: a person brought it from elsewhere, and no tracker of ours knows it. */
  dht: z.boolean().default(false),
  /** It goes on being shared when it is whole. */
  seed: z.boolean().default(true),
  /** Bytes a second; 0 is no limit. */
  downLimit: bytes.default(0),
  upLimit: bytes.default(0),
  /** It is paused at this ratio, or after so many seconds of seeding. */
  ratioLimit: z.number().min(0).nullable().default(null),
  seedSecondsLimit: bytes.nullable().default(null),
  /** For how long it was whole and shared. */
  seededSeconds: bytes.default(0),
  /** Indexes of files (`0-4,7`) that are not wanted, or wanted first. */
  filesOff: z.string().default(""),
  filesHigh: z.string().default(""),
  /** Those that are not wanted and lie in the part file. */
  filesSetAside: z.string().default(""),
  /** Its data is being removed: that is ended at the next start. */
  removing: z.boolean().default(false),
  /** Pieces are fetched in their order. */
  sequential: z.boolean().default(false),
  /** Downloads begin in this order; who says nothing gets the time it was added at. */
  order: z.number().optional(),
});

export type TransferSettings = z.infer<typeof transferSettingsSchema>;

/** Settings of a transfer that nobody has changed; `addedAt`: wall time. */
export function newTransferSettings(folder: string, addedAt: number): TransferSettings {
  return transferSettingsSchema.parse({ folder, addedAt });
}

export interface StoredTransfer {
  readonly metainfo: Metainfo;
  readonly settings: TransferSettings;
}

/** Everything that was remembered, and a sentence for each file that could not be used and was set aside. */
export interface LoadedTransfers {
  readonly transfers: readonly StoredTransfer[];
  readonly problems: readonly string[];
}

export class TransferStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Creates `torrents/` in the state folder. Throws StorageError. */
  static async open(state: StateFolder): Promise<TransferStore> {
    const folder = state.resolve("torrents");
    await makePrivateFolder(folder);
    return new TransferStore(folder);
  }

  /** The `journalFile` of a transfer's TorrentStorage. */
  journalFile(infoHash: InfoHashHex): string {
    return join(this.#folder, `${infoHash}.pieces`);
  }

  /** Reads all transfers, oldest first. A damaged one is set aside (`.bad` behind its files' names) and told of. Throws StorageError. */
  async load(): Promise<LoadedTransfers> {
    const transfers: StoredTransfer[] = [];
    const problems: string[] = [];
    for (const name of await this.#list()) {
      // What a process that was killed had begun to write beside.
      if (name.endsWith(".new")) await rm(join(this.#folder, name), { force: true });
      const infoHash = name.endsWith(".torrent") ? parseInfoHashHex(name.slice(0, -".torrent".length)) : undefined;
      if (!infoHash) continue;
      const outcome = await this.#read(infoHash);
      if (typeof outcome !== "string") {
        transfers.push(outcome);
        continue;
      }
      await this.#setAside(infoHash);
      problems.push(
        `The saved transfer ${infoHash} cannot be used: ${outcome} Its files were set aside in ${this.#folder}.`,
      );
    }
    return { transfers: transfers.toSorted((a, b) => a.settings.addedAt - b.settings.addedAt), problems };
  }

  /** Remembers a new transfer: the settings first, so that a metainfo file never stands without them. Throws StorageError. */
  async add(metainfo: Metainfo, settings: TransferSettings): Promise<void> {
    const infoHash = toHex(metainfo.infoHash);
    await this.save(infoHash, settings);
    await this.#write(this.#file(infoHash, "torrent"), metainfo.bytes);
  }

  /** Replaces the settings of a transfer. Throws StorageError. */
  async save(infoHash: InfoHashHex, settings: TransferSettings): Promise<void> {
    await this.#write(this.#file(infoHash, "json"), utf8(`${JSON.stringify(settings, undefined, 2)}\n`));
  }

  /** Forgets a transfer: its metainfo, settings, journal, part file and begun pieces, not its data. Throws StorageError. */
  async remove(infoHash: InfoHashHex): Promise<void> {
    for (const kind of ["torrent", "json", "pieces", "parts", "begun"] as const) {
      const file = this.#file(infoHash, kind);
      await rm(file, { force: true }).catch((error: unknown) => {
        throw toStorageError(error, file);
      });
    }
  }

  /** The transfer, or a sentence about what is wrong with it. */
  async #read(infoHash: InfoHashHex): Promise<StoredTransfer | string> {
    try {
      const metainfo = parseMetainfo(await readFile(this.#file(infoHash, "torrent")));
      if (toHex(metainfo.infoHash) !== infoHash) return "its torrent file is of another torrent.";
      const text = await readFile(this.#file(infoHash, "json"), "utf8");
      const settings = transferSettingsSchema.safeParse(JSON.parse(text));
      return settings.success ? { metainfo, settings: settings.data } : "its settings are damaged.";
    } catch (error) {
      if (error instanceof MetainfoError) return error.message;
      if (error instanceof SyntaxError) return "its settings are damaged.";
      const failure = toStorageError(error, this.#file(infoHash, "json"));
      if (failure.code === "missing") return "its settings are gone.";
      throw failure;
    }
  }

  async #list(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).toSorted();
    } catch (error) {
      throw toStorageError(error, this.#folder);
    }
  }

  async #setAside(infoHash: InfoHashHex): Promise<void> {
    for (const kind of ["torrent", "json"] as const) {
      const file = this.#file(infoHash, kind);
      await rename(file, `${file}.bad`).catch((error: unknown) => {
        const failure = toStorageError(error, file);
        if (failure.code !== "missing") throw failure;
      });
    }
  }

  async #write(file: string, content: Uint8Array): Promise<void> {
    try {
      await atomicWrite(file, content);
    } catch (error) {
      throw toStorageError(error, file);
    }
  }

  #file(infoHash: InfoHashHex, kind: "torrent" | "json" | "pieces" | "parts" | "begun"): string {
    return join(this.#folder, `${infoHash}.${kind}`);
  }
}
