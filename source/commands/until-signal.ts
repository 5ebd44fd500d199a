// Waiting for the user to end a command.

/**
 * Resolves at SIGINT, SIGTERM or SIGHUP, at the end of stdin when `untilStdinEnds`, or when `stop` is called.
 * A second signal ends the process within 100 ms, with the exit code of a signal. Call it once the engine is there: until then
 * a signal should end the command as it ends any other, whatever the start waits for.
 */
export function untilSignal(options: { readonly untilStdinEnds?: boolean } = {}): {
  readonly ended: Promise<void>;
  readonly stop: () => void;
} {
  let stop: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    stop = () => {
      // An input that stays open would keep the process.
      if (options.untilStdinEnds) process.stdin.destroy();
      resolve();
    };
  });
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(130);
      stop();
    });
  }
  if (options.untilStdinEnds) {
    process.stdin.on("end", () => stop());
    process.stdin.on("error", () => stop());
    process.stdin.resume();
    // An open pipe would keep the process alive after it has done all it had to.
    void ended.then(() => process.stdin.destroy());
  }
  return { ended, stop };
}
