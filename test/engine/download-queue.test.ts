import { describe, expect, it } from "vitest";
import { applyQueue, movedOrders, orderOf, type Queueable, waiting } from "../../source/engine/download-queue.ts";
import { TURN_MS } from "../../source/engine/limits.ts";
import type { Entry } from "../../source/engine/transfer-book.ts";

const download = (name: string, wants = true, moves = true) => ({ name, wants, moves });

const namesOf = (queued: ReadonlySet<Queueable & { name: string }>) => Array.from(queued, ({ name }) => name);

describe("the queue of downloads", () => {
  it("lets all go on without a limit", () => {
    expect(namesOf(waiting([download("a"), download("b")], 0))).toEqual([]);
  });

  it("lets as many go on as it may, in their order", () => {
    expect(namesOf(waiting([download("a"), download("b"), download("c")], 2))).toEqual(["c"]);
    expect(namesOf(waiting([download("a"), download("b")], 2))).toEqual([]);
    expect(namesOf(waiting([download("a"), download("b")], 1))).toEqual(["b"]);
  });

  it("counts neither what is paused or whole nor what nobody gives", () => {
    const all = [download("paused", false), download("alone", true, false), download("a"), download("b")];
    expect(namesOf(waiting(all, 1))).toEqual(["b"]);
  });
});

/** An entry with what the queue looks at. */
function entryOf(addedAt: number, order?: number): Entry {
  const transfer = {
    isDone: false,
    problem: undefined,
    checks: { checkedPieces: undefined },
    isQueued: false,
    swarm: { peers: new Map([[1, { wanted: 1 }]]) },
    setQueued(queued: boolean) {
      this.isQueued = queued;
    },
  };
  const settings = { addedAt, paused: false, gift: false, shared: false, ...(order !== undefined && { order }) };
  return { transfer, settings, queuePosition: null, turnSince: undefined, row: {} } as unknown as Entry;
}

const queuedOf = (...entries: Entry[]) => entries.map(({ transfer }) => transfer.isQueued);

describe("transfers in the queue", () => {
  it("wait in the order they were added, unless a person moved them", () => {
    const [first, second, moved] = [entryOf(1), entryOf(2), entryOf(3, 0)];
    expect(applyQueue([first, second, moved], 1, 0)).toBe(true);
    expect(queuedOf(first, second, moved)).toEqual([true, true, false]);
    expect([first.queuePosition, second.queuePosition, moved.queuePosition]).toEqual([1, 2, null]);
    expect(first.row).toBeUndefined();
    expect(applyQueue([first, second, moved], 1, 0)).toBe(false);
  });

  it("go on when the one before them is whole", () => {
    const [first, second] = [entryOf(1), entryOf(2)];
    applyQueue([first, second], 1, 0);
    Object.assign(first.transfer, { isDone: true });
    expect(applyQueue([first, second], 1, 0)).toBe(true);
    expect(queuedOf(first, second)).toEqual([false, false]);
    expect(second.queuePosition).toBeNull();
  });

  it("have ten seconds of their turn to find who gives them something", () => {
    const [first, second, third] = [entryOf(1), entryOf(2), entryOf(3)];
    const lonely = { peers: new Map() };
    Object.assign(first.transfer, { swarm: lonely });
    applyQueue([first, second, third], 1, 0);
    expect(queuedOf(first, second, third)).toEqual([false, true, true]);
    expect(applyQueue([first, second, third], 1, TURN_MS - 1)).toBe(false);
    applyQueue([first, second, third], 1, TURN_MS);
    expect(queuedOf(first, second, third)).toEqual([false, false, true]);
    Object.assign(first.transfer, { swarm: { peers: new Map([[1, { wanted: 1 }]]) } });
    applyQueue([first, second, third], 1, 2 * TURN_MS);
    expect(queuedOf(first, second, third)).toEqual([false, true, true]);
  });

  it("leave their turn to others while they are checked, and may have to wait behind that", () => {
    const [first, second] = [entryOf(2), entryOf(1)];
    Object.assign(first.transfer, { checks: { checkedPieces: 0 } });
    applyQueue([first, second], 1, 0);
    expect(queuedOf(first, second)).toEqual([true, false]);
    Object.assign(second.transfer, { checks: { checkedPieces: 0 } });
    applyQueue([first, second], 1, 0);
    expect(queuedOf(first, second)).toEqual([false, false]);
  });

  it("go on when the limit is lifted", () => {
    const [first, second] = [entryOf(1), entryOf(2)];
    applyQueue([first, second], 1, 0);
    applyQueue([first, second], 0, 0);
    expect(queuedOf(first, second)).toEqual([false, false]);
  });
});

describe("a download that is moved", () => {
  const entries = [entryOf(10), entryOf(20), entryOf(30)];
  const [first, second, third] = entries as [Entry, Entry, Entry];

  it.each([
    ["the last to the top", third, "top", 9],
    ["the last up", third, "up", 15],
    ["the second up", second, "up", 9],
    ["the second down", second, "down", 31],
    ["the first down", first, "down", 25],
    ["the first to the bottom", first, "bottom", 31],
    ["the first up", first, "up", undefined],
    ["the last down", third, "down", undefined],
    ["the last to the bottom", third, "bottom", undefined],
  ] as const)("%s", (_, entry, to, order) => {
    expect([...movedOrders(entry, entries, to)]).toEqual(order === undefined ? [] : [[entry, order]]);
  });

  it.each([
    ["again and again", [1_763_862_000_000, 1_763_862_000_001, 1_763_862_000_002]],
    ["among those that were added at once", [1_763_862_000_000, 1_763_862_000_000, 1_763_862_000_000]],
  ])("%s is where it was moved to", (_, added) => {
    let inOrder = added.map((addedAt) => entryOf(addedAt));
    for (let n = 0; n < 100; n++) {
      const [one, two, three] = inOrder as [Entry, Entry, Entry];
      for (const [moved, order] of movedOrders(three, inOrder, "up")) moved.settings = { ...moved.settings, order };
      inOrder = inOrder.toSorted((a, b) => orderOf(a) - orderOf(b));
      expect(inOrder).toEqual([one, three, two]);
    }
  });
});
