// Replies: what commands answer with, and what they work on.
import type { Doctor, Reply } from "../control/contract.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { displayText } from "../protocol/display-text.ts";
import type { InfoHashHex } from "../protocol/ids.ts";
import type { TrackerAddress } from "./tracker-address.ts";
import { StorageError } from "../storage/errors.ts";
import type { Address } from "../swarm/events.ts";
import type { EngineLimits } from "./engine-options.ts";
import type { MetainfoSearch } from "./metainfo-search.ts";
import type { TokenBucket } from "./token-bucket.ts";
import type { TrackerLinks } from "./tracker-links.ts";
import type { Entry, TransferBook } from "./transfer-book.ts";
import type { Transfer } from "./transfer.ts";

/** What of an engine commands work on. */
export interface CommandedEngine {
  readonly options: {
    readonly version: string;
    readonly folder: string;
    readonly host: string | undefined;
    readonly keptFreeBytes?: number | undefined;
    readonly onStop: () => void;
    readonly rememberTracker?: (address: TrackerAddress, wanted: boolean) => Promise<void>;
    readonly rememberTrackerless?: () => Promise<void>;
    readonly rememberLimits?: (limits: EngineLimits) => Promise<void>;
  };
  /** Aborted when the engine stops. */
  readonly ending: AbortSignal;
  readonly book: TransferBook;
  readonly links: TrackerLinks;
  readonly metainfoSearch: Pick<MetainfoSearch, "find">;
  /** What was looked at last: who did may add it, and means what he saw. */
  readonly inspected: Map<InfoHashHex, Found>;
  readonly downLimit: TokenBucket;
  readonly upLimit: TokenBucket;
  /** Begins the work of a transfer; resolves with a sentence for each tracker that did not take its metainfo. */
  begin(entry: Entry): Promise<readonly string[]>;
  findHolders(transfer: Transfer): Promise<void>;
  /** Asks everybody for its peers, sooner than it is due. */
  reannounce(entry: Entry): void;
  /** A person said that there is no tracker. */
  trackerless: boolean;
  /** Transfers that download at once; 0: no limit. */
  activeDownloads: number;
  /** When a new transfer stops seeding; null: it does not. */
  ratioLimit: number | null;
  seedSecondsLimit: number | null;
  /** Downloads may have to wait, or need not any more. */
  queueChanged(): void;
  doctor(): Doctor;
  /** False when it is known already. */
  addTracker(address: TrackerAddress): boolean;
}

/** A torrent that a person named, and whether its info hash may be told to the DHT and to our networks. */
export interface Found {
  readonly metainfo: Metainfo;
  readonly dht: boolean;
  /** Of our networks, who were met while it was looked for. */
  readonly neighbours?: readonly Address[] | undefined;
}

export type Failure = Extract<Reply, { ok: false }>;

/** A command that cannot be carried out; becomes the reply. */
export class Refusal extends Error {
  readonly code: Failure["code"];

  constructor(code: Failure["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export function success(text: string, infoHash?: string): Extract<Reply, { ok: true }> {
  return { ok: true, text: displayText(text), ...(infoHash !== undefined && { infoHash }) };
}

export function failure(code: Failure["code"], text: string): Failure {
  return { ok: false, code, text: displayText(text) };
}

/** For the next start of the engine. What hinders that is said behind what was done all the same. */
export async function remembered(writing: Promise<void> | undefined): Promise<string> {
  try {
    await writing;
    return "";
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return ` The next start will not know: ${error.message}`;
  }
}
