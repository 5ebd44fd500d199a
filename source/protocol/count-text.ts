// countText: a number of things as people say it.

/** `1 peer`, `2 peers`, `0 peers`. */
export function countText(count: number, singular: string): string {
  return `${count} ${singular}${count === 1 ? "" : "s"}`;
}
