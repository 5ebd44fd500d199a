// sta check: hashes what lies on disk of a transfer again, and waits for what is found.
import { findTransfer, untilSnapshot } from "./follow.ts";
import { namedTransfer, withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson, tell } from "./output.ts";
import { untilSignal } from "./until-signal.ts";

export function run([operand]: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const before = namedTransfer(engine.getSnapshot(), operand!);
    if (typeof before === "string") return fail(before);
    const { infoHash, name, pieceCount } = before;
    const reply = await engine.send({ method: "check", infoHash });
    if (!reply.ok) return fail(reply.text);
    if (!options.json) tell(reply.text);
    const { ended, over } = untilSignal();
    const found = await untilSnapshot(
      engine,
      (snapshot) => {
        const row = findTransfer(snapshot, infoHash);
        if (!row || snapshot.engine.state === "gone") return "gone";
        return row.state === "checking" ? undefined : row;
      },
      over,
    );
    if (found === "gone") return fail(`The engine or the transfer ${name} has gone.`);
    if (!found) return fail("Interrupted; the engine goes on checking.", await ended);
    const { heldPieces } = found;
    if (options.json) printJson({ event: "checked", infoHash, name, heldPieces, pieceCount });
    else print(`${name}: ${heldPieces} of ${pieceCount} pieces are there and right.`);
    return EXIT.done;
  });
}
