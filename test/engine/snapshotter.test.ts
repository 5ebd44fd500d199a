import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineStatus, TrackerStatus, TransferRow } from "../../source/control/contract.ts";
import { BroadcastLog } from "../../source/engine/broadcast-log.ts";
import { SNAPSHOT_MS } from "../../source/engine/limits.ts";
import { Snapshotter } from "../../source/engine/snapshotter.ts";
import type { TrackerLinks } from "../../source/engine/tracker-links.ts";
import type { TransferBook } from "../../source/engine/transfer-book.ts";

function setUp() {
  const state = {
    rate: 0,
    trackers: [{ address: "one:1" }, { address: "two:2" }] as unknown as TrackerStatus[],
    transfers: [{ infoHash: "a" }, { infoHash: "b" }] as unknown as TransferRow[],
    entries: [{ infoHash: "a", name: "\x1b[31mred", holders: 1 }],
    complete: false,
    builds: 0,
  };
  const log = new BroadcastLog();
  const snapshotter = new Snapshotter({
    engine: () => {
      state.builds++;
      return { upBytesPerSecond: state.rate } as EngineStatus;
    },
    transfers: () => state.transfers,
    links: {
      statuses: () => state.trackers.map((row) => ({ ...row })),
      entries: () => state.entries.map((entry) => ({ entry: { ...entry }, tracker: "one:1" })),
    } as unknown as TrackerLinks,
    book: {
      get: () => ({ transfer: { isComplete: state.complete } }),
    } as unknown as TransferBook,
    log,
  });
  return { state, log, snapshotter };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], now: 1_000 }));
afterEach(() => void vi.useRealTimers());

describe("a snapshot", () => {
  it("is the same object until something changes", () => {
    const { snapshotter, state } = setUp();
    vi.advanceTimersByTime(10_000);
    const first = snapshotter.get();
    vi.advanceTimersByTime(10_000);
    expect(snapshotter.get()).toBe(first);
    state.rate = 5;
    snapshotter.changed();
    expect(snapshotter.get().engine.upBytesPerSecond).toBe(5);
  });

  it("keeps what did not change as it was: rows, lists of rows, the engine", () => {
    const { snapshotter, state } = setUp();
    vi.advanceTimersByTime(1_000);
    const before = snapshotter.get();
    state.transfers = [state.transfers[0]!, { infoHash: "c" } as TransferRow];
    vi.advanceTimersByTime(1_000);
    snapshotter.catalogueChanged();
    const after = snapshotter.get();
    expect(after).not.toBe(before);
    expect(after.engine).toBe(before.engine);
    expect(after.trackers).toBe(before.trackers);
    expect(after.catalogue[0]).toBe(before.catalogue[0]);
    expect(after.transfers[0]).toBe(before.transfers[0]);
    expect(after.transfers[1]).not.toBe(before.transfers[1]);
    expect(after.broadcasts).toBe(before.broadcasts);
  });

  it("is told of at most four times a second, and not at all while nothing changes", () => {
    const { snapshotter, state } = setUp();
    vi.advanceTimersByTime(1_000);
    let told = 0;
    snapshotter.subscribe(() => told++);
    vi.advanceTimersByTime(1_000);
    told = 0;
    for (let ms = 0; ms < 2_000; ms += 5) {
      state.rate++;
      snapshotter.changed();
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(SNAPSHOT_MS);
    expect(told).toBeGreaterThanOrEqual(8);
    expect(told).toBeLessThanOrEqual(9);
    vi.advanceTimersByTime(60_000);
    expect(told).toBeLessThanOrEqual(9);
    expect(snapshotter.get().engine.upBytesPerSecond).toBe(400);
  });

  it("is built for nobody when nobody looks", () => {
    const { snapshotter, state } = setUp();
    const stop = snapshotter.subscribe(() => undefined);
    vi.advanceTimersByTime(1_000);
    stop();
    snapshotter.changed();
    vi.advanceTimersByTime(1_000);
    const { builds } = state;
    for (let i = 0; i < 100; i++) {
      snapshotter.changed();
      vi.advanceTimersByTime(100);
    }
    expect(state.builds).toBe(builds);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is told of at once when something must not wait", () => {
    const { snapshotter } = setUp();
    let told = 0;
    snapshotter.subscribe(() => told++);
    vi.advanceTimersByTime(1_000);
    told = 0;
    snapshotter.flush();
    expect(told).toBe(1);
  });

  it("shows foreign names without their escapes, and our part in them", () => {
    const { snapshotter, state } = setUp();
    vi.advanceTimersByTime(1_000);
    const [row] = snapshotter.get().catalogue;
    expect(row).toMatchObject({ infoHash: "a", tracker: "one:1", ours: "transferring" });
    expect(row!.name).not.toContain("\x1b");
    state.complete = true;
    snapshotter.catalogueChanged();
    vi.advanceTimersByTime(1_000);
    expect(snapshotter.get().catalogue[0]!.ours).toBe("complete");
  });

  it("leaves no timer behind when it is closed", () => {
    const { snapshotter } = setUp();
    snapshotter.subscribe(() => undefined);
    snapshotter.close();
    snapshotter.changed();
    expect(vi.getTimerCount()).toBe(0);
  });
});
