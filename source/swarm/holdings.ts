// Holdings: what each peer holds, counted once in the order of rarity, and whether that makes us interested in it.
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { PeerKey, SwarmCommand } from "./events.ts";
import type { SwarmPeer } from "./peer.ts";
import type { RarestFirst } from "./rarest-first.ts";
import type { Wanted } from "./wanted.ts";

type Holder = Pick<SwarmPeer, "key" | "pieces" | "wanted" | "amInterested" | "isSeed">;

interface HoldingsOptions {
  readonly wanted: Wanted;
  readonly rarest: RarestFirst;
  readonly peers: ReadonlyMap<PeerKey, Holder>;
  readonly emit: (command: SwarmCommand) => void;
}

export class Holdings {
  readonly #options: HoldingsOptions;
  /** Do we want pieces at all? Who was told otherwise hears of it at the next `updateInterest`. */
  isDownloading = false;

  constructor(options: HoldingsOptions) {
    this.#options = options;
  }

  /** Connected peers that hold `index`. */
  availability(index: number): number {
    return this.#options.rarest.availability(index);
  }

  /** `peer` says that it holds `index`. True when that is news, and a piece we want. */
  gained(peer: Holder, index: number): boolean {
    if (peer.pieces.get(index)) return false;
    this.#options.rarest.increase(index);
    peer.pieces.set(index);
    if (peer.isSeed) this.#countAsSeed(peer);
    if (!this.#options.wanted.wants(index)) return false;
    peer.wanted++;
    this.updateInterest(peer);
    return true;
  }

  /** `peer` says all that it holds, in place of what it said before; `pieces` is kept. Costs what is different. */
  holds(peer: Holder, pieces: Bitfield): void {
    if (peer.isSeed || pieces.isFull) {
      this.forget(peer);
      peer.pieces = pieces;
      this.#count(peer);
    } else {
      const { rarest } = this.#options;
      const common = pieces.countWith(peer.pieces);
      rarest.changeAll(peer.pieces.without(pieces), peer.pieces.count - common, -1);
      rarest.changeAll(pieces.without(peer.pieces), pieces.count - common, 1);
      peer.pieces = pieces;
    }
    this.countWanted(peer);
  }

  /** Counts anew what of its pieces we want: others are wanted now. */
  countWanted(peer: Holder): void {
    const { wanted } = this.#options;
    peer.wanted = peer.isSeed ? wanted.left : 0;
    if (!peer.isSeed) for (const index of peer.pieces.held()) if (wanted.wants(index)) peer.wanted++;
    this.updateInterest(peer);
  }

  /** Takes the pieces of `peer` out of the availability: it left. */
  forget(peer: Holder): void {
    if (peer.isSeed) this.#options.rarest.removeSeed();
    else this.#options.rarest.changeAll(peer.pieces.held(), peer.pieces.count, -1);
  }

  #count(peer: Holder): void {
    if (peer.isSeed) this.#options.rarest.addSeed();
    else this.#options.rarest.changeAll(peer.pieces.held(), peer.pieces.count, 1);
  }

  /** We hold `index` now: it is wanted of nobody. */
  weGained(index: number): void {
    this.#options.wanted.gained(index);
    if (!this.#options.wanted.isOn(index)) return;
    for (const peer of this.#options.peers.values()) {
      if (!peer.pieces.get(index)) continue;
      peer.wanted--;
      this.updateInterest(peer);
    }
  }

  /** Tells `peer` when it has become interesting, or has ceased to be. */
  updateInterest(peer: Holder): void {
    const interested = this.isDownloading && peer.wanted > 0;
    if (interested === peer.amInterested) return;
    peer.amInterested = interested;
    const type = interested ? "interested" : "not-interested";
    this.#options.emit({ type: "send", peer: peer.key, message: { type } });
  }

  /** Its last piece came by `have`: counted piece by piece until now, as a seed from now on. */
  #countAsSeed(peer: Holder): void {
    this.#options.rarest.changeAll(peer.pieces.held(), peer.pieces.count, -1);
    this.#options.rarest.addSeed();
  }
}
