// Descriptors: how many files and sockets an engine may have open, out of what the system allows its process. Node's servers are
// silent when there is none left, so nobody is let in for whom there is none.
import { readdirSync, readFileSync } from "node:fs";
import { MAX_OPEN_FILES } from "../storage/open-files.ts";
import { MAX_CONNECTIONS, RESERVED_DESCRIPTORS } from "./limits.ts";

export interface DescriptorBudget {
  /** Data files that may be open at once. */
  readonly files: number;
  /** Peers that may be connected at once. */
  readonly peers: number;
}

/** Parts `limit` descriptors; null is no limit that is known. The more there are, the larger the part of the peers. */
export function descriptorBudget(limit: number | null): DescriptorBudget {
  if (limit === null) return { files: MAX_OPEN_FILES, peers: MAX_CONNECTIONS };
  const files = clamp(Math.floor(limit / 8), 4, MAX_OPEN_FILES);
  // As many files again may be in use while others wait to be closed.
  const peers = clamp(limit - RESERVED_DESCRIPTORS - 2 * files, 4, MAX_CONNECTIONS);
  return { files, peers };
}

/** What the system allows this process; null where it does not say. */
export function descriptorLimit(): number | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}

/** Descriptors that this process has open; -1 where the system does not say. */
export function openDescriptors(): number {
  try {
    // The listing is one itself.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return -1;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
