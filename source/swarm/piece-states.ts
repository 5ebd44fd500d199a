// PieceStates: every piece is in exactly one state: missing -> downloading -> verifying -> held, or back to missing.
import type { Bitfield } from "../metainfo/bitfield.ts";
import type { PieceLayout } from "../metainfo/piece-layout.ts";
import type { PeerKey } from "./events.ts";

export type PieceState = "missing" | "downloading" | "verifying" | "held";

const FREE = 0;
const ASKED = 1;
const RECEIVED = 2;

const NOBODY: readonly PeerKey[] = [];

/** Who sent blocks that were kept from an earlier life: not known any more, and nobody that is connected. */
export const FORMER_PEER: PeerKey = 0xffff_ffff;

/** A piece that is downloading or verifying: which of its blocks are there, and who was asked for the others. */
export class PartialPiece {
  readonly index: number;
  readonly blockCount: number;
  /** The one peer that may be asked for it: a piece on parole. `gift`: nobody is, its giver sends it unasked. */
  readonly only: PeerKey | "gift" | undefined;
  /** Peers that are asked for blocks of it now. */
  readonly workers = new Set<PeerKey>();
  readonly #blocks: Uint8Array;
  /** Whose block it is; 0: nobody's yet. */
  readonly #senders: Uint32Array;
  /** Who is asked for each block; 0: nobody. */
  readonly #asked: Uint32Array;
  /** Who else is, where several are. */
  #alsoAsked: Map<number, PeerKey[]> | undefined;
  #received = 0;
  #nextFree = 0;

  constructor(index: number, blockCount: number, only: PartialPiece["only"]) {
    this.index = index;
    this.blockCount = blockCount;
    this.only = only;
    this.#blocks = new Uint8Array(blockCount);
    this.#senders = new Uint32Array(blockCount);
    this.#asked = new Uint32Array(blockCount);
  }

  /** Who sent each block: of a whole piece, one of them is to blame for a bad hash. */
  get senders(): readonly PeerKey[] {
    return [...this.#senders];
  }

  /** Peers whose blocks it is made of. */
  get contributors(): ReadonlySet<PeerKey> {
    const contributors = new Set(this.#senders);
    contributors.delete(0);
    return contributors;
  }

  /** Which blocks are there, rising. */
  get blocksThere(): number[] {
    const there: number[] = [];
    for (let block = 0; block < this.blockCount; block++) if (this.has(block)) there.push(block);
    return there;
  }

  get receivedBlocks(): number {
    return this.#received;
  }

  get isComplete(): boolean {
    return this.#received === this.blockCount;
  }

  /** The first block that is neither there nor asked for; undefined when there is none. */
  nextFree(): number | undefined {
    while (this.#nextFree < this.blockCount && this.#blocks[this.#nextFree] !== FREE) this.#nextFree++;
    return this.#nextFree < this.blockCount ? this.#nextFree : undefined;
  }

  has(block: number): boolean {
    return this.#blocks[block] === RECEIVED;
  }

  /** Who is asked for `block` now. */
  askers(block: number): readonly PeerKey[] {
    const asked = this.#asked[block]!;
    return asked === 0 ? NOBODY : [asked, ...(this.#alsoAsked?.get(block) ?? NOBODY)];
  }

  ask(block: number, peer: PeerKey): void {
    this.#blocks[block] = ASKED;
    if (this.#asked[block] === 0) this.#asked[block] = peer;
    else (this.#alsoAsked ??= new Map()).set(block, [...(this.#alsoAsked.get(block) ?? NOBODY), peer]);
  }

  /** `peer` is not asked for `block` any more; with nobody left, the block is free again. */
  unask(block: number, peer: PeerKey): void {
    const [first = 0, ...others] = this.askers(block).filter((key) => key !== peer);
    this.#asked[block] = first;
    if (others.length > 0) (this.#alsoAsked ??= new Map()).set(block, others);
    else this.#alsoAsked?.delete(block);
    if (first !== 0 || this.#blocks[block] !== ASKED) return;
    this.#blocks[block] = FREE;
    this.#nextFree = Math.min(this.#nextFree, block);
  }

  /** `block` came from `peer`; returns whoever else was asked for it. */
  receive(block: number, peer: PeerKey): readonly PeerKey[] {
    const others = this.#othersAsked(block, peer);
    this.#asked[block] = 0;
    this.#blocks[block] = RECEIVED;
    this.#received++;
    this.#senders[block] = peer;
    return others;
  }

  #othersAsked(block: number, peer: PeerKey): readonly PeerKey[] {
    if (!this.#alsoAsked?.size && (this.#asked[block] === peer || this.#asked[block] === 0)) return NOBODY;
    const others = this.askers(block).filter((key) => key !== peer);
    this.#alsoAsked?.delete(block);
    return others;
  }
}

export class PieceStates {
  readonly held: Bitfield;
  readonly #layout: PieceLayout;
  readonly #downloading = new Map<number, PartialPiece>();
  readonly #verifying = new Map<number, PartialPiece>();
  #partialBytes = 0;

  constructor(layout: PieceLayout, held: Bitfield) {
    this.#layout = layout;
    this.held = held;
  }

  stateOf(index: number): PieceState {
    if (this.held.get(index)) return "held";
    if (this.#verifying.has(index)) return "verifying";
    return this.#downloading.has(index) ? "downloading" : "missing";
  }

  /** Pieces that are downloading, oldest first. */
  get downloading(): ReadonlyMap<number, PartialPiece> {
    return this.#downloading;
  }

  get verifying(): ReadonlyMap<number, PartialPiece> {
    return this.#verifying;
  }

  /** Bytes of all pieces that are downloading or verifying: what their buffers take. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** missing -> downloading. Throws RangeError in any other state. */
  begin(index: number, only?: PartialPiece["only"]): PartialPiece {
    this.#require(index, "missing");
    const partial = new PartialPiece(index, this.#layout.blockCount(index), only);
    this.#downloading.set(index, partial);
    this.#partialBytes += this.#layout.pieceLengthAt(index);
    return partial;
  }

  /** downloading -> verifying. */
  verify(index: number): void {
    this.#require(index, "downloading");
    this.#verifying.set(index, this.#downloading.get(index)!);
    this.#downloading.delete(index);
  }

  /** verifying -> held. Returns what it was made of. */
  hold(index: number): PartialPiece {
    const partial = this.#leaveVerifying(index);
    this.held.set(index);
    return partial;
  }

  /** verifying -> missing. Returns what it was made of. */
  fail(index: number): PartialPiece {
    return this.#leaveVerifying(index);
  }

  /** downloading -> missing. */
  abandon(index: number): void {
    this.#require(index, "downloading");
    this.#downloading.delete(index);
    this.#partialBytes -= this.#layout.pieceLengthAt(index);
  }

  #leaveVerifying(index: number): PartialPiece {
    this.#require(index, "verifying");
    const partial = this.#verifying.get(index)!;
    this.#verifying.delete(index);
    this.#partialBytes -= this.#layout.pieceLengthAt(index);
    return partial;
  }

  #require(index: number, expected: PieceState): void {
    const state = this.stateOf(index);
    if (state !== expected) throw new RangeError(`piece ${index} is ${state}, expected ${expected}`);
  }
}
