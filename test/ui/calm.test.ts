import { expect, test } from "vitest";
import { calmed } from "../../source/ui/calm.ts";
import { busySnapshot, sampleSnapshot } from "../helpers/scripted-client.ts";

test("rates keep one digit, and another one while they are low", () => {
  const { engine } = sampleSnapshot();
  const rate = (bytes: number): number =>
    calmed({ ...sampleSnapshot(), engine: { ...engine, downBytesPerSecond: bytes } }).engine.downBytesPerSecond;
  expect([0, 0.4, 1, 9.6, 123, 456_789, 84_200_000, 999_999].map(rate)).toEqual([
    0, 0, 1, 10, 120, 460_000, 80_000_000, 1_000_000,
  ]);
});

test("a transfer that is whole, and a peer that has all, are never shown as less", () => {
  const [transfer] = calmed(sampleSnapshot()).transfers;
  expect(transfer?.peers.map(({ progress }) => progress)).toEqual([1, 0.7, 0.2]);
  expect(transfer).toMatchObject({ secondsLeft: 20, heldPieces: 15 });
});

test("of a swarm in motion fewer figures change from one snapshot to the next", () => {
  const changes = (look: typeof calmed): number => {
    const cells = (tick: number): string[] => JSON.stringify(look(busySnapshot(tick)).transfers).split(",");
    const before = cells(1);
    return cells(2).filter((cell, index) => cell !== before[index]).length;
  };
  expect(changes(calmed)).toBeLessThan(changes((snapshot) => snapshot));
});
