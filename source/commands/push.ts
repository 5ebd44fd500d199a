// sta push: gives random pieces of a file to every connected sta peer.
import { type RunningEngine, useEngine } from "./engine-access.ts";
import { sendWhenTrackersAnswer } from "./follow.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";
import { untilSignal } from "./until-signal.ts";

export async function run([target]: readonly string[], options: Options): Promise<number> {
  let engine: RunningEngine | undefined;
  try {
    engine = await useEngine(options);
    const used = engine;
    const { count, keep, stop } = options;
    const command = { method: "push", target: target!, count, keep, ...(stop && { stop }) } as const;
    const reply = await sendWhenTrackersAnswer(used, () => used.send(command));
    if (!reply.ok) return fail(reply.text);
    if (options.json) printJson(reply);
    else print(reply.text);
    if (options.standalone && !stop) await untilSignal().ended;
    return EXIT.done;
  } finally {
    await engine?.close();
  }
}
