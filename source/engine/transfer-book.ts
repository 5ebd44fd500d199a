// TransferBook: all transfers of an engine, what is remembered of them, and their way from and to the disk.
import type { DisplayText, TransferRow } from "../control/contract.ts";
import type { AnnounceReport, Announcer } from "../discovery/announcer.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { type FilePriority, FileSelection } from "../metainfo/file-selection.ts";
import { PieceLayout } from "../metainfo/piece-layout.ts";
import { type InfoHash, type InfoHashHex, toHex } from "../protocol/ids.ts";
import type { Allocation } from "../storage/allocate.ts";
import { StorageError } from "../storage/errors.ts";
import { DiskThreads } from "../storage/disk-threads.ts";
import { parseRanges, toRanges } from "../storage/index-ranges.ts";
import { OpenFiles } from "../storage/open-files.ts";
import { TorrentStorage } from "../storage/torrent-storage.ts";
import type { StoredTransfer, TransferSettings, TransferStore } from "../storage/transfer-store.ts";
import { TransferLog } from "./transfer-log.ts";
import type { FileChoice, Transfer, TransferMode } from "./transfer.ts";
import type { WebSeeds } from "./web-seeds.ts";

/** A transfer and what is remembered of it. */
export interface Entry {
  readonly transfer: Transfer;
  settings: TransferSettings;
  summary: DisplayText | null;
  announcer: Announcer | undefined;
  /** Empty while its peers are looked for neither in the DHT nor in our networks. */
  searches: readonly PeerSearch[];
  /** Undefined until it was first looked whether they are to be asked. */
  webSeeds: WebSeeds | undefined;
  readonly log: TransferLog;
  /** Its place among those that wait for their turn, from 1. */
  queuePosition: number | null;
  /** Since when it has its turn, monotonic milliseconds; undefined while it has none. */
  turnSince: number | undefined;
  /** The row that was shown last; undefined: it must be made anew. */
  row: TransferRow | undefined;
  /** Payload counts as they were saved last. */
  savedBytes: number;
  /** Seconds of sharing as they were saved last. */
  savedSeconds: number;
}

/** Peers of a transfer are looked for in the DHT, or in our networks: what came of it last, if that is to be shown, and the way to end that. */
export interface PeerSearch {
  report: AnnounceReport | undefined;
  stop: () => void;
}

/** What a transfer does when it is not paused: only what a person asked for is fetched. */
export function activeMode({ gift, shared }: TransferSettings): TransferMode {
  return gift || shared ? "hold" : "download";
}

export interface TransferBookOptions {
  /** Data files that may be open at once; 256 unless said. */
  readonly openFiles?: number;
  readonly store: TransferStore;
  readonly newTransfer: (metainfo: Metainfo, storage: TorrentStorage) => Transfer;
  /** Bytes of each disk that downloads leave free. */
  readonly keptFreeBytes?: number | undefined;
  /** Whether files take all their room before their first piece. */
  readonly allocation?: Allocation | undefined;
  readonly onProblem: (text: string) => void;
  /** Downloads may have to wait, or need not any more. */
  readonly queueChanged: () => void;
}

export interface OpenOptions {
  /** All pieces have just been hashed. */
  readonly justHashed?: boolean;
  /** Data that is gone is fetched again. */
  readonly acceptMissing?: boolean;
  /**
   * What may lie under the torrent's names already. `data`: its own data, which is hashed first; anything else is refused.
   * `nothing`: anything is refused. Undefined: it is known to be the torrent's data.
   */
  readonly expect?: "data" | "nothing";
}

export class TransferBook {
  /** Ended with the book. */
  readonly diskThreads = new DiskThreads();
  readonly #options: TransferBookOptions;
  readonly #entries = new Map<InfoHashHex, Entry>();
  readonly #openFiles: OpenFiles;
  /** Transfers of earlier runs that could not be opened. */
  readonly #missing = new Map<InfoHashHex, { readonly stored: StoredTransfer; readonly why: string }>();
  /** Those of earlier runs are being opened; does not reject. */
  #loading: Promise<unknown> | undefined;
  /** Adds that are under way: two commands for one torrent make one transfer. */
  readonly #adding = new Map<InfoHashHex, Promise<Entry>>();
  /** Removals that are under way: who adds the same torrent again waits for its own. */
  readonly #removing = new Map<InfoHashHex, Promise<void>>();
  /** What is being saved of each transfer, one save behind the other. None of them rejects. */
  readonly #saving = new Map<InfoHashHex, Promise<void>>();
  #closed = false;

  constructor(options: TransferBookOptions) {
    this.#options = options;
    this.#openFiles = new OpenFiles(options.openFiles);
  }

  get entries(): ReadonlyMap<InfoHashHex, Entry> {
    return this.#entries;
  }

  get(infoHash: InfoHashHex): Entry | undefined {
    return this.#entries.get(infoHash);
  }

  /** The torrent that is asked for so in an encrypted handshake. */
  infoHashOf(obfuscated: Uint8Array): InfoHash | undefined {
    for (const { transfer } of this.#entries.values()) {
      if (transfer.obfuscated.every((byte, i) => byte === obfuscated[i])) return transfer.metainfo.infoHash;
    }
    return undefined;
  }

  of(transfer: Transfer): Entry | undefined {
    return this.#entries.get(transfer.infoHash);
  }

  /** Adds a transfer and remembers it; one that is there already is returned as it is. Throws StorageError. */
  async add(metainfo: Metainfo, settings: TransferSettings, options: OpenOptions = {}): Promise<Entry> {
    // It may be one of those.
    if (this.#loading) await this.#loading;
    const infoHash = toHex(metainfo.infoHash);
    const known = this.#entries.get(infoHash) ?? this.#adding.get(infoHash);
    if (known) return known;
    const removing = this.#removing.get(infoHash);
    if (removing) {
      await removing.catch(() => undefined);
      return this.add(metainfo, settings, options);
    }
    const adding = this.#addNew(infoHash, metainfo, settings, options).finally(() => this.#adding.delete(infoHash));
    this.#adding.set(infoHash, adding);
    return adding;
  }

  /** Brings back the transfers of earlier runs; what cannot be opened is told and kept for `openMissing`. */
  load(): Promise<readonly Entry[]> {
    return this.#whileLoading(async () => {
      const { transfers, problems } = await this.#options.store.load();
      for (const problem of problems) this.#options.onProblem(problem);
      return this.#openEarlier(transfers);
    });
  }

  /** Why transfers of earlier runs are not here: one sentence each. */
  get missing(): readonly string[] {
    return Array.from(this.#missing.values(), ({ why }) => why);
  }

  /** Tries those again: the disk that they lie on may be there now. */
  openMissing(): Promise<readonly Entry[]> {
    if (this.#loading || this.#missing.size === 0) return Promise.resolve([]);
    return this.#whileLoading(() => this.#openEarlier(Array.from(this.#missing.values(), ({ stored }) => stored)));
  }

  #whileLoading(load: () => Promise<readonly Entry[]>): Promise<readonly Entry[]> {
    const loading = load();
    this.#loading = loading.catch(() => undefined).finally(() => (this.#loading = undefined));
    return loading;
  }

  async #openEarlier(transfers: readonly StoredTransfer[]): Promise<readonly Entry[]> {
    const opened: Entry[] = [];
    for (const stored of transfers) {
      const { metainfo, settings } = stored;
      const infoHash = toHex(metainfo.infoHash);
      if (this.#adding.has(infoHash)) continue;
      try {
        const entry = await this.#open(metainfo, settings, { acceptMissing: settings.removing });
        if (settings.removing) await this.remove(entry, true);
        // The process ended before it was remembered which files are set aside: nothing lies there yet.
        else if (entry.settings.filesSetAside !== settings.filesSetAside) await this.save(entry);
        this.#missing.delete(infoHash);
        if (!settings.removing) opened.push(entry);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        await this.#letGo(infoHash);
        const { code, path, message } = error;
        const says =
          code === "missing" ? `${path} is not there; bring it back, or add it again into another folder.` : message;
        const why = `${metainfo.name}: ${says}`;
        if (!this.#missing.has(infoHash)) this.#options.onProblem(why);
        this.#missing.set(infoHash, { stored, why });
      }
    }
    return opened;
  }

  /** Begins, goes on, or pauses, and remembers it. Throws StorageError when that cannot be remembered; it is done all the same. */
  async setMode(entry: Entry, mode: TransferMode): Promise<void> {
    if (this.of(entry.transfer) !== entry) return;
    const { shared } = entry.settings;
    // Whoever wants the rest of what he shared gives up that nothing is written there.
    const settings = { paused: mode === "paused", shared: shared && mode !== "download" };
    entry.settings = { ...entry.settings, ...settings, ...(mode !== "paused" && { gift: mode === "hold" && !shared }) };
    entry.row = undefined;
    const [saved] = await Promise.allSettled([this.save(entry)]);
    if (mode === "download") entry.transfer.forgetProblem();
    // It begins with its turn, or waiting for it; and gives its turn up only when it is paused.
    if (mode !== "paused") this.#options.queueChanged();
    await entry.transfer.setMode(mode);
    if (mode === "paused") this.#options.queueChanged();
    if (saved.status === "rejected") throw saved.reason;
  }

  /** Other priorities for some files; the rest stay as they are. Throws StorageError, RangeError for a file that is not there. */
  async setFiles(
    entry: Entry,
    changes: Iterable<{ readonly index: number; readonly priority: FilePriority }>,
  ): Promise<void> {
    const { transfer } = entry;
    await this.#choose(entry, () => ({
      selection: transfer.selection.with(changes),
      sequential: transfer.isSequential,
    }));
  }

  /** Pieces are fetched in their order, or the rarest first. Throws StorageError. */
  async setSequential(entry: Entry, sequential: boolean): Promise<void> {
    await this.#choose(entry, () => ({ selection: entry.transfer.selection, sequential }));
  }

  /**
   * Forgets a transfer; `withData`: removes its files too. What is begun is ended at the next start, and a file that cannot be
   * removed does not bring the transfer back. Throws StorageError.
   */
  async remove(entry: Entry, withData: boolean): Promise<void> {
    const { transfer, announcer, searches, webSeeds } = entry;
    const { infoHash } = transfer;
    this.#entries.delete(infoHash);
    for (const search of searches) search.stop();
    webSeeds?.stop();
    const remove = async () => {
      // What is begun must not write again what is removed here.
      await this.#saving.get(infoHash);
      if (!withData) {
        // What a full disk does not take of its state is forgotten anyway.
        await transfer.close().catch((error: unknown) => this.#tell(entry, error));
        return this.#options.store.remove(infoHash);
      }
      // Nothing of it arrives while that is saved: it must not be done once it was removed.
      await transfer.setMode("paused");
      // A full disk is a reason to remove it, and none against that.
      const settings = { ...entry.settings, removing: true };
      await this.#options.store.save(infoHash, settings).catch((error: unknown) => this.#tell(entry, error));
      const failure = await transfer.removeData().then(
        () => undefined,
        (error: unknown) => error,
      );
      await this.#options.store.remove(infoHash);
      if (failure !== undefined) throw notRemoved(failure);
    };
    const removing = remove().finally(() => this.#removing.delete(infoHash));
    this.#removing.set(infoHash, removing);
    await Promise.all([removing, announcer?.stop()]);
  }

  /** Remembers settings and counts, unless the transfer is removed. Throws StorageError. */
  async save(entry: Entry): Promise<void> {
    const { down, up, infoHash, wastedBytes } = entry.transfer;
    if (this.get(infoHash)?.transfer !== entry.transfer) return;
    entry.savedBytes = down.totalBytes + up.totalBytes;
    entry.savedSeconds = entry.settings.seededSeconds;
    const settings = {
      ...entry.settings,
      downloadedBytes: entry.settings.downloadedBytes + down.totalBytes,
      uploadedBytes: entry.settings.uploadedBytes + up.totalBytes,
      wastedBytes: entry.settings.wastedBytes + wastedBytes,
    };
    const saving = (this.#saving.get(infoHash) ?? Promise.resolve()).then(() =>
      this.#options.store.save(infoHash, settings),
    );
    const over = saving
      .catch(() => undefined)
      .then(() => {
        if (this.#saving.get(infoHash) === over) this.#saving.delete(infoHash);
      });
    this.#saving.set(infoHash, over);
    await saving;
  }

  /** Remembers the counts that have changed. A failure is told once it matters: at the end. */
  async saveChanged(): Promise<void> {
    for (const entry of this.#entries.values()) {
      const { down, up } = entry.transfer;
      const { seedSecondsLimit, seededSeconds } = entry.settings;
      // They end something where there is a limit, and are a write for each of thousands of torrents elsewhere.
      const isTimed = seedSecondsLimit !== null && seededSeconds !== entry.savedSeconds;
      if (down.totalBytes + up.totalBytes === entry.savedBytes && !isTimed) continue;
      await this.save(entry).catch((error: unknown) => this.#tell(entry, error));
    }
  }

  /** Ends all transfers and saves them. */
  async close(): Promise<void> {
    this.#closed = true;
    const ending = Array.from(this.#entries.values(), async (entry) => {
      const stopped = entry.announcer?.stop();
      entry.webSeeds?.stop();
      await entry.transfer.close().catch((error: unknown) => this.#tell(entry, error));
      await this.save(entry).catch((error: unknown) => this.#tell(entry, error));
      await stopped;
    });
    await Promise.all(ending);
    await Promise.allSettled([...this.#adding.values(), ...this.#removing.values()]);
    await this.diskThreads.close();
  }

  /** How many there are, and the memory they keep. */
  figures(): { transfers: number; pieceBytes: number; socketBytes: number } {
    const figures = { transfers: this.#entries.size, pieceBytes: 0, socketBytes: 0 };
    for (const { transfer } of this.#entries.values()) {
      figures.pieceBytes += transfer.pieceBytes;
      figures.socketBytes += transfer.socketBytes;
    }
    return figures;
  }

  async #addNew(
    infoHash: InfoHashHex,
    metainfo: Metainfo,
    settings: TransferSettings,
    options: OpenOptions,
  ): Promise<Entry> {
    // What is away with its disk may be fetched anew elsewhere, but not into the place where that disk belongs.
    const away = this.#missing.get(infoHash)?.stored.settings.folder;
    const elsewhere = away !== undefined && away !== settings.folder;
    const entry = await this.#open(metainfo, settings, { ...options, ...(elsewhere && { acceptMissing: true }) });
    entry.transfer.isHeldBack = options.expect !== undefined;
    try {
      await this.#refuseTwin(entry);
      await this.#options.store.add(metainfo, entry.settings);
      this.#missing.delete(infoHash);
      // It is remembered first: a transfer that is removed while it is checked does not come back.
      if (options.expect) await this.#lookAtWhatLiesThere(entry, options.expect);
      entry.transfer.isHeldBack = false;
    } catch (error) {
      if (this.#entries.get(infoHash) === entry) await this.remove(entry, false);
      throw error;
    }
    return entry;
  }

  /** What was opened in vain is opened again later. */
  async #letGo(infoHash: InfoHashHex): Promise<void> {
    const entry = this.#entries.get(infoHash);
    if (!entry) return;
    this.#entries.delete(infoHash);
    await entry.transfer.close().catch((error: unknown) => this.#tell(entry, error));
  }

  /** Two transfers never write to one place. Throws StorageError. */
  async #refuseTwin({ transfer }: Entry): Promise<void> {
    for (const other of this.#entries.values()) {
      if (other.transfer === transfer || other.transfer.storage.path !== transfer.storage.path) continue;
      throw placeTaken(transfer.storage.path, `is the data of another transfer (${other.transfer.infoHash})`);
    }
  }

  /** Nobody's files are written over: what is not the torrent's data is left alone. Throws StorageError. */
  async #lookAtWhatLiesThere({ transfer }: Entry, expect: "data" | "nothing"): Promise<void> {
    const { storage } = transfer;
    if (!storage.held.isEmpty || (await storage.bytesThere()) === 0) return;
    if (expect === "data") await transfer.checks.run();
    if (storage.held.isEmpty) throw placeTaken(storage.path, "is there already and is something else");
  }

  async #choose(entry: Entry, choice: () => FileChoice): Promise<void> {
    await entry.transfer.setFiles(choice, async ({ selection, sequential }, setAside) => {
      const { sequential: before, filesOff, filesHigh, filesSetAside } = entry.settings;
      entry.settings = {
        ...entry.settings,
        sequential,
        filesOff: toRanges(selection.filesThatAre("off")),
        filesHigh: toRanges(selection.filesThatAre("high")),
        filesSetAside: toRanges(setAside.toSorted((a, b) => a - b)),
      };
      entry.row = undefined;
      try {
        await this.save(entry);
      } catch (error) {
        // What else was set meanwhile stays.
        entry.settings = { ...entry.settings, sequential: before, filesOff, filesHigh, filesSetAside };
        throw error;
      }
    });
  }

  async #open(metainfo: Metainfo, settings: TransferSettings, options: OpenOptions): Promise<Entry> {
    const infoHash = toHex(metainfo.infoHash);
    const layout = new PieceLayout(metainfo);
    const selection = selectionOf(layout, settings);
    const setAside = parseRanges(settings.filesSetAside, layout.files.length) ?? [];
    const storage = await TorrentStorage.open({
      metainfo,
      layout,
      folder: settings.folder,
      leftOut: selection.leftOut,
      setAside,
      allocation: this.#options.allocation,
      ...(this.#options.keptFreeBytes !== undefined && { keptFreeBytes: this.#options.keptFreeBytes }),
      journalFile: this.#options.store.journalFile(infoHash),
      openFiles: this.#openFiles,
      diskThreads: this.diskThreads,
      ...(options.justHashed && { justHashed: true }),
      ...(options.acceptMissing && { acceptMissing: true }),
      onProblem: (error) => {
        const transfer = this.#entries.get(infoHash)?.transfer;
        if (transfer && error.code !== "changed") return transfer.stopFor(error);
        void transfer?.checks.ofSuspects();
        this.#options.onProblem(`${metainfo.name}: ${error.message}`);
      },
    });
    if (this.#closed) {
      await storage.close();
      throw new StorageError("in-use", settings.folder, "The engine is stopping.");
    }
    let filesSetAside = settings.filesSetAside;
    if (selection.leftOut.size > 0) {
      await storage.leaveOut(
        selection.leftOut,
        async (files) => void (filesSetAside = toRanges(files.toSorted((a, b) => a - b))),
      );
    }
    const transfer = this.#options.newTransfer(metainfo, storage);
    transfer.choose({ selection, sequential: settings.sequential });
    transfer.downLimit.bytesPerSecond = settings.downLimit;
    transfer.upLimit.bytesPerSecond = settings.upLimit;
    const entry: Entry = {
      transfer,
      settings: { ...settings, filesSetAside },
      summary: null,
      announcer: undefined,
      searches: [],
      webSeeds: undefined,
      log: new TransferLog(),
      queuePosition: null,
      turnSince: undefined,
      row: undefined,
      savedBytes: 0,
      savedSeconds: settings.seededSeconds,
    };
    this.#entries.set(infoHash, entry);
    return entry;
  }

  #tell(entry: Entry, error: unknown): void {
    if (!(error instanceof StorageError)) throw error;
    this.#options.onProblem(`${entry.transfer.metainfo.name}: ${error.message}`);
  }
}

/** What is remembered of which files are wanted. Settings that make no sense count as none. */
function selectionOf(layout: PieceLayout, { filesOff, filesHigh }: TransferSettings): FileSelection {
  const files = (text: string, priority: FilePriority) =>
    (parseRanges(text, layout.files.length) ?? []).map((index) => ({ index, priority }));
  return new FileSelection(layout).with([...files(filesOff, "off"), ...files(filesHigh, "high")]);
}

function notRemoved(failure: unknown): unknown {
  if (!(failure instanceof StorageError)) return failure;
  const message = `${failure.message} The transfer is removed; what is left of its data must be removed by hand.`;
  return new StorageError(failure.code, failure.path, message, { cause: failure });
}

function placeTaken(path: string, how: string): StorageError {
  return new StorageError("in-use", path, `${path} ${how}: it is left as it is. Choose another folder with --dir.`);
}
