// What a user said once and means from now on: trackers and the download folder.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { addressText } from "../engine/rows.ts";
import { parseAddress } from "../engine/parse-address.ts";
import { atomicWrite } from "../storage/atomic-write.ts";
import { toStorageError } from "../storage/errors.ts";
import { makePrivateFolder } from "../storage/state-folder.ts";
import type { Address } from "../swarm/events.ts";
import type { Options } from "./options.ts";
import { tell } from "./output.ts";

const schema = z.looseObject({ trackers: z.array(z.string()).default([]), folder: z.string().optional() });

export interface Settings {
  readonly trackers: readonly Address[];
  readonly folder: string;
}

/**
 * The remembered settings with what the command line adds to them, which is remembered too. A damaged file is said and
 * not overwritten. Throws StorageError when they cannot be read or written.
 */
export async function loadSettings(options: Options): Promise<Settings> {
  const file = join(options.home, "settings.json");
  const stored = await read(file);
  const said = options.trackers.map(addressText);
  const trackers = [...new Set([...(stored?.trackers ?? []), ...said])];
  if (stored && trackers.length > stored.trackers.length) {
    await makePrivateFolder(options.home);
    await atomicWrite(file, Buffer.from(`${JSON.stringify({ ...stored, trackers }, undefined, 2)}\n`)).catch(
      (error: unknown) => {
        throw toStorageError(error, file);
      },
    );
  }
  return {
    trackers: trackers.map((text) => parseAddress(text)).filter((address) => address !== undefined),
    folder: options.folder ?? stored?.folder ?? options.environment.XDG_DOWNLOAD_DIR ?? join(homedir(), "Downloads"),
  };
}

async function read(file: string): Promise<z.infer<typeof schema> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    // Whether the folder can be had is found out by whoever opens it.
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return { trackers: [] };
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw toStorageError(error, file);
    tell(`sta: ${file} is damaged and not used: mend or remove it.`);
    return undefined;
  }
}
