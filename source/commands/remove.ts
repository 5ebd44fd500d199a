// sta remove: forgets transfers; their data stays unless --with-data says otherwise.
import { onEach } from "./on-transfer.ts";
import type { Options } from "./options.ts";

export function run(operands: readonly string[], options: Options): Promise<number> {
  const { withData } = options;
  return onEach(operands, options, ({ infoHash }) => ({ method: "remove", infoHash, withData }));
}
