// What a user said once and means from now on: trackers and the download folder.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { addressText } from "../engine/address-text.ts";
import { parseAddress } from "../engine/parse-address.ts";
import { atomicWrite } from "../storage/atomic-write.ts";
import { StorageError, toStorageError } from "../storage/errors.ts";
import { makePrivateFolder } from "../storage/state-folder.ts";
import type { Address } from "../swarm/events.ts";
import type { Options } from "./options.ts";
import { tell } from "./output.ts";

const schema = z.looseObject({
  trackers: z.array(z.string()).default([]),
  trackerless: z.boolean().optional(),
  folder: z.string().optional(),
});

export interface Settings {
  readonly trackers: readonly Address[];
  /** A person said that there is none. */
  readonly trackerless: boolean;
  readonly folder: string;
}

/**
 * The remembered settings with what the command line adds to them, which is remembered too. A damaged file is said and
 * not overwritten. Throws StorageError when they cannot be read or written.
 */
export async function loadSettings(options: Options): Promise<Settings> {
  const file = fileOf(options.home);
  const said = options.trackers.map(addressText);
  const stored = await read(file).catch((error: unknown) => {
    if (!(error instanceof DamagedError)) throw error;
    tell(`sta: ${error.message}`);
    return undefined;
  });
  if (stored) await write(file, stored, withAll(stored.trackers, said));
  return {
    trackers: withAll(stored?.trackers ?? [], said)
      .map((text) => parseAddress(text))
      .filter((address) => address !== undefined),
    trackerless: stored?.trackerless ?? false,
    folder: options.folder ?? stored?.folder ?? options.environment.XDG_DOWNLOAD_DIR ?? join(homedir(), "Downloads"),
  };
}

/**
 * Remembers a tracker, or forgets it; null: remembers that there is none. False when there was nothing to do. Throws StorageError.
 */
export async function rememberTracker(home: string, tracker: Address | null, wanted: boolean): Promise<boolean> {
  const file = fileOf(home);
  const stored = await read(file);
  if (tracker === null) return write(file, { ...stored, trackerless: true }, stored.trackers, true);
  const text = addressText(tracker);
  return write(
    file,
    stored,
    wanted ? withAll(stored.trackers, [text]) : stored.trackers.filter((known) => known !== text),
  );
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

function withAll(known: readonly string[], said: readonly string[]): readonly string[] {
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
async function write(file: string, stored: Stored, trackers: readonly string[], changed = false): Promise<boolean> {
  if (trackers.length === stored.trackers.length && !changed) return false;
  await makePrivateFolder(dirname(file));
  await atomicWrite(
    file,
    Buffer.from(
      `${JSON.stringify({ ...stored, trackers, ...(trackers.length > 0 && { trackerless: undefined }) }, undefined, 2)}\n`,
    ),
  ).catch((error: unknown) => {
    throw toStorageError(error, file);
  });
  return true;
}
