// What commands print, and what they exit with.

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 another engine owns this state; 128 and the number of a signal that ended it. */
export const EXIT = { done: 0, failed: 1, usage: 2, inUse: 3, hungUp: 129, interrupted: 130, terminated: 143 } as const;

/** One line to stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One JSON object as a line to stdout. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** One line to stderr, for people who look on. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says on stderr what went wrong; returns the exit code. */
export function fail(text: string, code: number = EXIT.failed): number {
  tell(`sta: ${text}`);
  return code;
}
