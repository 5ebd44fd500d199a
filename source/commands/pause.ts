// sta pause: stops transfers, until they are told to go on.
import { onEach } from "./on-transfer.ts";
import type { Options } from "./options.ts";

export function run(operands: readonly string[], options: Options): Promise<number> {
  return onEach(operands, options, ({ infoHash }) => ({ method: "pause", infoHash }));
}
