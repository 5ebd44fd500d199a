import { expect, test } from "vitest";
import { DownloadSpell } from "../../source/engine/download-spell.ts";

test("a download is told by its time, its bytes and its peers", () => {
  const spell = new DownloadSpell();
  spell.begin(100, 1_000);
  // Going on after a pause does not begin it anew.
  spell.begin(500, 9_000);
  for (const peer of ["a", "b", "a"]) spell.gotFrom(peer);
  expect(spell.end(1_100, 3_500)).toEqual({ seconds: 2.5, bytes: 1_000, peers: 2 });
});

test("what never began does not end, and what ended can begin again", () => {
  const spell = new DownloadSpell();
  expect(spell.end(1, 1)).toBeUndefined();
  spell.begin(0, 0);
  expect(spell.end(5, 1_000)).toMatchObject({ bytes: 5, peers: 0 });
  expect(spell.end(5, 2_000)).toBeUndefined();
  spell.gotFrom("a");
  spell.begin(5, 3_000);
  spell.gotFrom("b");
  expect(spell.end(7, 4_000)).toEqual({ seconds: 1, bytes: 2, peers: 1 });
});
