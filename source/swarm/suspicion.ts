// Suspicion: pieces that failed their hash. One peer alone brings such a piece anew; then it is known who sent which bad block before.
import type { BlockDigest, PeerKey } from "./events.ts";
import { MAX_EVIDENCE_BLOCKS, MAX_FETCHES, MAX_PAROLE_PAUSE_MS, PAROLE_PAUSE_MS } from "./limits.ts";
import type { PartialPiece } from "./piece-states.ts";

/** A block of a piece that failed. */
interface Evidence {
  readonly block: number;
  readonly sender: PeerKey;
  readonly digest: string;
}

interface Suspect {
  failures: number;
  failedAt: number;
  /** What several senders brought; empty when the one sender was known at once. */
  evidence: readonly Evidence[];
}

export class Suspicion {
  readonly #suspects = new Map<number, Suspect>();
  #evidenceBlocks = 0;

  /** Pieces under suspicion. */
  get size(): number {
    return this.#suspects.size;
  }

  /** Is it brought by one peer alone? */
  isOnParole(index: number): boolean {
    return this.#suspects.has(index);
  }

  /**
   * May it be fetched at `now` from a peer that is connected since `since`? After three failures it waits, for a peer that came later
   * or for longer and longer: a torrent whose hash is wrong must not cost us all who hold it.
   */
  mayFetch(index: number, since: number, now: number): boolean {
    const suspect = this.#suspects.get(index);
    if (!suspect || suspect.failures < MAX_FETCHES || since > suspect.failedAt) return true;
    const pauseMs = PAROLE_PAUSE_MS * 2 ** (suspect.failures - MAX_FETCHES);
    return now - suspect.failedAt >= Math.min(MAX_PAROLE_PAUSE_MS, pauseMs);
  }

  /** Its hash was wrong. Returns who is to blame: its only sender. Of several, each block is remembered to be compared. */
  failed(
    { index, senders, contributors }: PartialPiece,
    digestOf: BlockDigest | undefined,
    now: number,
  ): PeerKey | undefined {
    const suspect = this.#suspects.get(index) ?? { failures: 0, failedAt: now, evidence: [] };
    suspect.failures++;
    suspect.failedAt = now;
    this.#suspects.set(index, suspect);
    if (contributors.size === 1) return senders[0];
    if (digestOf && suspect.evidence.length === 0) {
      suspect.evidence = senders.map((sender, block) => ({ block, sender, digest: digestOf(block) }));
      this.#evidenceBlocks += suspect.evidence.length;
      this.#forgetOldest();
    }
    return undefined;
  }

  /** Its hash is right now. Returns everybody who sent a block of it that was different. */
  cleared(index: number, digestOf: BlockDigest | undefined): ReadonlySet<PeerKey> {
    const suspect = this.#suspects.get(index);
    const culprits = new Set<PeerKey>();
    if (!suspect) return culprits;
    this.#suspects.delete(index);
    this.#evidenceBlocks -= suspect.evidence.length;
    if (!digestOf) return culprits;
    for (const { block, sender, digest } of suspect.evidence) {
      if (!culprits.has(sender) && digestOf(block) !== digest) culprits.add(sender);
    }
    return culprits;
  }

  #forgetOldest(): void {
    for (const suspect of this.#suspects.values()) {
      if (this.#evidenceBlocks <= MAX_EVIDENCE_BLOCKS) return;
      this.#evidenceBlocks -= suspect.evidence.length;
      suspect.evidence = [];
    }
  }
}
