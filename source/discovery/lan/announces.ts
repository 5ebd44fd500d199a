// Announces: which torrents are told in one's own network, and when: at once, a minute later, and every five minutes.
import { type InfoHash, type InfoHashHex, toHex } from "../../protocol/ids.ts";
import { MAX_LAN_HASHES } from "../../protocol/local-discovery.ts";
import { ANNOUNCE_MS, BURST_DATAGRAMS, BURST_MS, GATHER_MS, LEAST_ANNOUNCE_MS, MAX_APART } from "./limits.ts";

interface Told {
  readonly infoHash: InfoHash;
  dueAt: number;
  /** When somebody may have heard it last; undefined: never. */
  toldAt: number | undefined;
  /** Is it to be told again? Kept for a minute if not, for it may be soon. */
  isWanted: boolean;
}

export class Announces {
  readonly #told = new Map<InfoHashHex, Told>();
  /** Not before then. */
  #burstAt = Number.NEGATIVE_INFINITY;

  /** Tells of it from now on. */
  add(infoHash: InfoHash, now: number): void {
    const hex = toHex(infoHash);
    const toldAt = this.#told.get(hex)?.toldAt;
    this.#told.set(hex, { infoHash, dueAt: soon(now, toldAt), toldAt, isWanted: true });
  }

  remove(infoHash: InfoHashHex): void {
    const told = this.#told.get(infoHash);
    if (told) told.isWanted = false;
  }

  /** Somebody is new: all are told as soon as they may be. */
  hurry(now: number): void {
    for (const told of this.#told.values()) told.dueAt = Math.min(told.dueAt, soon(now, told.toldAt));
  }

  /** Nobody who is there may have heard what was told: all are told again. */
  again(now: number): void {
    for (const told of this.#told.values()) told.toldAt = undefined;
    this.hurry(now);
  }

  /** The torrents of each datagram that goes out now, and counts as told if there is anybody who `mayHear` it. */
  take(now: number, mayHear: boolean): readonly (readonly InfoHash[])[] {
    this.#forget(now);
    if (now < this.#burstAt) return [];
    const due = [...this.#told.values()].filter(({ isWanted, dueAt }) => isWanted && dueAt <= now);
    const size = due.length > MAX_APART ? MAX_LAN_HASHES : 1;
    const burst: InfoHash[][] = [];
    for (let at = 0; at < due.length && burst.length < BURST_DATAGRAMS; at += size) {
      const together = due.slice(at, at + size);
      burst.push(together.map(({ infoHash }) => infoHash));
      for (const told of together) {
        told.dueAt = now + (told.toldAt === undefined ? LEAST_ANNOUNCE_MS : ANNOUNCE_MS);
        if (mayHear) told.toldAt = now;
      }
    }
    if (burst.length > 0) this.#burstAt = now + BURST_MS;
    return burst;
  }

  /** When this one is told next; undefined: it is not. */
  dueAt(infoHash: InfoHashHex): number | undefined {
    const told = this.#told.get(infoHash);
    return told?.isWanted ? told.dueAt : undefined;
  }

  nextTick(): number | undefined {
    let due: number | undefined;
    for (const { dueAt, isWanted } of this.#told.values()) if (isWanted) due = Math.min(due ?? Infinity, dueAt);
    return due === undefined ? undefined : Math.max(due, this.#burstAt);
  }

  #forget(now: number): void {
    for (const [hex, { isWanted, toldAt = -Infinity }] of this.#told) {
      if (!isWanted && now >= toldAt + LEAST_ANNOUNCE_MS) this.#told.delete(hex);
    }
  }
}

function soon(now: number, toldAt = Number.NEGATIVE_INFINITY): number {
  return Math.max(now + GATHER_MS, toldAt + LEAST_ANNOUNCE_MS);
}
