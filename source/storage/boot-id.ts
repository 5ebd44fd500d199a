// bootId: tells whether the page cache of a former process can still be there.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

/**
 * 32 hex digits, the same until the machine starts anew. Where the system has none (it is Linux's), a random one: then every
 * start counts as one after a power loss, which costs a look at the unsynced pieces and nothing else.
 */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim().replaceAll("-", "");
  } catch (error) {
    if (error instanceof Error && "code" in error) return randomBytes(16).toString("hex");
    throw error;
  }
}
