import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KnownCatalogue } from "../../source/discovery/known-catalogue.ts";
import { MAX_CATALOGUE_ENTRIES } from "../../source/protocol/channel/limits.ts";
import type { CatalogueEntry } from "../../source/protocol/channel/messages.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hashOf = (n: number) => n.toString(16).padStart(40, "0") as InfoHashHex;
const entryOf = (n: number, holders = 0): CatalogueEntry => ({
  infoHash: hashOf(n),
  name: `file ${n}`,
  length: 1,
  pieceLength: 1,
  pieceCount: 1,
  availablePieces: 0,
  holders,
  seeds: 0,
  private: false,
  addedAt: 0,
});
const welcomeOf = (seq: number, catalogue?: CatalogueEntry[]) => ({
  type: "welcome" as const,
  seq,
  epoch: "run",
  you: { address: "127.0.0.1", port: 1 },
  peers: 1,
  ...(catalogue && { catalogue }),
  more: false,
  limits: { messagesPerSecond: 10, frame: 65_536 },
});

const notice = (seq: number) => ({ type: "notice", seq, text: "" }) as const;

function catalogue() {
  const onChanged = vi.fn<() => void>();
  return { known: new KnownCatalogue(250, onChanged), onChanged };
}

test("a new entry takes the place of the old one of its info hash", () => {
  const { known } = catalogue();
  known.learn([entryOf(1), entryOf(2)]);
  known.learn([entryOf(1, 5)]);
  expect(known.list()).toEqual([entryOf(1, 5), entryOf(2)]);
  expect(known.get(hashOf(1))?.holders).toBe(5);
  expect([known.has(hashOf(2)), known.has(hashOf(3))]).toEqual([true, false]);
});

test("the list is the same array until something changes", () => {
  const { known } = catalogue();
  known.learn([entryOf(1)]);
  const before = known.list();
  known.forget(hashOf(9));
  expect(known.list()).toBe(before);
  known.forget(hashOf(1));
  expect(known.list()).toEqual([]);
});

test("changes are told at once, then gathered, and a last one is never kept back", () => {
  const { known, onChanged } = catalogue();
  known.learn([entryOf(1)]);
  expect(onChanged).toHaveBeenCalledTimes(1);
  for (let n = 2; n < 50; n++) known.learn([entryOf(n)]);
  vi.advanceTimersByTime(249);
  expect(onChanged).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(onChanged).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10_000);
  expect(onChanged).toHaveBeenCalledTimes(2);
  known.forget(hashOf(1));
  expect(onChanged).toHaveBeenCalledTimes(3);
});

test("once closed it tells nothing more and keeps no timer", () => {
  const { known, onChanged } = catalogue();
  known.learn([entryOf(1)]);
  known.learn([entryOf(2)]);
  known.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(onChanged).toHaveBeenCalledTimes(1);
});

test("broadcasts follow each other by one; after a gap, a repetition or an older one the place is lost", () => {
  for (const next of [8, 6, 5, 0]) {
    const { known } = catalogue();
    known.welcomed(welcomeOf(5));
    expect(known.hear(notice(6))).toBe(true);
    expect(known.place).toEqual({ resume: 6, epoch: "run" });
    expect(known.hear(notice(next))).toBe(false);
    expect(known.place).toEqual({});
    expect(known.hear(notice(7))).toBe(false);
  }
});

test("broadcasts are taken in, and those behind a gap are not", () => {
  const { known } = catalogue();
  known.welcomed(welcomeOf(0));
  known.hear({ type: "available", seq: 1, entry: entryOf(1) });
  known.hear({ type: "changed", seq: 2, entries: [entryOf(1, 4), entryOf(2)], peers: 9 });
  expect(known.list()).toEqual([entryOf(1, 4), entryOf(2)]);
  const gone = { type: "unavailable", infoHash: hashOf(1), name: "x", why: "left" } as const;
  known.hear({ ...gone, seq: 3 });
  expect(known.has(hashOf(1))).toBe(true);
  expect(known.hear({ ...gone, seq: 5, forgotten: true })).toBe(false);
  expect(known.has(hashOf(1))).toBe(true);
  known.welcomed(welcomeOf(5));
  expect(known.hear({ ...gone, seq: 6, forgotten: true })).toBe(true);
  expect(known.list()).toEqual([entryOf(2)]);
});

test("there is no place before the first welcome, nor after it was given up", () => {
  const { known } = catalogue();
  expect(known.place).toEqual({});
  expect(known.hear(notice(0))).toBe(false);
  known.welcomed(welcomeOf(0));
  expect(known.place).toEqual({ resume: 0, epoch: "run" });
  known.losePlace();
  expect(known.place).toEqual({});
});

test("a welcome with a catalogue replaces what was known, one without leaves it", () => {
  const { known } = catalogue();
  known.learn([entryOf(1)]);
  known.welcomed(welcomeOf(3));
  expect(known.list()).toEqual([entryOf(1)]);
  known.welcomed(welcomeOf(4, [entryOf(2)]));
  expect(known.list()).toEqual([entryOf(2)]);
  known.welcomed(welcomeOf(5, []));
  expect(known.list()).toEqual([]);
});

test("a full catalogue takes no new entry, but news of those it has", () => {
  const { known } = catalogue();
  known.learn(Array.from({ length: MAX_CATALOGUE_ENTRIES + 1 }, (_, n) => entryOf(n)));
  expect(known.list()).toHaveLength(MAX_CATALOGUE_ENTRIES);
  known.learn([entryOf(0, 3)]);
  expect(known.get(hashOf(0))?.holders).toBe(3);
  known.forget(hashOf(0));
  known.learn([entryOf(MAX_CATALOGUE_ENTRIES)]);
  expect(known.has(hashOf(MAX_CATALOGUE_ENTRIES))).toBe(true);
});
