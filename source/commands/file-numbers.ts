// Numbers of files as people write them: `0,3-5`.
import { UsageError } from "./usage-error.ts";

/** More files than a torrent may have are no range that somebody means. */
const MAX_FILES = 500_000;

/** The numbers of `0,3-5`, from 0. Throws UsageError that names `what`. */
export function parseFileNumbers(text: string, what: string): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^\s*([0-9]{1,6})(?:-([0-9]{1,6}))?\s*$/.exec(part);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (!(first <= last && last < MAX_FILES)) {
      throw new UsageError(`Wrong format: ${what} takes numbers of files such as 0,3-5, not "${text}".`);
    }
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}
