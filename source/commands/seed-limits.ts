// What `--ratio` and `--seed-time` say of the transfer that a command has just added: an engine that runs already has not heard them.
import type { Reply } from "../control/contract.ts";
import type { RunningEngine } from "./engine-access.ts";
import type { Options } from "./options.ts";

/** Sets them, if they were said; resolves with what went wrong. */
export async function setSeedLimits(
  engine: RunningEngine,
  infoHash: string,
  { ratio, seedTime }: Pick<Options, "ratio" | "seedTime">,
): Promise<Extract<Reply, { ok: false }> | undefined> {
  if (ratio === undefined && seedTime === undefined) return undefined;
  const reply = await engine.send({
    method: "set-transfer",
    infoHash,
    ...(ratio !== undefined && { ratioLimit: ratio }),
    ...(seedTime !== undefined && { seedSecondsLimit: seedTime }),
  });
  return reply.ok ? undefined : reply;
}
