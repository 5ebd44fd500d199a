// The tracker's whole state against one that a child could follow, after any sequence of what can happen to it.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bitfieldBytes, setPiece } from "../../source/protocol/channel/bitfield.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import type { Announcement } from "../../tracker/broadcaster.ts";
import { isAvailable } from "../../tracker/catalogue.ts";
import type { Change } from "../../tracker/changes.ts";
import { TRANSITION_BURST } from "../../tracker/limits.ts";
import { type PeerKey, addressKey, peerKey } from "../../tracker/peer-key.ts";
import { Swarms } from "../../tracker/swarms.ts";
import { peerIdOf } from "./support.ts";

const PIECES = [1, 7, 9];
const hash = (n: number) => n.toString(16).padStart(40, "0") as InfoHashHex;
const peerAt = (n: number) => peerKey(addressKey(`10.0.0.${1 + n}`), 6881);
const facts = (n: number) => ({
  infoHash: hash(n),
  name: `file ${n % 2}`,
  length: PIECES[n]!,
  pieceLength: 1,
  pieceCount: PIECES[n]!,
  private: false,
  addedAt: 0,
});

/** Who has what, as sets of pieces: of connected members, and of announcing peers. */
class NaiveSwarms {
  readonly published = new Set<number>();
  readonly members = new Map<string, { tracker: string; peer: PeerKey; has: Map<number, Set<number>> }>();
  readonly announced = new Map<string, { torrent: number; peer: PeerKey; seed: boolean }>();

  /** A peer that is connected and said what it has does not count as an announcing one. */
  isMember(torrent: number, peer: PeerKey): boolean {
    return [...this.members.values()].some((member) => member.peer === peer && member.has.has(torrent));
  }

  holdings(torrent: number): Set<number>[] {
    const all = Array.from({ length: PIECES[torrent]! }, (_, piece) => piece);
    const seeds = [...this.announced.values()].filter((peer) => peer.torrent === torrent && peer.seed);
    const members = [...this.members.values()].flatMap(({ has }) => has.get(torrent) ?? []);
    return [...members, ...seeds.map(() => new Set(all))].filter((pieces) => pieces.size > 0);
  }

  entry(torrent: number) {
    if (!this.published.has(torrent)) return undefined;
    const held = this.holdings(torrent);
    return {
      holders: held.length,
      seeds: held.filter((pieces) => pieces.size === PIECES[torrent]).length,
      availablePieces: new Set(held.flatMap((pieces) => [...pieces])).size,
    };
  }
}

const torrent = fc.integer({ min: 0, max: PIECES.length - 1 });
const tracker = fc.constantFrom("a", "b");
const member = fc.integer({ min: 0, max: 2 });
const pieces = fc.uniqueArray(fc.integer({ min: 0, max: 8 }));
const step = fc.oneof(
  fc.record({ do: fc.constant("publish" as const), torrent }),
  fc.record({ do: fc.constant("forget" as const), torrent }),
  fc.record({ do: fc.constant("arrive" as const), member, tracker }),
  fc.record({ do: fc.constant("leave" as const), member }),
  fc.record({ do: fc.constant("have" as const), member, torrent, pieces: fc.option(pieces) }),
  fc.record({ do: fc.constant("update" as const), member, torrent, gained: pieces, lost: pieces }),
  fc.record({
    do: fc.constant("announce" as const),
    torrent,
    peer: fc.integer({ min: 2, max: 5 }),
    seed: fc.boolean(),
    tracker,
  }),
  fc.record({ do: fc.constant("stop" as const), torrent, peer: fc.integer({ min: 2, max: 5 }) }),
  fc.record({ do: fc.constant("lose" as const), tracker: fc.constant("b") }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Does it to the naive one, and says it as a change. Members have the addresses 0 to 2, announcing peers 2 to 5. */
function act(action: Step, naive: NaiveSwarms): Change | undefined {
  switch (action.do) {
    case "publish":
      naive.published.add(action.torrent);
      return { type: "published", facts: facts(action.torrent) };
    case "forget":
      if (naive.published.delete(action.torrent)) {
        for (const { has } of naive.members.values()) has.delete(action.torrent);
        for (const [key, peer] of naive.announced) if (peer.torrent === action.torrent) naive.announced.delete(key);
      }
      return { type: "forgotten", infoHash: hash(action.torrent), why: "test" };
    case "arrive": {
      const id = String(action.member);
      const peer = peerAt(action.member);
      if (!naive.members.has(id)) naive.members.set(id, { tracker: action.tracker, peer, has: new Map() });
      return { type: "arrived", member: id, tracker: action.tracker, peerId: peerIdOf(action.member), peer };
    }
    case "leave":
      naive.members.delete(String(action.member));
      return { type: "left", member: String(action.member), why: "test" };
    case "have":
    case "update": {
      const has = naive.members.get(String(action.member))?.has;
      const ids = { member: String(action.member), infoHash: hash(action.torrent) };
      const inside = (list: readonly number[]) => list.filter((piece) => piece < PIECES[action.torrent]!);
      const counts = has && naive.published.has(action.torrent);
      if (counts) naive.announced.delete(`${action.torrent} ${peerAt(action.member)}`);
      if (action.do === "have") {
        const bits = new Uint8Array(bitfieldBytes(PIECES[action.torrent]!));
        for (const piece of inside(action.pieces ?? [])) setPiece(bits, piece, true);
        if (counts && action.pieces) has.set(action.torrent, new Set(inside(action.pieces)));
        else if (counts) has.delete(action.torrent);
        return { type: "have", ...ids, pieces: action.pieces && bits };
      }
      if (counts) {
        const held = has.get(action.torrent) ?? new Set();
        for (const piece of inside(action.gained)) held.add(piece);
        for (const piece of inside(action.lost)) held.delete(piece);
        has.set(action.torrent, held);
      }
      return { type: "update", ...ids, gained: inside(action.gained), lost: inside(action.lost) };
    }
    case "announce": {
      const peer = peerAt(action.peer);
      if (!naive.isMember(action.torrent, peer)) {
        naive.announced.set(`${action.torrent} ${peer}`, { torrent: action.torrent, peer, seed: action.seed });
      }
      const ids = { infoHash: hash(action.torrent), peer, peerId: peerIdOf(action.peer), tracker: action.tracker };
      return { type: "announced", ...ids, seed: action.seed };
    }
    case "stop": {
      const peer = peerAt(action.peer);
      if (!naive.isMember(action.torrent, peer)) naive.announced.delete(`${action.torrent} ${peer}`);
      return { type: "stopped", infoHash: hash(action.torrent), peer, why: "test" };
    }
    case "lose":
      for (const [id, { tracker }] of naive.members) if (tracker === action.tracker) naive.members.delete(id);
      return { type: "tracker-lost", tracker: action.tracker };
    default:
      return action satisfies never;
  }
}

test.for([
  ["told of one by one", false],
  ["gathered, when there were too many before", true],
] as const)("after any sequence the catalogue is right, and so is who follows its transitions, %s", ([, gathered]) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const naive = new NaiveSwarms();
      let told: Announcement[] = [];
      const swarms = new Swarms({ name: "a", now: () => 0, broadcast: (announcement) => told.push(announcement) });
      if (gathered) exhaust(swarms);
      /** What a client that follows the broadcasts believes can be downloaded. */
      const believed = new Set<InfoHashHex>();
      for (const action of steps) {
        told = [];
        const before = PIECES.map((_, n) => naive.entry(n));
        const change = act(action, naive);
        if (change) swarms.apply(change);
        if (gathered) {
          expect(told).toEqual([]);
          swarms.flushChanged();
        }
        for (const announcement of told) follow(announcement, believed);
        for (const [n, pieceCount] of PIECES.entries()) {
          const [was, is] = [before[n], naive.entry(n)];
          const entry = swarms.catalogue.entry(hash(n));
          if (is) expect(entry).toMatchObject(is);
          else expect(entry).toBeUndefined();
          expect(believed.has(hash(n))).toBe(is?.availablePieces === pieceCount);
          const lost = was !== undefined && is?.availablePieces !== pieceCount && was.availablePieces === pieceCount;
          const said = told.some((event) => event.type === "unavailable" && event.infoHash === hash(n));
          if (lost && !gathered) expect(said).toBe(true);
        }
        expect(swarms.members.size).toBe(naive.members.size);
      }
    }),
    { numRuns: 300 },
  );
});

/** So many transitions that none more is told of by itself. */
function exhaust(swarms: Swarms): void {
  const infoHash = hash(99);
  const ids = { infoHash, peer: peerAt(9), peerId: peerIdOf(9), tracker: "a" };
  swarms.apply({ type: "published", facts: { ...facts(0), infoHash } });
  for (let n = 0; n < TRANSITION_BURST; n += 2) {
    swarms.apply({ type: "announced", ...ids, seed: true });
    swarms.apply({ type: "stopped", ...ids, why: "test" });
  }
  swarms.flushChanged();
}

function follow(announcement: Announcement, believed: Set<InfoHashHex>): void {
  const entries =
    announcement.type === "available"
      ? [announcement.entry]
      : announcement.type === "changed"
        ? announcement.entries
        : [];
  for (const entry of entries) {
    if (isAvailable(entry)) believed.add(entry.infoHash);
    else believed.delete(entry.infoHash);
  }
  if (announcement.type === "unavailable") believed.delete(announcement.infoHash);
}
