// Index ranges: sets of files as short text, for half a million files would make megabytes of settings.

/** `0-4,7`: the indexes, which must be rising. */
export function toRanges(indexes: Iterable<number>): string {
  const ranges: [number, number][] = [];
  for (const index of indexes) {
    const last = ranges.at(-1);
    if (last && last[1] + 1 === index) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** What `toRanges` wrote, rising; undefined when it is no such text, or has an index that is not below `limit`. */
export function parseRanges(text: string, limit: number): number[] | undefined {
  const indexes: number[] = [];
  for (const range of text === "" ? [] : text.split(",")) {
    const [, from, to] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range) ?? [];
    const first = Number(from);
    const last = to === undefined ? first : Number(to);
    if (from === undefined || first > last || last >= limit || first <= (indexes.at(-1) ?? -1)) return undefined;
    for (let index = first; index <= last; index++) indexes.push(index);
  }
  return indexes;
}
