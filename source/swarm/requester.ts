// Requester: which blocks are asked of whom. Rarest first, pieces finished before new ones are begun, endgame at the end.
import { type BegunPiece, BLOCK_BYTES, type PieceLayout } from "../metainfo/piece-layout.ts";
import type { PeerKey, SwarmCommand } from "./events.ts";
import {
  ENDGAME_ADVANTAGE,
  ENDGAME_ASKERS,
  ENDGAME_MARGIN_MS,
  ENDGAME_REQUESTS,
  MAX_DROPPED,
  MAX_PARTIAL_BYTES,
  MAX_WINDOW,
  MIN_WINDOW,
  NEAR_MS,
  NEAR_WINDOW,
  WINDOW_MS,
} from "./limits.ts";
import type { SwarmPeer } from "./peer.ts";
import { FORMER_PEER, type PartialPiece, type PieceStates } from "./piece-states.ts";
import type { RarestFirst } from "./rarest-first.ts";
import type { Suspicion } from "./suspicion.ts";
import type { Wanted } from "./wanted.ts";

/** Room for block numbers in the name of a block: 256 MiB / 16 KiB. */
const BLOCKS_PER_PIECE = 16_384;

/** As it came: message `piece` (BEP 3). */
export interface Block {
  readonly index: number;
  readonly begin: number;
  readonly data: Uint8Array;
}

interface RequesterOptions {
  readonly layout: PieceLayout;
  readonly states: PieceStates;
  readonly rarest: RarestFirst;
  readonly wanted: Pick<Wanted, "isOn">;
  readonly suspicion: Pick<Suspicion, "size" | "isOnParole" | "mayFetch">;
  readonly peers: ReadonlyMap<PeerKey, SwarmPeer>;
  readonly emit: (command: SwarmCommand) => void;
}

export class Requester {
  readonly #options: RequesterOptions;
  /** Pieces that are begun and that nobody is asked for now. */
  readonly #orphans = new Set<number>();

  constructor(options: RequesterOptions) {
    this.#options = options;
  }

  /** Asks `peer` for as many blocks as its window takes, once half of the window is free: requests leave in batches. */
  fill(peer: SwarmPeer, now: number): void {
    const { outstanding, allowedFast, notBefore } = peer.requests;
    if (!peer.amInterested || (peer.peerChoking && allowedFast.size === 0) || now < notBefore) return;
    if (outstanding.size > largestWindow(peer) / 2) return;
    const window = windowOf(peer, now);
    if (outstanding.size > window / 2) return;
    while (outstanding.size < window) {
      const partial = this.#choosePiece(peer, now);
      if (!partial) break;
      this.#work(peer, partial);
      for (
        let block = partial.nextFree();
        block !== undefined && outstanding.size < window;
        block = partial.nextFree()
      ) {
        this.#ask(peer, partial, block, now);
      }
    }
    if (!peer.peerChoking && outstanding.size < Math.min(window, ENDGAME_REQUESTS)) this.#fillEndgame(peer, now);
  }

  /**
   * A block arrived. Stores it if it is of use and cancels it elsewhere.
   * Returns `unexplained` when the peer was never asked for it.
   */
  receive(peer: SwarmPeer, { index, begin, data }: Block, now: number): "stored" | "useless" | "unexplained" {
    const { requests } = peer;
    const block = begin / BLOCK_BYTES;
    const name = nameOf(index, block);
    const asked = requests.outstanding.delete(name);
    if (!asked && !requests.dropped.delete(name)) return "unexplained";
    if (requests.probe?.name === name) {
      requests.quickestMs = Math.min(requests.quickestMs, now - requests.probe.askedAt);
      requests.probe = undefined;
    }
    requests.rejects = 0;
    if (requests.window < MAX_WINDOW) requests.window++;
    const partial = this.#options.states.downloading.get(index);
    if (!partial || partial.has(block) || (partial.only !== undefined && partial.only !== peer.key)) return "useless";
    const others = partial.receive(block, peer.key);
    this.#options.emit({ type: "store-block", index, begin, data });
    for (const other of others) this.#cancel(other, partial, block);
    if (partial.isComplete) this.#finish(partial);
    return "stored";
  }

  /** `reject` (BEP 6): the peer will not serve it; others may. */
  reject(peer: SwarmPeer, index: number, begin: number): void {
    const block = begin / BLOCK_BYTES;
    const name = nameOf(index, block);
    peer.requests.dropped.delete(name);
    if (!peer.requests.outstanding.delete(name)) return;
    const partial = this.#options.states.downloading.get(index);
    partial?.unask(block, peer.key);
    if (!peer.peerChoking) return void peer.requests.rejects++;
    peer.requests.allowedFast.delete(index);
    // On parole it would wait for an unchoke that may never come.
    if (partial?.only === peer.key) this.#leave(peer, index);
  }

  /**
   * All that `peer` was asked for is free for others: it left, choked us or stalls. `gone`: nothing more can come from it.
   * Who chokes us still sends what it allowed (BEP 6).
   */
  release(peer: SwarmPeer, gone: boolean): void {
    const { outstanding, partials, allowedFast, snubbed } = peer.requests;
    const stays = (index: number) => !gone && !snubbed && peer.peerChoking && allowedFast.has(index);
    for (const name of outstanding) {
      const index = Math.floor(name / BLOCKS_PER_PIECE);
      if (stays(index)) continue;
      outstanding.delete(name);
      this.#options.states.downloading.get(index)?.unask(name % BLOCKS_PER_PIECE, peer.key);
      if (!gone) this.#drop(peer, name);
    }
    for (const index of partials) {
      if (!stays(index)) this.#leave(peer, index);
    }
  }

  /** Piece `index` failed its hash, or could not be stored: it may be begun again, if it is wanted. */
  retry(index: number): void {
    if (this.#options.wanted.isOn(index)) this.#options.rarest.insert(index);
  }

  /** Goes on with pieces of which blocks were kept from an earlier life. */
  resume(begun: readonly BegunPiece[]): void {
    const { states, rarest } = this.#options;
    for (const { index, blocks } of begun) {
      rarest.remove(index);
      const partial = states.begin(index);
      for (const block of blocks) partial.receive(block, FORMER_PEER);
      this.#orphans.add(index);
    }
  }

  /** Pieces that are not wanted any more are not asked for any more; what came of them is thrown away. */
  dropUnwanted(): void {
    for (const partial of this.#options.states.downloading.values()) {
      if (this.#options.wanted.isOn(partial.index) || partial.only === "gift") continue;
      for (let block = 0; block < partial.blockCount; block++) {
        for (const asker of partial.askers(block)) this.#cancel(asker, partial, block);
      }
      for (const key of partial.workers) this.#options.peers.get(key)?.requests.partials.delete(partial.index);
      this.#discard(partial);
    }
  }

  #choosePiece(peer: SwarmPeer, now: number): PartialPiece | undefined {
    const { states } = this.#options;
    for (const index of peer.requests.partials) {
      const own = states.downloading.get(index);
      if (own?.nextFree() !== undefined && mayAsk(peer, index)) return own;
    }
    for (const index of this.#orphans) {
      const orphan = states.downloading.get(index);
      if (!orphan) this.#orphans.delete(index);
      else if (mayWork(peer, orphan)) return orphan;
    }
    const isFull = states.partialBytes >= MAX_PARTIAL_BYTES;
    if (!isFull) {
      const index = this.#choosePieceToBegin(peer, now);
      if (index !== undefined) return this.#begin(index, peer);
    }
    for (const shared of states.downloading.values()) if (mayWork(peer, shared)) return shared;
    const index = isFull ? this.#choosePieceToBegin(peer, now) : undefined;
    return index !== undefined && this.#makeRoom() ? this.#begin(index, peer) : undefined;
  }

  /** Throws away what came least far of the pieces that nobody here has any more: they would keep all others from being begun. */
  #makeRoom(): boolean {
    const { states, rarest } = this.#options;
    let least: PartialPiece | undefined;
    for (const index of this.#orphans) {
      const orphan = states.downloading.get(index);
      if (!orphan || rarest.availability(index) > 0) continue;
      if (!least || orphan.receivedBlocks < least.receivedBlocks) least = orphan;
    }
    if (least) this.#discard(least);
    return least !== undefined;
  }

  /** What it allows while it chokes us; else what it suggests, or what a web server gives in one range with the last one; else the rarest. */
  #choosePieceToBegin(peer: SwarmPeer, now: number): number | undefined {
    const { rarest, suspicion } = this.#options;
    const { allowedFast, suggested, lastBegun, snubbed, barren } = peer.requests;
    if (barren.version === rarest.version && barren.held === peer.pieces.count) return undefined;
    // After a bad hash one peer alone delivers a piece: none that stalls.
    const isFree = (index: number) =>
      !suspicion.isOnParole(index) || (!snubbed && suspicion.mayFetch(index, peer.since, now));
    const isOpen = (index: number) => peer.pieces.get(index) && isFree(index);
    if (peer.peerChoking) return [...allowedFast].find((index) => rarest.has(index) && isOpen(index));
    for (const index of peer.connected.source === "web" ? [lastBegun + 1] : suggested) {
      if (rarest.mayPrefer(index) && isOpen(index)) return index;
    }
    const index = rarest.pick(peer.pieces, suspicion.size > 0 ? isFree : undefined);
    if (index === undefined && suspicion.size === 0) {
      peer.requests.barren = { version: rarest.version, held: peer.pieces.count };
    }
    return index;
  }

  #begin(index: number, { key, requests }: SwarmPeer): PartialPiece {
    this.#options.rarest.remove(index);
    requests.lastBegun = index;
    return this.#options.states.begin(index, this.#options.suspicion.isOnParole(index) ? key : undefined);
  }

  /**
   * Every block that anybody here has is asked for somewhere: those that this peer would bring much earlier than who is asked are asked of it too, the
   * slowest peers' last ones first.
   */
  #fillEndgame(peer: SwarmPeer, now: number): void {
    if (this.#options.rarest.obtainable > 0) return;
    const { outstanding } = peer.requests;
    const isWorth = (theirsMs: number) =>
      theirsMs >= ENDGAME_ADVANTAGE * durationMs(peer, outstanding.size + 1, now) + ENDGAME_MARGIN_MS;
    const slow = Array.from(this.#options.peers.values(), (other) => ({
      other,
      ms: durationMs(other, other.requests.outstanding.size, now),
    }))
      .filter(({ other, ms }) => other !== peer && other.requests.outstanding.size > 0 && isWorth(ms))
      .toSorted((a, b) => b.ms - a.ms);
    for (const { other } of slow) {
      const names = [...other.requests.outstanding].toReversed();
      for (const [place, name] of names.entries()) {
        if (!isWorth(durationMs(other, names.length - place, now))) break;
        if (outstanding.size >= ENDGAME_REQUESTS) return;
        this.#askToo(peer, name, now);
      }
    }
  }

  /** It is asked for nothing more of piece `index`. */
  #leave(peer: SwarmPeer, index: number): void {
    peer.requests.partials.delete(index);
    const partial = this.#options.states.downloading.get(index);
    if (!partial) return;
    partial.workers.delete(peer.key);
    if (partial.only === peer.key) this.#discard(partial);
    else if (partial.workers.size === 0) this.#orphans.add(index);
  }

  /** Asks for a block that somebody else is asked for. */
  #askToo(peer: SwarmPeer, name: number, now: number): void {
    const block = name % BLOCKS_PER_PIECE;
    const partial = this.#options.states.downloading.get(Math.floor(name / BLOCKS_PER_PIECE));
    if (!partial || partial.only !== undefined || !peer.pieces.get(partial.index)) return;
    const askers = partial.askers(block);
    if (askers.length >= ENDGAME_ASKERS || askers.includes(peer.key)) return;
    this.#work(peer, partial);
    this.#ask(peer, partial, block, now);
  }

  #work(peer: SwarmPeer, partial: PartialPiece): void {
    peer.requests.partials.add(partial.index);
    partial.workers.add(peer.key);
    this.#orphans.delete(partial.index);
  }

  #ask(peer: SwarmPeer, partial: PartialPiece, block: number, now: number): void {
    const { index } = partial;
    const { requests } = peer;
    const name = nameOf(index, block);
    if (requests.outstanding.size === 0) {
      requests.probe = undefined;
      if (!requests.snubbed && requests.rejects === 0) requests.progressAt = now;
    }
    requests.probe ??= { name, askedAt: now };
    partial.ask(block, peer.key);
    requests.outstanding.add(name);
    const length = this.#options.layout.blockLengthAt(index, block);
    this.#options.emit({
      type: "send",
      peer: peer.key,
      message: { type: "request", index, begin: block * BLOCK_BYTES, length },
    });
  }

  #cancel(key: PeerKey, partial: PartialPiece, block: number): void {
    const peer = this.#options.peers.get(key);
    if (!peer?.requests.outstanding.delete(nameOf(partial.index, block))) return;
    this.#drop(peer, nameOf(partial.index, block));
    const length = this.#options.layout.blockLengthAt(partial.index, block);
    this.#options.emit({
      type: "send",
      peer: key,
      message: { type: "cancel", index: partial.index, begin: block * BLOCK_BYTES, length },
    });
  }

  /** Not expected any more: remembered for a while. */
  #drop({ requests: { dropped } }: SwarmPeer, name: number): void {
    dropped.add(name);
    if (dropped.size > MAX_DROPPED) dropped.delete(dropped.values().next().value!);
  }

  #finish(partial: PartialPiece): void {
    for (const key of partial.workers) this.#options.peers.get(key)?.requests.partials.delete(partial.index);
    this.#orphans.delete(partial.index);
    this.#options.states.verify(partial.index);
    this.#options.emit({ type: "verify-piece", index: partial.index });
  }

  #discard(partial: PartialPiece): void {
    this.#orphans.delete(partial.index);
    this.#options.states.abandon(partial.index);
    this.retry(partial.index);
    this.#options.emit({ type: "discard-piece", index: partial.index });
  }
}

/** How long a peer takes for so many blocks, by its rate; not less than it has been silent. */
function durationMs({ down, requests }: SwarmPeer, blocks: number, now: number): number {
  const bytesPerSecond = Math.max(down.bytesPerSecond(now), BLOCK_BYTES);
  const silentMs = requests.outstanding.size > 0 ? now - requests.progressAt : 0;
  return Math.max((blocks * BLOCK_BYTES * 1_000) / bytesPerSecond, silentMs);
}

/** Who chokes us answers only for what it allowed. */
function mayAsk(peer: SwarmPeer, index: number): boolean {
  return !peer.peerChoking || peer.requests.allowedFast.has(index);
}

function mayWork(peer: SwarmPeer, partial: PartialPiece): boolean {
  if (partial.only !== undefined && partial.only !== peer.key) return false;
  return mayAsk(peer, partial.index) && peer.pieces.get(partial.index) && partial.nextFree() !== undefined;
}

/** Slow start, within the peer's `reqq` and what is of use. */
function largestWindow({ requests }: SwarmPeer): number {
  if (requests.snubbed) return 1;
  const mostOfUse = requests.quickestMs <= NEAR_MS ? NEAR_WINDOW : MAX_WINDOW;
  return Math.min(requests.window, requests.peerLimit, mostOfUse);
}

/** Blocks that may be outstanding at a peer: slow start, then what 3 s of its rate hold. */
function windowOf(peer: SwarmPeer, now: number): number {
  const bound = largestWindow(peer);
  if (now - peer.requests.unchokedAt < WINDOW_MS) return bound;
  const byRate = Math.ceil((peer.down.bytesPerSecond(now) * WINDOW_MS) / 1_000 / BLOCK_BYTES);
  return Math.min(bound, Math.max(MIN_WINDOW, byRate));
}

function nameOf(index: number, block: number): number {
  return index * BLOCKS_PER_PIECE + block;
}
