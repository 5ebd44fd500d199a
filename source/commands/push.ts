// sta push: gives random pieces of a file to every connected sta peer.
import { type RunningEngine, useEngine } from "./engine-access.ts";
import { sendWhenTrackersAnswer } from "./follow.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print } from "./output.ts";
import { untilSignal } from "./until-signal.ts";

export async function run([target]: readonly string[], options: Options): Promise<number> {
  let engine: RunningEngine | undefined;
  try {
    engine = await useEngine(options);
    const used = engine;
    const { count, keep } = options;
    const reply = await sendWhenTrackersAnswer(used, () => used.send({ method: "push", target: target!, count, keep }));
    if (!reply.ok) return fail(reply.text);
    print(reply.text);
    if (options.standalone) await untilSignal().ended;
    return EXIT.done;
  } finally {
    await engine?.close();
  }
}
