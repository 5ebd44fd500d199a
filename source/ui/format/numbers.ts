// Counts, shares and words with their number.

/** `8203` as `8 203`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** `fraction` (0 to 1) as `62 %`; never `100 %` before all is there, never more. */
export function formatShare(fraction: number): string {
  return `${fraction >= 1 ? 100 : Math.max(0, Math.floor(fraction * 100))} %`;
}

/** `1 peer`, `2 peers`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
