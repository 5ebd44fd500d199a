// Choking: who has an upload slot now. Decided anew every 10 s (BEP 3); a free slot is given at once.
import { chooseUnchoked } from "./choker.ts";
import type { PeerKey } from "./events.ts";
import { CHOKE_ROUND_MS, OPTIMISTIC_ROUNDS, UPLOAD_SLOTS } from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";

interface ChokingOptions {
  readonly peers: ReadonlyMap<PeerKey, SwarmPeer>;
  readonly random: () => number;
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

  /** A round when one is due. `seeding`: peers are ranked by what they take, not by what they give. */
  tick(seeding: boolean, now: number): void {
    if (now - this.#roundAt < CHOKE_ROUND_MS) return;
    this.#roundAt = now;
    if (this.#rounds++ % OPTIMISTIC_ROUNDS === 0) this.#optimistic = undefined;
    const candidates = Array.from(this.#options.peers.values(), (peer) => ({
      key: peer.key,
      peerInterested: peer.peerInterested,
      bytesPerSecond: (seeding ? peer.up : peer.down).bytesPerSecond(now),
    }));
    const choice = chooseUnchoked(candidates, {
      slots: UPLOAD_SLOTS,
      previous: this.#optimistic,
      random: this.#options.random,
    });
    this.#optimistic = choice.optimistic;
    for (const peer of this.#options.peers.values()) this.#set(peer, !choice.unchoked.has(peer.key));
  }

  /** Slots that are free go to peers that are interested, without waiting for the next round. */
  fillSlots(): void {
    let unchoked = 0;
    for (const peer of this.#options.peers.values()) if (!peer.amChoking) unchoked++;
    for (const peer of this.#options.peers.values()) {
      if (unchoked > UPLOAD_SLOTS) return;
      if (!peer.peerInterested || !peer.amChoking) continue;
      this.#set(peer, false);
      unchoked++;
    }
  }

  #set(peer: SwarmPeer, choking: boolean): void {
    if (peer.amChoking === choking) return;
    peer.amChoking = choking;
    this.#options.changed(peer);
  }
}
