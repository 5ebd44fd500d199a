// sta daemon: the engine in the foreground, until a signal or `sta stop`.
import { dirname } from "node:path";
import type { EngineEvent } from "../control/contract.ts";
import { ControlServer } from "../control/server.ts";
import { controlSocketPath } from "../control/socket-path.ts";
import type { Engine } from "../engine/engine.ts";
import { toStorageError } from "../storage/errors.ts";
import { makePrivateFolder } from "../storage/state-folder.ts";
import { startEngine } from "./engine-access.ts";
import { EngineLog, logOf } from "./engine-log.ts";
import { keepLastWords } from "./last-words.ts";
import { NoEngineError } from "./no-engine-error.ts";
import type { Options } from "./options.ts";
import { EXIT, print, printJson, tell } from "./output.ts";
import { untilSignal } from "./until-signal.ts";

export async function run(_operands: readonly string[], options: Options): Promise<number> {
  let stop: () => void = () => undefined;
  // Whoever started us may be gone: what is said to nobody is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  // What happens while the engine starts is said behind the line that says that it has.
  const early: EngineEvent[] = [];
  let hear = (event: EngineEvent): unknown => early.push(event);
  const engine = await startEngine(options, {
    onStop: () => setImmediate(() => stop()),
    onEvent: (event) => hear(event),
  });
  const forgetLastWords = keepLastWords(logOf(options.home));
  const signalled = untilSignal({ untilStdinEnds: options.untilStdinEnds });
  ({ stop } = signalled);
  try {
    const path = controlSocketPath(options.home, options.environment);
    const server = await listen(path, engine);
    if (options.json) printJson({ event: "listening", port: engine.port, pid: process.pid, control: path });
    else
      print(`sta engine ${engine.options.version} takes peers on port ${engine.port}; Ctrl-C or "sta stop" ends it.`);
    const log = new EngineLog(options.home);
    hear = (event) => report(event, log, options);
    for (const event of early) hear(event);
    await signalled.ended;
    const ended = engine.close();
    // "sta stop" waits for its connection to end: another engine can have the state then.
    await Promise.all([ended, server.close(ended)]);
    await log.close();
  } finally {
    await engine.close();
    forgetLastWords();
  }
  return EXIT.done;
}

/** Throws NoEngineError. */
async function listen(path: string, engine: Engine): Promise<ControlServer> {
  try {
    await makePrivateFolder(dirname(path));
    return await ControlServer.listen(path, engine);
  } catch (error) {
    throw new NoEngineError(`The control socket cannot be made: ${toStorageError(error, path).message}`);
  }
}

function report(event: EngineEvent, log: EngineLog, options: Options): void {
  if (options.json) printJson(event);
  if (event.event === "health") log.write(JSON.stringify(event));
  if (event.event !== "problem") return;
  log.write(event.text);
  if (!options.json) tell(event.text);
}
