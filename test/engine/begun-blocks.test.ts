import { expect, test } from "vitest";
import { BegunBlocks } from "../../source/engine/begun-blocks.ts";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import type { BegunPiece } from "../../source/metainfo/piece-layout.ts";
import { StorageError } from "../../source/storage/errors.ts";

/** A transfer and a state folder by hand. */
class Hand {
  isIdle = true;
  /** In memory, and in the state folder. */
  begun: readonly BegunPiece[] = [];
  kept: readonly BegunPiece[] = [];
  failure: StorageError | undefined;
  readonly held = Bitfield.empty(8);
  readonly did: string[] = [];
  readonly blocks = new BegunBlocks({
    storage: {
      held: this.held,
      keepBegun: async (pieces) => {
        if (this.failure) throw this.failure;
        this.did.push("kept");
        this.kept = pieces.map(({ index, blocks }) => ({ index, blocks }));
      },
      bringBegun: async (store) => {
        if (this.failure) throw this.failure;
        this.did.push("brought");
        for (const { index } of this.kept) store(index, 0, new Uint8Array(1));
        return this.kept;
      },
    },
    disk: {
      atRest: async () => void this.did.push("at rest"),
      bytes: () => new Uint8Array(16_384),
      store: (index) => void this.did.push(`stored ${index}`),
      dropSpare: () => undefined,
    },
    isIdle: () => this.isIdle,
    swarm: () => this,
    goOnWith: (begun) => {
      this.begun = begun;
      this.did.push(`goes on with ${begun.length}`);
    },
    note: (text) => void this.did.push(text),
  });
}

const PIECE: BegunPiece = { index: 5, blocks: [0, 2] };

test("they come from the state folder before anything arrives, and go there when nothing does", async () => {
  const hand = new Hand();
  hand.kept = [PIECE];
  expect(hand.blocks.areHere).toBe(false);
  hand.isIdle = false;
  const coming = hand.blocks.move();
  expect(hand.blocks.areHere).toBe(false);
  await coming;
  expect([hand.blocks.areHere, hand.begun, hand.blocks.keptBytes]).toEqual([true, [PIECE], 0]);
  hand.isIdle = true;
  await hand.blocks.move();
  expect([hand.blocks.areHere, hand.begun, hand.kept]).toEqual([false, [], [PIECE]]);
  expect(hand.blocks.keptBytes).toBe(2 * 16_384);
  expect(hand.did).toEqual(["brought", "stored 5", "goes on with 1", "at rest", "kept", "goes on with 0"]);
});

test("who goes on while they are being kept waits for that, and has them again", async () => {
  const hand = new Hand();
  hand.isIdle = false;
  await hand.blocks.move();
  hand.begun = [PIECE];
  hand.isIdle = true;
  const going = hand.blocks.move();
  await Promise.resolve();
  hand.isIdle = false;
  const coming = hand.blocks.move();
  await going;
  expect(hand.blocks.areHere).toBe(false);
  await coming;
  expect([hand.blocks.areHere, hand.begun]).toEqual([true, [PIECE]]);
});

test("of several changes of mind only the last one counts", async () => {
  const hand = new Hand();
  hand.isIdle = false;
  const first = hand.blocks.move();
  hand.isIdle = true;
  await Promise.all([first, hand.blocks.move()]);
  expect(hand.did).toEqual([]);
});

test("what cannot be kept stays in memory, and the log says so", async () => {
  const hand = new Hand();
  hand.isIdle = false;
  await hand.blocks.move();
  hand.begun = [PIECE];
  hand.failure = new StorageError("disk-full", "/state", "The disk is full.");
  hand.isIdle = true;
  await hand.blocks.move();
  expect(hand.did.at(-1)).toBe("the blocks of begun pieces are not kept: The disk is full.");
  hand.isIdle = false;
  await hand.blocks.move();
  expect([hand.blocks.areHere, hand.begun]).toEqual([true, [PIECE]]);
});

test("what cannot be read is fetched again, and the log says so", async () => {
  const hand = new Hand();
  hand.failure = new StorageError("io", "/state", "The disk does not give it.");
  hand.isIdle = false;
  await hand.blocks.move();
  expect(hand.did).toEqual(["the blocks of begun pieces are fetched again: The disk does not give it."]);
  expect(hand.blocks.areHere).toBe(true);
});

test("nothing is looked for where all is held", async () => {
  const hand = new Hand();
  for (let index = 0; index < 8; index++) hand.held.set(index);
  hand.isIdle = false;
  await hand.blocks.move();
  expect([hand.did, hand.blocks.areHere]).toEqual([[], true]);
});
