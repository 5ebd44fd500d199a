// What commands do to one transfer of the running engine.
import type { Command, Reply, Snapshot, TransferRow } from "../control/contract.ts";
import { meantText } from "../protocol/meant-text.ts";
import { findEngine, type RunningEngine } from "./engine-access.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";

/** Runs `action` with the running engine and closes it. Throws NoEngineError. */
export async function withEngine(
  options: Options,
  action: (engine: RunningEngine) => Promise<number>,
): Promise<number> {
  const engine = await findEngine(options);
  if (!engine) return fail(`No engine is running: "sta" or "sta daemon" starts one.`);
  try {
    return await action(engine);
  } finally {
    await engine.close();
  }
}

/** The transfer that a person names, or a sentence for him: by info hash, or by a name that only one has. */
export function namedTransfer({ transfers }: Snapshot, operand: string): TransferRow | string {
  const found = transfers.filter(({ infoHash, name }) => operand === name || operand === infoHash);
  if (found.length > 1) {
    const hashes = found.map(({ infoHash }) => infoHash).join(" or ");
    return `${found.length} transfers are named ${operand}: give the info hash, ${hashes}.`;
  }
  const names = transfers.map(({ name }) => name);
  return found[0] ?? `There is no transfer ${operand}.${meantText(operand, names)}`;
}

/** Sends one command for each transfer named, and says what came of it. */
export function onEach(
  operands: readonly string[],
  options: Options,
  commandFor: (row: TransferRow) => Command,
): Promise<number> {
  return withEngine(options, async (engine) => {
    let code: number = EXIT.done;
    for (const operand of operands) {
      const row = namedTransfer(engine.getSnapshot(), operand);
      if (typeof row === "string") code = fail(row);
      else code = tellReply(await engine.send(commandFor(row)), options) || code;
    }
    return code;
  });
}

/** Prints the answer to a command; returns the exit code. */
export function tellReply(reply: Reply, options: Options): number {
  if (!reply.ok) return fail(reply.text);
  if (options.json) printJson(reply);
  else print(reply.text);
  return EXIT.done;
}
