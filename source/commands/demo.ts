// sta demo: a swarm of real processes on this machine, and the viewer on one of its engines.
import { terminalProblem } from "../ui/terminal.ts";
import { DemoSwarm } from "./demo-swarm.ts";
import { type RunningEngine } from "./engine-access.ts";
import { leave, view } from "./open.ts";
import type { Options } from "./options.ts";
import { fail, tell } from "./output.ts";
import { SIGNALS } from "./until-signal.ts";

export async function run(_operands: readonly string[], options: Options): Promise<number> {
  return leave(await demo(options));
}

async function demo(options: Options): Promise<number> {
  const problem = terminalProblem(process.stdin, process.stdout, process.env);
  if (problem !== null) return fail(problem);
  // Until the viewer has the terminal, a signal ends the demo here.
  let cutShort: number | undefined;
  for (const [signal, code] of SIGNALS) process.on(signal, () => (cutShort = code));
  const swarm = await DemoSwarm.create();
  let engine: RunningEngine | undefined;
  try {
    tell("Starting a tracker and four engines on this machine ...");
    engine = await swarm.start();
    return cutShort ?? (await view(engine, options, "end the demo"));
  } finally {
    await engine?.close();
    await swarm.close();
  }
}
