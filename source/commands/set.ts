// sta set: changes how one transfer goes on: its limits, its order, when it ends, which files are wanted; or, without a name, the
// limits of the engine.
import type { Command, FilePriority } from "../control/contract.ts";
import type { RunningEngine } from "./engine-access.ts";
import { namedTransfer, tellReply, withEngine } from "./on-transfer.ts";
import { ownLimits } from "./own-limits.ts";
import type { Options } from "./options.ts";
import { EXIT, fail } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export async function run([operand]: readonly string[], options: Options): Promise<number> {
  requireUse(operand !== undefined, options);
  return withEngine(options, async (engine) => {
    const commands = operand === undefined ? engineCommands(options) : await commandsFor(operand, engine, options);
    if (typeof commands === "string") return fail(commands);
    let code: number = EXIT.done;
    for (const command of commands) code = tellReply(await engine.send(command), options) || code;
    return code;
  });
}

/** Something is to be set, and it is there to be set. Throws UsageError. */
function requireUse(isNamed: boolean, options: Options): void {
  const { activeDownloads, sequential, files, filesFirst } = options;
  if (isNamed && activeDownloads !== undefined) {
    throw new UsageError("sta set NAME does not take --active-downloads: it is of the engine, and set without a name.");
  }
  const ofOne = [sequential, files, filesFirst].some((said) => said !== undefined);
  if (!isNamed && ofOne) {
    throw new UsageError("sta set needs the name of a transfer for --sequential, --files and --files-first.");
  }
  if (!ofOne && activeDownloads === undefined && Object.keys(ownLimits(options)).length === 0) {
    throw new UsageError("sta set needs what to set: --limit-up, --ratio, --seed-time, --sequential, --files, ...");
  }
}

function engineCommands(options: Options): Command[] {
  const { activeDownloads } = options;
  return [{ method: "set-limits", ...ownLimits(options), ...(activeDownloads !== undefined && { activeDownloads }) }];
}

/** What the options say of the transfer that a person names; a sentence for him when that cannot be done. */
async function commandsFor(operand: string, engine: RunningEngine, options: Options): Promise<Command[] | string> {
  const row = namedTransfer(engine.getSnapshot(), operand);
  if (typeof row === "string") return row;
  const { infoHash } = row;
  const { sequential, files, filesFirst } = options;
  const change = { ...ownLimits(options), ...(sequential !== undefined && { sequential }) };
  const commands: Command[] = [];
  if (Object.keys(change).length > 0) commands.push({ method: "set-transfer", infoHash, ...change });
  const wanted = new Map<number, FilePriority>();
  if (files) {
    const reply = await engine.send({ method: "files", infoHash });
    if (!reply.ok) return reply.text;
    for (const { index } of reply.files!) wanted.set(index, files === "all" ? "normal" : "off");
    // Also those that it does not have: the engine says which.
    if (files !== "all") for (const index of files) wanted.set(index, "normal");
  }
  for (const index of filesFirst ?? []) wanted.set(index, "high");
  const changed = Array.from(wanted, ([index, priority]) => ({ index, priority }));
  if (changed.length > 0) commands.push({ method: "set-files", infoHash, files: changed });
  return commands;
}
