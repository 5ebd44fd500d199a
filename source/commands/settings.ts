// What a user said once and means from now on: trackers, limits of the engine, and the download folder.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { EngineLimits } from "../engine/engine-options.ts";
import { type TrackerAddress, parseTrackerAddress, trackerText } from "../engine/tracker-address.ts";
import { atomicWrite } from "../storage/atomic-write.ts";
import { StorageError, toStorageError } from "../storage/errors.ts";
import { makePrivateFolder } from "../storage/state-folder.ts";
import type { Options } from "./options.ts";
import { tell } from "./output.ts";

const count = z.number().int().min(0).default(0);

const schema = z.looseObject({
  trackers: z.array(z.string()).default([]),
  trackerless: z.boolean().optional(),
  folder: z.string().optional(),
  watch: z.string().optional(),
  dht: z.boolean().optional(),
  lan: z.boolean().optional(),
  portMapping: z.boolean().optional(),
  limits: z
    .looseObject({
      downLimit: count,
      upLimit: count,
      activeDownloads: count,
      ratioLimit: z.number().min(0).nullable().default(null),
      seedSecondsLimit: z.number().int().min(0).nullable().default(null),
    })
    .optional(),
});

export interface Settings {
  readonly trackers: readonly TrackerAddress[];
  /** A person said that there is none. */
  readonly trackerless: boolean;
  readonly folder: string;
  /** What is put there is downloaded. */
  readonly watchedFolder: string | undefined;
  /** Peers are looked for in the DHT. */
  readonly dht: boolean;
  /** Peers are looked for in our own networks. */
  readonly lan: boolean;
  /** The router is asked to forward our ports. */
  readonly portMapping: boolean;
  readonly limits: EngineLimits;
}

/**
 * The remembered settings with what the command line says. Its limits, the watched folder and what it uses to find peers are remembered
 * too; its trackers are once they have answered (`rememberTracker`). A damaged file is said and not overwritten. Throws StorageError when they cannot be read or written.
 */
export async function loadSettings(options: Options): Promise<Settings> {
  const file = fileOf(options.home);
  const said = options.trackers.map(trackerText);
  const stored = await read(file).catch((error: unknown) => {
    if (!(error instanceof DamagedError)) throw error;
    tell(`sta: ${error.message}`);
    return undefined;
  });
  const remembered = stored?.limits ?? NO_LIMITS;
  const limits = {
    downLimit: options.limitDown ?? remembered.downLimit,
    upLimit: options.limitUp ?? remembered.upLimit,
    activeDownloads: options.activeDownloads ?? remembered.activeDownloads,
    ratioLimit: options.ratio === undefined ? remembered.ratioLimit : options.ratio,
    seedSecondsLimit: options.seedTime === undefined ? remembered.seedSecondsLimit : options.seedTime,
  };
  // What cannot be read may have forbidden it.
  const uses = (name: Switch) => options[name] ?? (stored ? (stored[name] ?? true) : false);
  const switches = { dht: uses("dht"), lan: uses("lan"), portMapping: uses("portMapping") };
  const watchedFolder = options.watchedFolder === null ? undefined : (options.watchedFolder ?? stored?.watch);
  if (stored) {
    const { watch: _, ...others } = withLimits(stored, limits);
    const changed = Object.entries(switches).filter(([name, on]) => on !== (stored[name as Switch] ?? true));
    const next = { ...others, ...Object.fromEntries(changed) };
    await write(file, stored, { ...next, ...(watchedFolder !== undefined && { watch: watchedFolder }) });
  }
  return {
    trackers: withAll(stored?.trackers ?? [], said)
      .map((text) => parseTrackerAddress(text))
      .filter((address) => address !== undefined),
    trackerless: stored?.trackerless ?? false,
    folder: options.folder ?? stored?.folder ?? options.environment.XDG_DOWNLOAD_DIR ?? join(homedir(), "Downloads"),
    watchedFolder,
    ...switches,
    limits,
  };
}

/** What is on until a person says otherwise. */
type Switch = "dht" | "lan" | "portMapping";

const NO_LIMITS: EngineLimits = {
  downLimit: 0,
  upLimit: 0,
  activeDownloads: 0,
  ratioLimit: null,
  seedSecondsLimit: null,
};

/** Remembers the limits of the engine. Throws StorageError. */
export async function rememberLimits(home: string, limits: EngineLimits): Promise<void> {
  const file = fileOf(home);
  const stored = await read(file);
  await write(file, stored, withLimits(stored, limits));
}

/**
 * Remembers a tracker, or forgets it; null: remembers that there is none. False when there was nothing to do. Throws StorageError.
 */
export async function rememberTracker(home: string, tracker: TrackerAddress | null, wanted: boolean): Promise<boolean> {
  const file = fileOf(home);
  const stored = await read(file);
  if (tracker === null) return write(file, stored, { ...stored, trackerless: true });
  const text = trackerText(tracker);
  const others = stored.trackers.filter((known) => known !== text);
  if (!wanted) return write(file, stored, { ...stored, trackers: others });
  const { trackerless: _, ...rest } = stored;
  return write(file, stored, { ...rest, trackers: withAll(stored.trackers, [text]) });
}

type Stored = z.infer<typeof schema>;

/** What is there is not ours to overwrite. */
class DamagedError extends StorageError {
  constructor(file: string, cause: unknown) {
    super("changed", file, `${file} is damaged and not used: mend or remove it.`, { cause });
  }
}

function fileOf(home: string): string {
  return join(home, "settings.json");
}

/** With these limits among what is stored, unless they are those that hold anyway. */
function withLimits(stored: Stored, limits: EngineLimits): Stored {
  if (stored.limits === undefined && isDeepStrictEqual(limits, NO_LIMITS)) return stored;
  return { ...stored, limits: { ...stored.limits, ...limits } };
}

function withAll(known: readonly string[], said: readonly string[]): string[] {
  return [...new Set([...known, ...said])];
}

async function read(file: string): Promise<Stored> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    // Whether the folder can be had is found out by whoever opens it.
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return { trackers: [] };
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw new DamagedError(file, error);
    throw toStorageError(error, file);
  }
}

/** False when nothing has changed, and nothing was written. */
async function write(file: string, stored: Stored, next: Stored): Promise<boolean> {
  if (isDeepStrictEqual(next, stored)) return false;
  await makePrivateFolder(dirname(file));
  await atomicWrite(file, Buffer.from(`${JSON.stringify(next, undefined, 2)}\n`)).catch((error: unknown) => {
    throw toStorageError(error, file);
  });
  return true;
}
