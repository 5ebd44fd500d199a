// sta reannounce: asks for more peers of transfers, sooner than it is due.
import { onEach } from "./on-transfer.ts";
import type { Options } from "./options.ts";

export function run(operands: readonly string[], options: Options): Promise<number> {
  return onEach(operands, options, ({ infoHash }) => ({ method: "reannounce", infoHash }));
}
