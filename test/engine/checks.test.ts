// Checks of a storage by hand: each goes on when the test says so.
import { expect, test } from "vitest";
import { Checks } from "../../source/engine/checks.ts";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { StorageError } from "../../source/storage/errors.ts";

class HandStorage {
  readonly suspect = Bitfield.empty(8);
  /** What each check was of, in their order; undefined: all. */
  readonly asked: (readonly number[] | undefined)[] = [];
  readonly #running: PromiseWithResolvers<void>[] = [];

  async check(options: {
    only?: readonly number[];
    onProgress?: (checked: number) => void;
    signal?: AbortSignal;
  }): Promise<Bitfield> {
    this.asked.push(options.only);
    const running = Promise.withResolvers<void>();
    options.signal?.addEventListener("abort", () => running.reject(options.signal!.reason));
    this.#running.push(running);
    options.onProgress?.(1);
    await running.promise;
    for (const index of options.only ?? this.suspect.held()) this.suspect.clear(index);
    return Bitfield.full(8);
  }

  /** Ends the check that runs. */
  async finish(error?: unknown): Promise<void> {
    const running = this.#running.shift()!;
    if (error) running.reject(error);
    else running.resolve();
    await new Promise((later) => setImmediate(later));
  }
}

function checksOf(storage: HandStorage): { checks: Checks; did: unknown[] } {
  const did: unknown[] = [];
  const checks = new Checks({
    storage,
    begun: async () => void did.push("begun"),
    ended: async (problem) => void did.push(problem ?? "ended"),
    progressed: () => void did.push(checks.checkedPieces),
  });
  return { checks, did };
}

const turn = () => new Promise((later) => setImmediate(later));

test("one runs at a time: who asks for another meanwhile waits for it", async () => {
  const storage = new HandStorage();
  const { checks, did } = checksOf(storage);
  const both = Promise.all([checks.run(), checks.run(), checks.run([3])]);
  await turn();
  expect(checks.checkedPieces).toBe(1);
  await storage.finish();
  await both;
  expect(storage.asked).toEqual([undefined]);
  expect([did, checks.checkedPieces]).toEqual([["begun", 1, "ended"], undefined]);
});

test("one of some pieces does not stand for one of all", async () => {
  const storage = new HandStorage();
  const { checks } = checksOf(storage);
  const some = checks.run([3]);
  const all = checks.run();
  await turn();
  await storage.finish();
  await some;
  await storage.finish();
  await all;
  expect(storage.asked).toEqual([[3], undefined]);
});

test("what is found to be in doubt meanwhile is hashed too, before it has ended", async () => {
  const storage = new HandStorage();
  const { checks, did } = checksOf(storage);
  const running = checks.run([3]);
  await turn();
  storage.suspect.set(5);
  await storage.finish();
  expect(did).not.toContain("ended");
  await storage.finish();
  await running;
  expect(storage.asked).toEqual([[3], [5]]);
});

test("of suspects: those, or all where the storage cannot say, or nothing when a check has just looked at them", async () => {
  const storage = new HandStorage();
  const { checks } = checksOf(storage);
  const all = checks.ofSuspects();
  await turn();
  const after = checks.ofSuspects();
  await storage.finish();
  await Promise.all([all, after]);
  storage.suspect.set(2);
  const some = checks.ofSuspects();
  await turn();
  await storage.finish();
  await some;
  expect(storage.asked).toEqual([undefined, [2]]);
});

test("what the disk does not give is told when it is over, and the next check can run", async () => {
  const storage = new HandStorage();
  const { checks, did } = checksOf(storage);
  const running = checks.run();
  await turn();
  const error = new StorageError("io", "/data", "The disk does not give what is there.");
  await storage.finish(error);
  await running;
  expect(did).toEqual(["begun", 1, error]);
  const again = checks.run();
  await turn();
  await storage.finish();
  await again;
  expect(did.slice(3)).toEqual(["begun", 1, "ended"]);
});

test("a mistake of ours is not taken for the disk's", async () => {
  const storage = new HandStorage();
  const { checks, did } = checksOf(storage);
  const running = checks.run();
  await turn();
  const rejected = expect(running).rejects.toThrow(RangeError);
  await storage.finish(new RangeError("no piece 9"));
  await rejected;
  expect(did).toEqual(["begun", 1]);
});

test("closing ends the one that runs, which tells of nothing, and none begins after it", async () => {
  const storage = new HandStorage();
  const { checks, did } = checksOf(storage);
  const running = checks.run();
  await turn();
  await checks.close();
  await Promise.all([running, checks.run(), checks.over()]);
  expect([did, storage.asked.length]).toEqual([["begun", 1], 1]);
});
