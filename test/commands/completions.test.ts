import { expect, test } from "vitest";
import { completionsOf } from "../../source/commands/completions.ts";
import { COMMANDS } from "../../source/commands/table.ts";
import type { Snapshot } from "../../source/control/contract.ts";

const row = (name: string, state: string, infoHash = name) => ({ name, state, infoHash });
const SNAPSHOT = {
  catalogue: [row("ocean.wav", ""), row("old film.mkv", ""), row("-dash", "")],
  transfers: [row("ocean.wav", "seeding"), row("one.iso", "downloading"), row("two.iso", "paused")],
} as unknown as Snapshot;

const complete = (...words: string[]) => completionsOf(words, COMMANDS, async () => SNAPSHOT);

test.for<[words: string[], found: string[]]>([
  [["re"], ["resume", "reannounce", "remove"]],
  [["hel"], ["help"]],
  [["help", "pau"], ["pause"]],
  [["open"], []],
  [["get", "o"], ["old film.mkv"]],
  [["get", "ocean.wav", ""], []],
  [
    ["files", "o"],
    ["ocean.wav", "one.iso", "old film.mkv"],
  ],
  [
    ["pause", ""],
    ["ocean.wav", "one.iso"],
  ],
  [["pause", "one.iso", ""], ["ocean.wav"]],
  [["resume", ""], ["two.iso"]],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [["completion", "bash", ""], []],
  [["get", "--acc"], ["--accept-pushes"]],
  [
    ["get", "--accept-pushes", ""],
    ["wanted", "catalogue", "never"],
  ],
  [
    ["--theme", "m"],
    ["muted", "mono"],
  ],
  [["get", "--dir", ""], []],
  [["get", "--limit-down", "o"], []],
  [["get", "--limit-down", "1M", "old"], ["old film.mkv"]],
  [["create", "-o", ""], []],
  [
    ["daemon", "--no-"],
    ["--no-dht", "--no-lan", "--no-port-mapping"],
  ],
  [
    ["ls", "--"],
    ["--json", "--filter", "--help"],
  ],
  [["--low"], ["--low-bandwidth"]],
  [["share", ""], []],
  [["nonsense", ""], []],
  [["nonsense", "--"], ["--help"]],
  [[], []],
])("%j goes on with %j", async ([words, found]) => {
  expect(await complete(...words)).toEqual(found);
});

test("an empty line goes on with every command but the viewer, which has no name", async () => {
  const names = Object.keys(COMMANDS).filter((name) => name !== "open");
  expect((await complete("")).toSorted()).toEqual([...names, "help"].toSorted());
});

test("nobody is asked where that does not matter, and without an engine there are no names", async () => {
  const nobody = () => Promise.reject(new Error("asked"));
  for (const words of [["p"], ["get", "--f"], ["share", "x"], ["get", "--theme", ""]])
    await completionsOf(words, COMMANDS, nobody);
  expect(await completionsOf(["pause", ""], COMMANDS, async () => undefined)).toEqual([]);
});
