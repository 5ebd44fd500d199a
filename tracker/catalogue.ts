// PURE: what there is, who holds which pieces of it, and so what can be downloaded now.
// Invariant: a torrent is available exactly when it has a holder and each of its pieces is held by a connected peer.
import type { CatalogueEntry } from "../source/protocol/channel/messages.ts";
import { bitfieldBytes, countPieces, fullBitfield, hasPiece, setPiece } from "../source/protocol/channel/bitfield.ts";
import type { InfoHashHex } from "../source/protocol/ids.ts";

/** What stays the same of an entry. */
export type TorrentFacts = Pick<
  CatalogueEntry,
  "infoHash" | "name" | "length" | "pieceLength" | "pieceCount" | "private" | "addedAt"
>;

/** One connected peer, by whatever name its wire gives it: unique in the tracker. */
export type HolderKey = string;

/** What a holder has: a bitfield, owned by the catalogue, or everything. */
export type Holding = Uint8Array | "all";

/** A torrent became available, or stopped being so, or lost its last holder. */
export type CatalogueEvent =
  | { readonly type: "available"; readonly entry: CatalogueEntry }
  | { readonly type: "unavailable"; readonly infoHash: InfoHashHex; readonly name: string };

interface Torrent {
  readonly facts: TorrentFacts;
  readonly holders: Map<HolderKey, Holding>;
  seeds: number;
  /** For each piece, how many holders that are no seeds have it; made when the first of them comes. */
  counts: Uint16Array | undefined;
  /** Pieces whose count is not 0. */
  counted: number;
}

/** All published torrents and their holders. Every change returns the transition it caused, if any. */
export class Catalogue {
  readonly #torrents = new Map<InfoHashHex, Torrent>();
  readonly #byName = new Map<string, Set<InfoHashHex>>();
  readonly #held = new Map<HolderKey, Set<InfoHashHex>>();
  readonly #changed = new Set<InfoHashHex>();
  /** Those without a holder, the longest so first. */
  readonly #unheld = new Set<InfoHashHex>();

  get size(): number {
    return this.#torrents.size;
  }

  has(infoHash: InfoHashHex): boolean {
    return this.#torrents.has(infoHash);
  }

  entry(infoHash: InfoHashHex): CatalogueEntry | undefined {
    const torrent = this.#torrents.get(infoHash);
    return torrent && entryOf(torrent);
  }

  /** Info hashes in the order they were added. */
  infoHashes(): IterableIterator<InfoHashHex> {
    return this.#torrents.keys();
  }

  /** What to forget when something must go: what nobody has held for longest, else what was added first. */
  oldest(): InfoHashHex | undefined {
    for (const infoHash of this.#unheld) return infoHash;
    for (const infoHash of this.#torrents.keys()) return infoHash;
    return undefined;
  }

  /** Info hashes of all torrents of this name: same names with different contents stay apart. */
  named(name: string): readonly InfoHashHex[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** Adds a torrent without holders; false when it is there already. */
  add(facts: TorrentFacts): boolean {
    if (this.#torrents.has(facts.infoHash)) return false;
    this.#torrents.set(facts.infoHash, {
      facts,
      holders: new Map(),
      seeds: 0,
      counts: undefined,
      counted: 0,
    });
    const twins = this.#byName.get(facts.name);
    if (twins) twins.add(facts.infoHash);
    else this.#byName.set(facts.name, new Set([facts.infoHash]));
    this.#unheld.add(facts.infoHash);
    this.#changed.add(facts.infoHash);
    return true;
  }

  /** Forgets a torrent and who holds it. */
  remove(infoHash: InfoHashHex): void {
    const torrent = this.#torrents.get(infoHash);
    if (!torrent) return;
    for (const holder of torrent.holders.keys()) this.#forgetHeld(holder, infoHash);
    this.#torrents.delete(infoHash);
    this.#unheld.delete(infoHash);
    this.#changed.delete(infoHash);
    const twins = this.#byName.get(torrent.facts.name);
    twins?.delete(infoHash);
    if (twins?.size === 0) this.#byName.delete(torrent.facts.name);
  }

  /** What `holder` has of a torrent; undefined when it is no holder. The bitfield is not the caller's to change. */
  holding(infoHash: InfoHashHex, holder: HolderKey): Holding | undefined {
    return this.#torrents.get(infoHash)?.holders.get(holder);
  }

  /** Holders with what they have, those of `piece` only when it is given. */
  *holders(infoHash: InfoHashHex, piece?: number): Generator<readonly [HolderKey, Holding]> {
    for (const holder of this.#torrents.get(infoHash)?.holders ?? []) {
      if (piece === undefined || holder[1] === "all" || hasPiece(holder[1], piece)) yield holder;
    }
  }

  /**
   * `holder` has exactly `holding` of a published torrent; no piece makes it no holder.
   * A bitfield has the torrent's length and no spare bits set, and is copied.
   */
  have(infoHash: InfoHashHex, holder: HolderKey, holding: Holding): CatalogueEvent | undefined {
    return this.#change(infoHash, (torrent) => this.#set(torrent, holder, normalized(torrent, holding)));
  }

  /** `holder` gained and lost pieces, whose indexes are below the torrent's piece count. */
  update(
    infoHash: InfoHashHex,
    holder: HolderKey,
    gained: readonly number[],
    lost: readonly number[],
  ): CatalogueEvent | undefined {
    return this.#change(infoHash, (torrent) => {
      const bits = bitsOf(torrent, torrent.holders.get(holder));
      for (const piece of gained) setPiece(bits, piece, true);
      for (const piece of lost) setPiece(bits, piece, false);
      this.#set(torrent, holder, normalized(torrent, bits));
    });
  }

  /** `holder` has nothing to do with one torrent any longer. */
  leave(infoHash: InfoHashHex, holder: HolderKey): CatalogueEvent | undefined {
    return this.#change(infoHash, (torrent) => this.#set(torrent, holder, undefined));
  }

  /** The report's removeInfo: `holder` is gone, and with it all it held. */
  removeInfo(holder: HolderKey): readonly CatalogueEvent[] {
    return [...(this.#held.get(holder) ?? [])].flatMap((infoHash) => this.leave(infoHash, holder) ?? []);
  }

  /** A transition is not told of by itself: it goes with the counts. */
  gather(infoHash: InfoHashHex): void {
    if (this.#torrents.has(infoHash)) this.#changed.add(infoHash);
  }

  /** Entries whose counts moved since they were last taken or told of in `available`. */
  takeChanged(): readonly CatalogueEntry[] {
    const entries = [...this.#changed].map((infoHash) => entryOf(this.#torrents.get(infoHash)!));
    this.#changed.clear();
    return entries;
  }

  #change(infoHash: InfoHashHex, apply: (torrent: Torrent) => void): CatalogueEvent | undefined {
    const torrent = this.#torrents.get(infoHash);
    if (!torrent) return undefined;
    const before = entryOf(torrent);
    apply(torrent);
    const after = entryOf(torrent);
    if (
      before.holders === after.holders &&
      before.seeds === after.seeds &&
      before.availablePieces === after.availablePieces
    ) {
      return undefined;
    }
    if (!isAvailable(before) && isAvailable(after)) {
      this.#changed.delete(infoHash);
      return { type: "available", entry: after };
    }
    this.#changed.add(infoHash);
    if ((isAvailable(before) && !isAvailable(after)) || after.holders === 0) {
      return { type: "unavailable", infoHash, name: after.name };
    }
    return undefined;
  }

  #set(torrent: Torrent, holder: HolderKey, holding: Holding | undefined): void {
    const before = torrent.holders.get(holder);
    if (before === "all") torrent.seeds--;
    if (holding === "all") torrent.seeds++;
    recount(torrent, before === "all" ? undefined : before, holding === "all" ? undefined : holding);
    const { infoHash } = torrent.facts;
    if (holding) {
      torrent.holders.set(holder, holding);
      this.#unheld.delete(infoHash);
      const held = this.#held.get(holder);
      if (held) held.add(infoHash);
      else this.#held.set(holder, new Set([infoHash]));
    } else if (before) {
      torrent.holders.delete(holder);
      if (torrent.holders.size === 0) this.#unheld.add(infoHash);
      this.#forgetHeld(holder, infoHash);
    }
  }

  #forgetHeld(holder: HolderKey, infoHash: InfoHashHex): void {
    const held = this.#held.get(holder);
    held?.delete(infoHash);
    if (held?.size === 0) this.#held.delete(holder);
  }
}

/** Whether each of its pieces is held by a connected peer. */
export function isAvailable(entry: CatalogueEntry): boolean {
  return entry.holders > 0 && entry.availablePieces === entry.pieceCount;
}

function entryOf({ facts, holders, seeds, counted }: Torrent): CatalogueEntry {
  return { ...facts, availablePieces: seeds > 0 ? facts.pieceCount : counted, holders: holders.size, seeds };
}

/** A holding in its one form: `all` for every piece, undefined for none, else a bitfield of our own. */
function normalized(torrent: Torrent, holding: Holding): Holding | undefined {
  if (holding === "all") return holding;
  const held = countPieces(holding);
  if (held === torrent.facts.pieceCount) return "all";
  return held === 0 ? undefined : holding.slice();
}

function bitsOf({ facts }: Torrent, holding: Holding | undefined): Uint8Array {
  if (holding === "all") return fullBitfield(facts.pieceCount);
  return holding ? holding.slice() : new Uint8Array(bitfieldBytes(facts.pieceCount));
}

/** A holder that is no seed had the pieces of `before` and has those of `after`: only what differs is counted. */
function recount(torrent: Torrent, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
  if (!before && !after) return;
  const counts = (torrent.counts ??= new Uint16Array(torrent.facts.pieceCount));
  for (let byte = 0; byte < bitfieldBytes(counts.length); byte++) {
    const [was, is] = [before?.[byte] ?? 0, after?.[byte] ?? 0];
    for (let piece = byte * 8, moved = was ^ is; moved !== 0; piece++, moved = (moved << 1) & 0xff) {
      if ((moved & 0x80) === 0) continue;
      const gained = hasPiece(after ?? NO_PIECES, piece);
      const held = (counts[piece]! += gained ? 1 : -1);
      if (gained && held === 1) torrent.counted++;
      if (!gained && held === 0) torrent.counted--;
    }
  }
}

const NO_PIECES = new Uint8Array();
