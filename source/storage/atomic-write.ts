// atomicWrite: a file is the old one or the new one, whatever happens in between.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces `path` by `bytes`, with exactly `mode` whatever the umask (for the owner only, unless said): writes beside it, syncs, renames, syncs the folder (a rename without
 * the sync left empty files after power cuts). Throws the system's error; the old file is then still there.
 */
export async function atomicWrite(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const handle = await replaceFile(path, bytes, mode);
  await handle.close();
}

/** As `atomicWrite`, but the new file is handed out open for reading and writing. The caller closes it. */
export async function replaceFile(path: string, bytes: Uint8Array, mode = 0o600): Promise<FileHandle> {
  const beside = `${path}.${randomBytes(6).toString("hex")}.new`;
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(beside, flags, mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(bytes);
    await handle.sync();
    await rename(beside, path);
    await syncFolder(dirname(path));
    return handle;
  } catch (error) {
    await handle.close();
    await rm(beside, { force: true });
    throw error;
  }
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
