// makeFolder: a folder and those above it.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes sure that something is at `path`: a folder unless something else was there. Throws the system's error.
 * Not by `recursive`, which tries for ever where the folder above is there and takes none, as in /proc.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const parent = dirname(path);
  if (!existsSync(parent)) await makeFolder(parent, mode);
  await mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
