// freeBytes: what a user may still write to the disk that holds a folder.
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** Bytes free for this user at `path`, or at its nearest parent that exists; undefined when the system does not say. */
export async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      const gone = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
      if (!gone || at === dirname(at)) return undefined;
    }
  }
}
