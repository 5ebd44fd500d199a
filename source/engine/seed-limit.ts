// seedLimit: when a transfer that is whole has given enough.

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
