// sta events: what happens in the engine, line by line, until Ctrl-C or until the engine ends.
import type { EngineEvent } from "../control/contract.ts";
import { bytesText } from "../protocol/bytes-text.ts";
import { untilSnapshot } from "./follow.ts";
import { withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, print, printJson } from "./output.ts";
import { untilSignal } from "./until-signal.ts";

export function run(_operands: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const { over } = untilSignal();
    const stop = engine.onEvent((event) => {
      if (options.json) printJson(event);
      else print(`${new Date().toTimeString().slice(0, 8)} ${lineOf(event)}`);
    });
    await untilSnapshot(engine, (now) => (now.engine.state === "gone" ? true : undefined), over);
    stop();
    return EXIT.done;
  });
}

function lineOf(event: EngineEvent): string {
  switch (event.event) {
    case "seeding":
      return `${event.name} is shared on port ${event.port}`;
    case "done":
      return `${event.name}: ${bytesText(event.bytes)} in ${event.seconds.toFixed(1)} s`;
    case "progress":
      return `${event.name}: ${bytesText(event.heldBytes)} of ${bytesText(event.bytes)}`;
    case "problem":
    case "broadcast":
      return event.text;
    case "health":
      return `loop delay ${event.loopDelayMs.p99} ms, ${bytesText(event.rssBytes)} resident, ${event.descriptors.open} descriptors`;
    default:
      return event satisfies never;
  }
}
