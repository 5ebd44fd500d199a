// How long a swarm channel waits, and for what.

/** Milliseconds. Tests shorten them. */
export interface ChannelTiming {
  /** Longest wait before the first and before any later try; half of it at least, by jitter. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly refusedRetryMs: number;
  /** Connection and welcome together. */
  readonly connectMs: number;
  readonly requestMs: number;
  /** Without a byte or ping for this long the tracker is gone. */
  readonly silentMs: number;
  /** Updates, and `catalogue-changed`, at most once in this time. */
  readonly gatherMs: number;
}

/** 8 s at most between tries, so that the catalogue is right within 10 s of a tracker's return. */
export const CHANNEL_TIMING: ChannelTiming = {
  firstRetryMs: 1_000,
  maxRetryMs: 8_000,
  refusedRetryMs: 60_000,
  connectMs: 10_000,
  requestMs: 30_000,
  silentMs: 90_000,
  gatherMs: 250,
};

/** How long to wait after the `failures`-th failure in a row (from 0). `random`: 0 <= x < 1, spreads the peers of a tracker that returns. */
export function retryDelayMs(timing: ChannelTiming, failures: number, refused: boolean, random: number): number {
  const longest = refused ? timing.refusedRetryMs : Math.min(timing.maxRetryMs, timing.firstRetryMs * 2 ** failures);
  return longest * (0.5 + random / 2);
}
