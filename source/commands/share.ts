// sta share: files and folders are hashed, published and seeded; a .torrent is seeded from the folder where its data lies.
import { resolve } from "node:path";
import type { Reply } from "../control/contract.ts";
import { type RunningEngine, useEngine } from "./engine-access.ts";
import { findTransfer, trackerProblem, untilSnapshot } from "./follow.ts";
import type { Options } from "./options.ts";
import { ownLimits } from "./own-limits.ts";
import { EXIT, fail, print, printJson, tell } from "./output.ts";
import { untilSignal } from "./until-signal.ts";

export async function run(operands: readonly string[], options: Options): Promise<number> {
  let engine: RunningEngine | undefined;
  try {
    engine = await useEngine(options, { addsTransfer: true });
    const { ended } = untilSignal({ untilStdinEnds: options.untilStdinEnds });
    let code: number = EXIT.done;
    let shared = 0;
    for (const operand of operands) {
      // Hashing may take minutes; nobody should have to ask twice for the end of that, or hear what became of it afterwards.
      const reply = await Promise.race([share(engine, operand, options), ended.then(() => undefined)]);
      if (!reply) {
        const goesOn = options.standalone ? "nothing is shared" : "the engine goes on with it";
        return fail(`Interrupted; ${goesOn}.`, await ended);
      }
      if (!reply.ok) {
        code = fail(reply.text);
        if (reply.code === "engine-gone") return code;
        continue;
      }
      shared++;
      if (options.json) await printShared(engine, operand, reply.infoHash!);
      else print(reply.text);
    }
    if (shared === 0) return code;
    const problem = trackerProblem(engine.getSnapshot());
    if (problem) tell(`sta: ${problem}; it is told as soon as it comes.`);
    if (options.standalone) await ended;
    return code;
  } finally {
    await engine?.close();
  }
}

function share(engine: RunningEngine, operand: string, options: Options): Promise<Reply> {
  return engine.send({
    method: "share",
    path: resolve(operand),
    ...(options.folder !== undefined && { folder: options.folder }),
    ...(options.partial && { partial: true }),
    ...ownLimits(options),
  });
}

async function printShared(engine: RunningEngine, operand: string, infoHash: string): Promise<void> {
  // The answer may be here before the snapshot that shows the transfer.
  const row = await untilSnapshot(
    engine,
    (snapshot) => findTransfer(snapshot, infoHash) ?? (snapshot.engine.state === "gone" ? null : undefined),
  );
  const { port } = engine.getSnapshot().engine;
  printJson({ event: "seeding", infoHash, name: row?.name ?? operand, port });
}
