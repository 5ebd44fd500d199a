// Choking (BEP 3): the peers that give most are unchoked, and one more by chance; a seed unchokes those that had least.
import type { PeerKey } from "./events.ts";

/** What the choker looks at. */
export interface ChokeCandidate {
  readonly key: PeerKey;
  /** What ranks it: bytes a second it gives us. */
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

/** What a seed's choker looks at. */
export interface TurnCandidate {
  readonly key: PeerKey;
  /** Bytes it had of us; see `chargeTurns`. */
  hadBytes: number;
}

/**
 * Chooses whom a seed unchokes among the interested: the `slots` that had least of it, ties in random order. With `chargeTurns`
 * that goes round: as libtorrent's round robin, in bytes instead of turns.
 */
export function chooseTurns(
  peers: Iterable<TurnCandidate>,
  options: { readonly slots: number; readonly random: () => number },
): ReadonlySet<PeerKey> {
  const waiting = Array.from(peers)
    .map((peer) => ({ peer, tie: options.random() }))
    .toSorted((a, b) => a.peer.hadBytes - b.peer.hadBytes || a.tie - b.tie);
  return new Set(waiting.slice(0, options.slots).map(({ peer }) => peer.key));
}

/**
 * Counts what each peer took in a round, `tookBytes`. Who had a slot is charged the mean of all who had one at least: a slow peer, which
 * always has had least, would otherwise keep its slot for good.
 */
export function chargeTurns(
  peers: Iterable<{ readonly amChoking: boolean; readonly tookBytes: number; hadBytes: number }>,
): void {
  const all = Array.from(peers);
  const unchoked = all.filter(({ amChoking }) => !amChoking);
  const mean = unchoked.reduce((sum, { tookBytes }) => sum + tookBytes, 0) / Math.max(1, unchoked.length);
  for (const peer of all) peer.hadBytes += peer.amChoking ? peer.tookBytes : Math.max(mean, peer.tookBytes);
}
