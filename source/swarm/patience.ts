// Patience: how long a peer may be silent, stall or change its mind. A machine that was suspended holds it against nobody.
import { ProtocolError } from "../protocol/errors.ts";
import {
  FLAPS_MS,
  IDLE_MS,
  KEEP_ALIVE_MS,
  MAX_CHOKE_FLAPS,
  SNUB_MS,
  STALL_MS,
  SUSPENDED_MS,
  TICK_MS,
} from "./limits.ts";

export interface Watched {
  /** When it last said something, and when we did. */
  heardAt: number;
  saidAt: number;
  readonly requests: {
    readonly outstanding: { readonly size: number };
    readonly rejects: number;
    /** When a block last came, or the first request of an empty queue left. */
    progressAt: number;
    readonly snubbed: boolean;
  };
}

/** Why its connection has to end now, in words; undefined while it need not. */
export function endOf(peer: Watched, now: number): string | undefined {
  if (now - peer.heardAt > IDLE_MS) return "it was silent for too long";
  return stalledMs(peer, now) > STALL_MS ? "it was asked for blocks and sent none" : undefined;
}

/** Did it begin to stall, so that its requests are to go to others? */
export function stalls(peer: Watched, now: number): boolean {
  return !peer.requests.snubbed && stalledMs(peer, now) > SNUB_MS;
}

/** Did we say nothing for so long that it may think us gone? */
export function needsKeepAlive(peer: Watched, now: number): boolean {
  return now - peer.saidAt > KEEP_ALIVE_MS;
}

/** The machine slept, so whoever left meanwhile could not tell: something is said to all at the next tick, and a line that is dead answers with a reset. */
export function speakSoon(peers: Iterable<Watched>): void {
  for (const peer of peers) peer.saidAt = Number.NEGATIVE_INFINITY;
}

/** After a suspend every deadline is past at once: of the time since the last tick, what a tick does not take is given back. */
export function forgiveSuspension(peers: Iterable<Watched>, sinceTickMs: number, now: number): void {
  const lostMs = sinceTickMs - TICK_MS;
  if (lostMs < SUSPENDED_MS) return;
  // It may have come only after the time that was lost.
  for (const peer of peers) forgiveUnread(peer, lostMs, now);
}

/** Nothing was read of it for so long, because of us: that is not held against it. */
export function forgiveUnread(peer: Watched, ms: number, now: number): void {
  peer.heardAt = Math.min(now, peer.heardAt + ms);
  peer.requests.progressAt = Math.min(now, peer.requests.progressAt + ms);
}

/** Counts a choke. Throws ProtocolError when there are too many a minute. */
export function countFlap(peer: { flaps: number; flapsSince: number }, now: number): void {
  if (now - peer.flapsSince > FLAPS_MS) {
    peer.flapsSince = now;
    peer.flaps = 0;
  }
  if (++peer.flaps > MAX_CHOKE_FLAPS) throw new ProtocolError("choke-flapping", "it chokes and unchokes without end");
}

/** For how long it has been asked for blocks and moved none. */
function stalledMs({ requests }: Watched, now: number): number {
  return requests.outstanding.size === 0 && requests.rejects === 0 ? 0 : now - requests.progressAt;
}
