// What the viewer needs of a terminal, and what it does beside drawing on it.

/** Why the viewer cannot be shown, as a sentence that says what to do; null when it can. */
export function terminalProblem(
  stdin: { readonly isTTY?: boolean },
  stdout: { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv,
): string | null {
  if (!stdin.isTTY)
    return "sta cannot read keys, because its input is not a terminal; `sta ls` and `sta get` need none.";
  if (!stdout.isTTY) return "sta cannot draw, because its output is not a terminal; `sta ls --json` is made for pipes.";
  if (environment["TERM"] === "dumb" || environment["TERM"] === undefined || environment["TERM"] === "") {
    return "sta cannot draw on this terminal (TERM is dumb or not set); set TERM, or use `sta ls` and `sta get`.";
  }
  return null;
}

/**
 * Before the screen is ours: DECAWM off, so that a row that the terminal measures wider than we do stays on its line; and the line of
 * the cursor emptied, for what was typed meanwhile was echoed there, and terminals keep the cursor's column when the alternate screen comes.
 */
export const TAKE_SCREEN = "\u001b[?7l\u001b[G\u001b[K";
/** After it. */
export const GIVE_SCREEN_BACK = "\u001b[?7h";

/**
 * Ends this process after its terminal went away, by the signal that says so. Leaving by `process.exit` would restore the
 * terminal's modes, which on one that is gone aborts in native code on some versions of Node.
 */
export function dieOfHangup(): void {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}
