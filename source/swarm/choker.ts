// Choking (BEP 3): the peers that give most are unchoked, and one more by chance.
import type { PeerKey } from "./events.ts";

/** What the choker looks at. */
export interface ChokeCandidate {
  readonly key: PeerKey;
  readonly peerInterested: boolean;
  /** What ranks it: bytes a second it gives us, or takes from us while we seed. */
  readonly bytesPerSecond: number;
}

export interface ChokeChoice {
  readonly unchoked: ReadonlySet<PeerKey>;
  /** The one of `unchoked` that is there by chance; undefined when everybody interested has a slot. */
  readonly optimistic: PeerKey | undefined;
}

/**
 * Chooses whom to unchoke among the interested: the `slots` fastest and one other at random.
 * `previous` keeps the optimistic slot unless it has been earned or lost. Ties are in random order.
 */
export function chooseUnchoked(
  peers: Iterable<ChokeCandidate>,
  options: { readonly slots: number; readonly previous: PeerKey | undefined; readonly random: () => number },
): ChokeChoice {
  const ranked = Array.from(peers)
    .filter((peer) => peer.peerInterested)
    .map((peer) => ({ peer, tie: options.random() }))
    .toSorted((a, b) => b.peer.bytesPerSecond - a.peer.bytesPerSecond || a.tie - b.tie)
    .map(({ peer }) => peer.key);
  const unchoked = new Set(ranked.slice(0, options.slots));
  const rest = ranked.slice(options.slots);
  const kept = rest.find((key) => key === options.previous);
  const optimistic = kept ?? rest[Math.floor(options.random() * rest.length)];
  if (optimistic !== undefined) unchoked.add(optimistic);
  return { unchoked, optimistic };
}
