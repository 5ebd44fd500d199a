// seedLimit: when a transfer that is whole has given enough.
import type { Entry } from "./transfer-book.ts";

/** What of a transfer decides whether it has given enough. */
export interface Giver {
  readonly ratio: number;
  /** For how long it was whole and shared. */
  readonly seededSeconds: number;
  /** null: no limit. */
  readonly ratioLimit: number | null;
  readonly seedSecondsLimit: number | null;
}

/** Why it gives no more, in words; undefined while it does. */
export function seedLimitReached(giver: Giver): string | undefined {
  const { ratio, seededSeconds, ratioLimit, seedSecondsLimit } = giver;
  if (ratioLimit !== null && ratio >= ratioLimit) return `it reached its ratio of ${ratioLimit}`;
  if (seedSecondsLimit !== null && seededSeconds >= seedSecondsLimit) {
    return `it was shared for its ${seedSecondsLimit} s`;
  }
  return undefined;
}

/** The same of a transfer; undefined also while something is missing. */
export function seedLimitOf({ transfer, settings }: Entry): string | undefined {
  if (!transfer.isDone) return undefined;
  const uploaded = settings.uploadedBytes + transfer.up.totalBytes;
  const ratio = transfer.metainfo.length === 0 ? 0 : uploaded / transfer.metainfo.length;
  return seedLimitReached({ ...settings, ratio });
}
