// makeFolder: a folder and those above it.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./atomic-write.ts";

/**
 * Makes sure that something is at `path`: a folder unless something else was there; a new one survives a loss of power. Throws the system's error.
 * Not by `recursive`, which tries for ever where the folder above is there and takes none, as in /proc.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const parent = dirname(path);
  if (!existsSync(parent)) await makeFolder(parent, mode);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    throw error;
  }
  await syncFolder(parent);
}
