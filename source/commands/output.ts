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

/** A reader that has gone, as `head` does, is no fault and no end of a command; what cannot be written at all is both. */
export function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE" || error.code === "EIO") return;
  process.exit(fail(`The output cannot be written: ${error.message}.`));
}
