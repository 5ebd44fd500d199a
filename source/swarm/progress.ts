// Progress: what became of pieces, and what follows: who is told of them, who is to blame, whether all that is wanted is held.
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import type { Announcements } from "./announcements.ts";
import type { BlockDigest, PeerKey } from "./events.ts";
import type { Gifts } from "./gifts.ts";
import type { Holdings } from "./holdings.ts";
import type { SwarmPeer } from "./peer.ts";
import type { PieceStates } from "./piece-states.ts";
import type { RarestFirst } from "./rarest-first.ts";
import type { Receiving } from "./receiving.ts";
import type { Requester } from "./requester.ts";
import type { Suspicion } from "./suspicion.ts";
import type { Wanted } from "./wanted.ts";

interface ProgressOptions {
  readonly layout: PieceLayout;
  readonly states: PieceStates;
  readonly rarest: RarestFirst;
  readonly wanted: Wanted;
  readonly suspicion: Suspicion;
  readonly peers: ReadonlyMap<PeerKey, SwarmPeer>;
  readonly requester: Pick<Requester, "retry" | "dropUnwanted">;
  readonly receiving: Pick<Receiving, "receivedInVain">;
  readonly holdings: Pick<Holdings, "weGained" | "countWanted">;
  readonly announcements: Pick<Announcements, "add">;
  readonly gifts: Pick<Gifts, "pieceSettled">;
  readonly ban: (peer: PeerKey, reason: string, now: number) => void;
  /** All that is wanted is held now, or no longer is. */
  readonly doneChanged: (now: number) => void;
}

export class Progress {
  readonly #options: ProgressOptions;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Piece `index` was hashed and, if it is right, written. */
  verified(index: number, ok: boolean, digestOf: BlockDigest | undefined, now: number): void {
    if (ok) this.#held(index, digestOf, now);
    else this.#spoiled(index, digestOf, now);
  }

  /** It could not be stored: it is missing again, and nobody is to blame. */
  notStored(index: number): void {
    this.#options.states.fail(index);
    this.#missing(index);
  }

  /** Other pieces are wanted, or in another order: see `set-wanted`. */
  want(priorities: Uint8Array, sequential: boolean, now: number): void {
    const { states, rarest, wanted, peers, requester, holdings } = this.#options;
    this.#noticeDone(now, () => {
      wanted.priorities = priorities;
      requester.dropUnwanted();
      rarest.reset(priorities.includes(2) ? (index) => wanted.isFirst(index) : undefined, sequential);
      for (const index of states.held.missing()) if (states.stateOf(index) === "missing") requester.retry(index);
      for (const peer of peers.values()) holdings.countWanted(peer);
    });
  }

  #held(index: number, digestOf: BlockDigest | undefined, now: number): void {
    const { states, suspicion, holdings, announcements, gifts, ban } = this.#options;
    this.#noticeDone(now, () => {
      states.hold(index);
      gifts.pieceSettled(index, true);
      holdings.weGained(index);
      announcements.add(index, now);
      for (const key of suspicion.cleared(index, digestOf))
        ban(key, `a block of piece ${index} from it was wrong`, now);
    });
  }

  #spoiled(index: number, digestOf: BlockDigest | undefined, now: number): void {
    const { layout, states, suspicion, receiving, ban } = this.#options;
    const partial = states.fail(index);
    receiving.receivedInVain(layout.pieceLengthAt(index));
    const culprit = suspicion.failed(partial, digestOf, now);
    this.#missing(index);
    if (culprit !== undefined) ban(culprit, `piece ${index} from it failed its hash`, now);
  }

  #missing(index: number): void {
    this.#options.gifts.pieceSettled(index, false);
    this.#options.requester.retry(index);
  }

  #noticeDone(now: number, change: () => void): void {
    const wasDone = this.#options.wanted.isDone;
    change();
    if (this.#options.wanted.isDone !== wasDone) this.#options.doneChanged(now);
  }
}
