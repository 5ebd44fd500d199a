import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bitfieldBytes, setPiece } from "../../source/protocol/channel/bitfield.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { Catalogue, type CatalogueEvent, type TorrentFacts } from "../../tracker/catalogue.ts";

const hash = (n: number) => n.toString(16).padStart(40, "0") as InfoHashHex;
const facts = (n: number, pieceCount: number): TorrentFacts => ({
  infoHash: hash(n),
  name: `file ${n % 2}`,
  length: pieceCount,
  pieceLength: 1,
  pieceCount,
  private: false,
  addedAt: 0,
});
const bits = (pieceCount: number, pieces: Iterable<number>) => {
  const bitfield = new Uint8Array(bitfieldBytes(pieceCount));
  for (const piece of pieces) setPiece(bitfield, piece, true);
  return bitfield;
};

function with4Pieces(): Catalogue {
  const catalogue = new Catalogue();
  catalogue.add(facts(1, 4));
  catalogue.takeChanged();
  return catalogue;
}

test("two halves make a file available, and one of them going takes it away", () => {
  const catalogue = with4Pieces();
  expect(catalogue.have(hash(1), "a", bits(4, [0, 1]))).toBeUndefined();
  expect(catalogue.takeChanged()).toMatchObject([{ holders: 1, seeds: 0, availablePieces: 2 }]);
  expect(catalogue.have(hash(1), "b", bits(4, [2, 3]))).toMatchObject({
    type: "available",
    entry: { holders: 2, seeds: 0, availablePieces: 4 },
  });
  expect(catalogue.takeChanged()).toEqual([]);
  expect(catalogue.removeInfo("a")).toEqual([{ type: "unavailable", infoHash: hash(1), name: "file 1" }]);
  expect(catalogue.takeChanged()).toMatchObject([{ holders: 1, availablePieces: 2 }]);
});

test("a partial file whose last holder leaves is told of, too", () => {
  const catalogue = with4Pieces();
  catalogue.have(hash(1), "a", bits(4, [0]));
  expect(catalogue.leave(hash(1), "a")?.type).toBe("unavailable");
  expect(catalogue.leave(hash(1), "a")).toBeUndefined();
});

test("saying the same twice changes nothing", () => {
  const catalogue = with4Pieces();
  catalogue.have(hash(1), "a", "all");
  catalogue.takeChanged();
  expect(catalogue.have(hash(1), "a", bits(4, [0, 1, 2, 3]))).toBeUndefined();
  expect(catalogue.takeChanged()).toEqual([]);
});

test("a bitfield given is not looked at again", () => {
  const catalogue = with4Pieces();
  const mine = bits(4, [0]);
  catalogue.have(hash(1), "a", mine);
  setPiece(mine, 1, true);
  expect(catalogue.entry(hash(1))?.availablePieces).toBe(1);
});

test("what is said of an unknown torrent counts for nothing", () => {
  const catalogue = with4Pieces();
  expect(catalogue.have(hash(2), "a", "all")).toBeUndefined();
  expect(catalogue.removeInfo("a")).toEqual([]);
});

test("removing a torrent forgets its holders and its name", () => {
  const catalogue = with4Pieces();
  catalogue.have(hash(1), "a", "all");
  catalogue.remove(hash(1));
  expect(catalogue.named("file 1")).toEqual([]);
  expect(catalogue.removeInfo("a")).toEqual([]);
  expect(catalogue.takeChanged()).toEqual([]);
});

/** The catalogue as one would say it: a set of pieces for each holder. */
class NaiveCatalogue {
  readonly torrents = new Map<InfoHashHex, { pieceCount: number; holders: Map<string, Set<number>> }>();

  entry(infoHash: InfoHashHex) {
    const { pieceCount, holders } = this.torrents.get(infoHash)!;
    const held = [...holders.values()].filter((pieces) => pieces.size > 0);
    return {
      holders: held.length,
      seeds: held.filter((pieces) => pieces.size === pieceCount).length,
      availablePieces: new Set(held.flatMap((pieces) => [...pieces])).size,
    };
  }
}

const PIECES = [1, 7, 8, 9];
const torrent = fc.integer({ min: 0, max: 3 });
const holder = fc.constantFrom("a", "b", "c");
const pieces = fc.uniqueArray(fc.integer({ min: 0, max: 8 }));
const step = fc.oneof(
  fc.record({ do: fc.constant("have" as const), torrent, holder, pieces }),
  fc.record({ do: fc.constant("all" as const), torrent, holder }),
  fc.record({ do: fc.constant("update" as const), torrent, holder, gained: pieces, lost: pieces }),
  fc.record({ do: fc.constant("leave" as const), torrent, holder }),
  fc.record({ do: fc.constant("remove-info" as const), holder }),
);

test("after any sequence, it says what a naive catalogue says, and tells exactly the transitions", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const catalogue = new Catalogue();
      const naive = new NaiveCatalogue();
      for (const [n, pieceCount] of PIECES.entries()) {
        catalogue.add(facts(n, pieceCount));
        naive.torrents.set(hash(n), { pieceCount, holders: new Map() });
      }
      const all = () => PIECES.map((_, n) => naive.entry(hash(n)));
      catalogue.takeChanged();
      for (const action of steps) {
        const before = all();
        const events = apply(action, catalogue, naive);
        const after = all();
        expect(PIECES.map((_, n) => catalogue.entry(hash(n)))).toMatchObject(after);

        const expected: string[] = [];
        const moved: InfoHashHex[] = [];
        for (const [n, pieceCount] of PIECES.entries()) {
          const [was, is] = [before[n]!, after[n]!];
          const [couldBe, canBe] = [was.availablePieces === pieceCount, is.availablePieces === pieceCount];
          if (!couldBe && canBe) expected.push(`available ${hash(n)}`);
          else if ((couldBe && !canBe) || (was.holders > 0 && is.holders === 0))
            expected.push(`unavailable ${hash(n)}`);
          if (JSON.stringify(was) !== JSON.stringify(is) && !(canBe && !couldBe)) moved.push(hash(n));
        }
        expect(events.map(nameOf).toSorted()).toEqual(expected);
        expect(
          catalogue
            .takeChanged()
            .map(({ infoHash }) => infoHash)
            .toSorted(),
        ).toEqual(moved);
      }
    }),
  );
});

function nameOf(event: CatalogueEvent): string {
  return `${event.type} ${event.type === "available" ? event.entry.infoHash : event.infoHash}`;
}

function apply(
  action: typeof step extends fc.Arbitrary<infer Step> ? Step : never,
  catalogue: Catalogue,
  naive: NaiveCatalogue,
): readonly CatalogueEvent[] {
  if (action.do === "remove-info") {
    for (const { holders } of naive.torrents.values()) holders.delete(action.holder);
    return catalogue.removeInfo(action.holder);
  }
  const infoHash = hash(action.torrent);
  const { pieceCount, holders } = naive.torrents.get(infoHash)!;
  const inside = (list: readonly number[]) => list.filter((piece) => piece < pieceCount);
  const list = (event: CatalogueEvent | undefined) => (event ? [event] : []);
  switch (action.do) {
    case "have":
      holders.set(action.holder, new Set(inside(action.pieces)));
      return list(catalogue.have(infoHash, action.holder, bits(pieceCount, inside(action.pieces))));
    case "all":
      holders.set(action.holder, new Set(Array.from({ length: pieceCount }, (_, piece) => piece)));
      return list(catalogue.have(infoHash, action.holder, "all"));
    case "update": {
      const held = holders.get(action.holder) ?? new Set();
      for (const piece of inside(action.gained)) held.add(piece);
      for (const piece of inside(action.lost)) held.delete(piece);
      holders.set(action.holder, held);
      return list(catalogue.update(infoHash, action.holder, inside(action.gained), inside(action.lost)));
    }
    case "leave":
      holders.delete(action.holder);
      return list(catalogue.leave(infoHash, action.holder));
    default:
      return action satisfies never;
  }
}
