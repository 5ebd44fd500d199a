// Whether other peers can come to us, as far as the trackers and the peers that came know.
import type { Snapshot } from "../control/contract.ts";

/** The port that no peer reaches: a tracker could not dial it, none could, and nobody who is here came through it. Else null. */
export function unreachablePort({ engine, trackers, transfers }: Snapshot): number | null {
  const tried = trackers.filter(({ reachable }) => reachable !== undefined);
  if (tried.length === 0 || tried.some(({ reachable }) => reachable)) return null;
  const hasVisitor = transfers.some(({ peers }) => peers.some(({ via }) => via === "incoming"));
  return hasVisitor ? null : engine.port;
}

/** What to do about it. */
export function reachAdvice(port: number, { forwarding }: Snapshot["engine"]): string {
  const asked = forwarding === null ? "" : ` Asked to do so, ${forwarding}.`;
  return `Peers cannot reach port ${port}: open it in the firewall, or forward it in the router.${asked} Until then we have to dial them.`;
}
