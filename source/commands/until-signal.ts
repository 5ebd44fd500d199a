// Waiting for the user to end a command.
import { EXIT } from "./output.ts";

/** What a command exits with that a signal has cut short. */
export const SIGNALS = [
  ["SIGINT", EXIT.interrupted],
  ["SIGTERM", EXIT.terminated],
  ["SIGHUP", EXIT.hungUp],
] as const;

export interface UntilSignal {
  /** Resolves to what the command exits with, if it is cut short by this: of a signal its code, else that of SIGINT. */
  readonly ended: Promise<number>;
  /** Aborted at the same time. */
  readonly over: AbortSignal;
  readonly stop: () => void;
}

/**
 * It is over at SIGINT, SIGTERM or SIGHUP, at the end of stdin when `untilStdinEnds`, or when `stop` is called.
 * A second signal ends the process within 100 ms, with the exit code of a signal. Call it once the engine is there: until then
 * a signal should end the command as it ends any other, whatever the start waits for.
 */
export function untilSignal({ untilStdinEnds = false }: { readonly untilStdinEnds?: boolean } = {}): UntilSignal {
  const controller = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  const end = (code: number) => {
    // An input that stays open would keep the process.
    if (untilStdinEnds) process.stdin.destroy();
    controller.abort();
    resolve(code);
  };
  const stop = () => end(EXIT.interrupted);
  let signals = 0;
  for (const [signal, code] of SIGNALS) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(code);
      end(code);
    });
  }
  if (untilStdinEnds) {
    process.stdin.on("end", stop);
    process.stdin.on("error", stop);
    process.stdin.resume();
  }
  return { ended, over: controller.signal, stop };
}
