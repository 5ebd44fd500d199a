// Choking: who has an upload slot now. Decided anew every 10 s (BEP 3); a free slot is given at once.
import { chargeTurns, chooseTurns, chooseUnchoked } from "./choker.ts";
import type { PeerKey } from "./events.ts";
import { CHOKE_ROUND_MS, OPTIMISTIC_ROUNDS, UPLOAD_SLOTS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";

interface ChokingOptions {
  readonly peers: ReadonlyMap<PeerKey, SwarmPeer>;
  readonly random: () => number;
  /** Is it given pieces without asking? Then it needs no slot. */
  readonly isGivenTo: (peer: PeerKey) => boolean;
  /** Tells the peer, after its `amChoking` was changed. */
  readonly changed: (peer: SwarmPeer) => void;
}

export class Choking {
  readonly #options: ChokingOptions;
  #roundAt = 0;
  #rounds = 0;
  #optimistic: PeerKey | undefined;

  constructor(options: ChokingOptions) {
    this.#options = options;
  }

  /** A round when one is due. `seeding`: we ask for nothing, so peers are not ranked by what they give but take turns. */
  tick(seeding: boolean, now: number): void {
    if (now - this.#roundAt < CHOKE_ROUND_MS) return;
    this.#roundAt = now;
    this.#charge();
    const unchoked = new Set(seeding ? this.#takeTurns() : this.#rank(now));
    // Who wants nothing at this moment keeps a slot that nobody else wants: what it asks for next is not lost to a choke on the way.
    for (const { key, amChoking, peerInterested } of this.#options.peers.values()) {
      if (unchoked.size > UPLOAD_SLOTS) break;
      if (!amChoking && !peerInterested) unchoked.add(key);
    }
    for (const peer of this.#options.peers.values()) this.#set(peer, !unchoked.has(peer.key));
  }

  /** Decides anew at the next tick. */
  hurry(): void {
    this.#roundAt = Number.NEGATIVE_INFINITY;
  }

  /** A peer came: it is first in turn, but has nothing to catch up with. */
  peerCame(peer: SwarmPeer): void {
    let least = Number.POSITIVE_INFINITY;
    for (const other of this.#options.peers.values()) if (other !== peer) least = Math.min(least, other.hadBytes);
    peer.hadBytes = Number.isFinite(least) ? least : 0;
  }

  /** It loses its slot until the next round. */
  choke(peer: SwarmPeer): void {
    this.#set(peer, true);
  }

  /** Slots that are free go to peers that are interested, without waiting for the next round. */
  fillSlots(): void {
    let unchoked = 0;
    for (const peer of this.#options.peers.values()) if (!peer.amChoking) unchoked++;
    for (const peer of this.#askers()) {
      if (unchoked > UPLOAD_SLOTS) return;
      if (!peer.amChoking) continue;
      this.#set(peer, false);
      unchoked++;
    }
  }

  /** Those that want a slot. */
  #askers(): SwarmPeer[] {
    const { peers, isGivenTo } = this.#options;
    return [...peers.values()].filter(({ key, peerInterested }) => peerInterested && !isGivenTo(key));
  }

  #takeTurns(): ReadonlySet<PeerKey> {
    this.#optimistic = undefined;
    return chooseTurns(this.#askers(), { slots: UPLOAD_SLOTS + 1, random: this.#options.random });
  }

  #rank(now: number): ReadonlySet<PeerKey> {
    if (this.#rounds++ % OPTIMISTIC_ROUNDS === 0) this.#optimistic = undefined;
    const candidates = this.#askers().map(({ key, down }) => ({
      key,
      // A block just before the round is no reason for a slot: what it gave counts, not what may come.
      bytesPerSecond: down.bytesPerSecond(now, CHOKE_ROUND_MS),
    }));
    const { random } = this.#options;
    const choice = chooseUnchoked(candidates, { slots: UPLOAD_SLOTS, previous: this.#optimistic, random });
    this.#optimistic = choice.optimistic;
    return choice.unchoked;
  }

  #charge(): void {
    chargeTurns(this.#options.peers.values());
    for (const peer of this.#options.peers.values()) peer.turnBegins();
  }

  #set(peer: SwarmPeer, choking: boolean): void {
    if (peer.amChoking === choking) return;
    peer.amChoking = choking;
    this.#options.changed(peer);
  }
}
