// sta stop: ends the running engine and waits until it has.
import { findEngine } from "./engine-access.ts";
import { untilSnapshot } from "./follow.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";

/** An engine saves and says goodbye within 5 s. */
const STOP_MS = 10_000;

export async function run(_operands: readonly string[], options: Options): Promise<number> {
  const engine = await findEngine(options);
  if (!engine) {
    if (!options.json) print("No engine is running.");
    return EXIT.done;
  }
  const { pid } = engine.getSnapshot().engine;
  const reply = await engine.send({ method: "stop" });
  if (!reply.ok) return fail(reply.text);
  const gone = await untilSnapshot(
    engine,
    ({ engine: { state } }) => (state === "gone" ? true : undefined),
    AbortSignal.timeout(STOP_MS),
  );
  await engine.close();
  if (!gone) return fail(`The engine (process ${pid}) does not stop.`);
  if (options.json) printJson({ event: "stopped", pid });
  else print("The engine has stopped.");
  return EXIT.done;
}
