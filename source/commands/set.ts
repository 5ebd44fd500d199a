// sta set: changes how one transfer goes on: its limits, its order, when it ends, which files are wanted.
import type { Command, FilePriority } from "../control/contract.ts";
import { namedTransfer, tellReply, withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, fail } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export function run([operand]: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const row = namedTransfer(engine.getSnapshot(), operand!);
    if (typeof row === "string") return fail(row);
    const commands = commandsFor(row.infoHash, row.fileCount, options);
    if (commands.length === 0) {
      throw new UsageError("sta set needs what to set: --limit-up, --ratio, --seed-time, --sequential, --files, ...");
    }
    let code: number = EXIT.done;
    for (const command of commands) code = tellReply(await engine.send(command), options) || code;
    return code;
  });
}

function commandsFor(infoHash: string, fileCount: number, options: Options): Command[] {
  const { limitDown, limitUp, ratio, seedTime, sequential, files, filesFirst } = options;
  const change = {
    ...(limitDown !== undefined && { downBytesPerSecond: limitDown }),
    ...(limitUp !== undefined && { upBytesPerSecond: limitUp }),
    ...(ratio !== undefined && { ratioLimit: ratio }),
    ...(seedTime !== undefined && { seedSecondsLimit: seedTime }),
    ...(sequential !== undefined && { sequential }),
  };
  const commands: Command[] = [];
  if (Object.keys(change).length > 0) commands.push({ method: "set-transfer", infoHash, ...change });
  const wanted = new Map<number, FilePriority>();
  if (files) for (let index = 0; index < fileCount; index++) wanted.set(index, "off");
  // Also those that it does not have: the engine says which.
  for (const index of files ?? []) wanted.set(index, "normal");
  for (const index of filesFirst ?? []) wanted.set(index, "high");
  const changed = Array.from(wanted, ([index, priority]) => ({ index, priority }));
  if (changed.length > 0) commands.push({ method: "set-files", infoHash, files: changed });
  return commands;
}
