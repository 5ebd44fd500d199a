import { expect, test } from "vitest";
import { run } from "../../source/commands/ls.ts";
import { emptySnapshot, sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";

test("--json is the whole snapshot in one line", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run([], optionsOf(home, { json: true }))).toBe(0);
  expect(heard.out.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(heard.out)).toEqual(sampleSnapshot());
});

test("each tracker, file and transfer has its line", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run([], optionsOf(home))).toBe(0);
  const { trackers, catalogue, transfers } = sampleSnapshot();
  expect(heard.out.trim().split("\n")).toHaveLength(trackers.length + catalogue.length + transfers.length);
  for (const row of [...catalogue, ...transfers]) expect(heard.out).toContain(row.name);
});

test("a transfer is as far as what is wanted of it", async () => {
  const heard = listen();
  const part = { length: 100, heldBytes: 50, wantedBytes: 50, wantedHeldBytes: 50 };
  const { home } = await startScriptedEngine({ ...emptySnapshot(), transfers: [transferRow("in part", part)] });
  await run([], optionsOf(home));
  expect(heard.out).toContain(" 100 % ");
});

test("a line ends with the info hash: two files may share a name, and a hostile name cannot be typed", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  await run([], optionsOf(home));
  const { trackers, catalogue, transfers } = sampleSnapshot();
  const hashes = heard.out
    .trim()
    .split("\n")
    .slice(trackers.length)
    .map((line) => line.split(" ").at(-1));
  expect(hashes).toEqual([...catalogue, ...transfers].map(({ infoHash }) => infoHash));
});

test("an engine with nothing in it says how to go on", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine({ ...emptySnapshot(), trackers: [] });
  expect(await run([], optionsOf(home))).toBe(0);
  expect(heard.out).toBe(
    'No tracker is known: "sta --tracker HOST:PORT" adds one.\nNo file is offered, and no transfer is here.\n',
  );
});

test("--filter shows what matches, also in --json", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run([], optionsOf(home, { filter: "mkv rate>0" }))).toBe(0);
  expect(heard.out).toMatch(/^tracker [^\n]*\ntransfer {3}video\.mkv [^\n]*\n$/);
  heard.out = "";
  expect(await run([], optionsOf(home, { json: true, filter: "size>1G" }))).toBe(0);
  expect(JSON.parse(heard.out)).toMatchObject({ catalogue: [{ name: "backup.mkv" }], transfers: [], broadcasts: [] });
  heard.out = "";
  expect(await run([], optionsOf(home, { filter: "nowhere" }))).toBe(0);
  expect(heard.out).toContain("No file and no transfer matches.\n");
});

test("a mistake in --filter is shown where it is", async () => {
  expect(() => optionsOf("/nowhere", { filter: "写真\tsize>many" })).toThrow(
    "--filter: a size such as 500k or 1.5GB comes here:\n  写真 size>many\n            ^\n",
  );
});
