// Pieces of which blocks were kept from an earlier life of the swarm.
import { expect, test } from "vitest";
import { HandSwarm } from "./support.ts";

const BEGUN = [
  { index: 7, blocks: [0, 2] },
  { index: 3, blocks: [1] },
];

test("what is there is not asked for, and the rest before any other piece", () => {
  const leecher = new HandSwarm({ pieceCount: 10, blocksPerPiece: 4, begun: BEGUN });
  leecher.join(1, "all");
  leecher.take();
  leecher.say(1, { type: "unchoke" });
  expect(leecher.requested(1).slice(0, 5)).toEqual(["7:1", "7:3", "3:0", "3:2", "3:3"]);
});

test("they are handed on again as they are, with what came since", () => {
  const leecher = new HandSwarm({ pieceCount: 10, blocksPerPiece: 4, begun: BEGUN });
  leecher.join(1, "all");
  leecher.say(1, { type: "unchoke" });
  leecher.deliver(1, 7, 1);
  expect(leecher.swarm.begun).toEqual([{ index: 7, blocks: [0, 1, 2] }, BEGUN[1]]);
});

test("those of files that are not wanted any more are thrown away", () => {
  const leecher = new HandSwarm({ pieceCount: 10, blocksPerPiece: 4, begun: BEGUN });
  const priorities = new Uint8Array(10).fill(1);
  priorities[7] = 0;
  const commands = leecher.handle({ type: "set-wanted", priorities, sequential: false });
  expect(commands).toContainEqual({ type: "discard-piece", index: 7 });
  expect(leecher.swarm.begun).toEqual([BEGUN[1]]);
});

test("nobody is blamed for a bad block that was kept: the piece comes whole from one peer", () => {
  const leecher = new HandSwarm({ pieceCount: 1, blocksPerPiece: 4, begun: [{ index: 0, blocks: [0] }] });
  leecher.join(1, "all");
  leecher.say(1, { type: "unchoke" });
  for (const block of [1, 2, 3]) leecher.deliver(1, 0, block);
  leecher.take();
  const spoiled = (block: number) => (block === 0 ? "spoiled" : String(block));
  leecher.handle({ type: "piece-verified", index: 0, ok: false, digestOf: spoiled });
  expect(leecher.requested(1)).toEqual(["0:0", "0:1", "0:2", "0:3"]);
  for (const block of [0, 1, 2, 3]) leecher.deliver(1, 0, block);
  leecher.handle({ type: "piece-verified", index: 0, ok: true, digestOf: String });
  expect(leecher.take().some(({ type }) => type === "ban")).toBe(false);
  expect(leecher.swarm.isDone).toBe(true);
});
