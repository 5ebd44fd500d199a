// sta: the viewer. The engine runs on when it is left, unless it runs inside this command.
import { dieOfHangup, terminalProblem } from "../ui/terminal.ts";
import { EXIT, fail, tell } from "./output.ts";
import { type RunningEngine, useEngine } from "./engine-access.ts";
import type { Options } from "./options.ts";

export async function run(_operands: readonly string[], options: Options): Promise<number> {
  return leave(await open(options));
}

/** Leaves with an exit code, or by the signal that ended the terminal: the one way that is safe on every Node. */
export function leave(exitCode: number): number {
  if (exitCode === EXIT.hungUp) dieOfHangup();
  return exitCode;
}

async function open(options: Options): Promise<number> {
  let engine: RunningEngine | undefined;
  try {
    const problem = terminalProblem(process.stdin, process.stdout, process.env);
    if (problem !== null) return fail(problem);
    // The viewer covers what was told before it came.
    const warnings: string[] = [];
    engine = await useEngine(options, { warn: (text) => warnings.push(text) });
    return await view(engine, options, options.standalone ? "leave (transfers stop)" : undefined, warnings.join(" "));
  } finally {
    await engine?.close();
  }
}

/** Shows the viewer on an engine until it is left, first with a warning if there is one; resolves to the exit code. */
export async function view(
  engine: RunningEngine,
  options: Options,
  quitLabel: string | undefined,
  warning = "",
): Promise<number> {
  const { openViewer } = await import("../ui/open-viewer.tsx");
  const end = await openViewer({
    client: engine,
    stdin: process.stdin,
    stdout: process.stdout,
    lowBandwidth: options.lowBandwidth,
    ...(options.ascii && { ascii: true }),
    ...(options.theme !== undefined && { theme: options.theme }),
    ...(options.fps !== undefined && { framesPerSecond: options.fps }),
    ...(quitLabel !== undefined && { quitLabel }),
    ...(warning !== "" && { warning }),
  });
  switch (end.reason) {
    case "quit":
      return end.signal === "SIGTERM" ? EXIT.terminated : EXIT.done;
    case "stop-engine":
      // An engine that ends with the command anyway, and one of the demo, have nothing more to say.
      if (quitLabel === undefined) tell("The engine stops; transfers are saved.");
      return EXIT.done;
    case "terminal-gone":
      return EXIT.hungUp;
    case "no-terminal":
      return fail(end.error?.message ?? "This is no terminal.");
    case "crash":
      return fail(`The viewer failed: ${end.error?.message ?? "unknown"}. The engine is not touched by it.`);
    default:
      return end.reason satisfies never;
  }
}
