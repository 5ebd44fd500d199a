// What a command that adds a transfer says of that transfer's limits, as the engine is told them.
import type { Options } from "./options.ts";

type Limits = Pick<Options, "limitDown" | "limitUp" | "ratio" | "seedTime">;

/** Members of a command; only those that were said. */
export function ownLimits({ limitDown, limitUp, ratio, seedTime }: Limits): {
  readonly downBytesPerSecond?: number;
  readonly upBytesPerSecond?: number;
  readonly ratioLimit?: number | null;
  readonly seedSecondsLimit?: number | null;
} {
  return {
    ...(limitDown !== undefined && { downBytesPerSecond: limitDown }),
    ...(limitUp !== undefined && { upBytesPerSecond: limitUp }),
    ...(ratio !== undefined && { ratioLimit: ratio }),
    ...(seedTime !== undefined && { seedSecondsLimit: seedTime }),
  };
}

/** The same options for the engine, which these limits do not concern. */
export function withoutLimits(options: Options): Options {
  return { ...options, limitDown: undefined, limitUp: undefined, ratio: undefined, seedTime: undefined };
}
