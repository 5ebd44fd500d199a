import { expect, onTestFinished, test, vi } from "vitest";
import { run } from "../../source/commands/trackers.ts";
import { emptySnapshot, sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";
import { displayText } from "../../source/protocol/display-text.ts";

const NOW = Date.UTC(2026, 0, 2);

const announce = {
  address: displayText("udp://tracker.example:6969"),
  tier: 0,
  state: "failing",
  problem: displayText("it did not answer"),
  nextAnnounceAt: NOW + 30_000,
  seeds: null,
  leechers: null,
} as const;

const snapshot = { ...sampleSnapshot(), transfers: [transferRow("file", { trackers: [announce] })] };

test("each tracker has its line, with what went wrong and when it is asked next", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine(snapshot);
  vi.spyOn(Date, "now").mockReturnValue(NOW);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(await run([], optionsOf(home))).toBe(0);
  for (const { address } of snapshot.trackers) expect(heard.out).toContain(address);
  expect(heard.out).toContain("announce  udp://tracker.example:6969  failing  it did not answer  next in 30 s  file\n");
});

test.for([
  [{}, "12 peers, 7 files\n"],
  [{ reachable: true }, "12 peers, 7 files  peers can dial us\n"],
  [{ reachable: false }, "12 peers, 7 files  peers cannot dial us\n"],
] as const)("a tracker that dialled us says so: %o", async ([said, end]) => {
  const heard = listen();
  const { home } = await startScriptedEngine({ ...snapshot, trackers: [{ ...snapshot.trackers[0]!, ...said }] });
  expect(await run([], optionsOf(home))).toBe(0);
  expect(heard.out.split("announce")[0]).toBe(`channel   ${snapshot.trackers[0]!.address}  connected  ${end}`);
});

test("--json is one line a tracker", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine(snapshot);
  expect(await run([], optionsOf(home, { json: true }))).toBe(0);
  const lines = heard.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string });
  expect(lines.map(({ kind }) => kind)).toEqual([...snapshot.trackers.map(() => "channel"), "announce"]);
});

test("without a tracker it says how to get one", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine({ ...emptySnapshot(), trackers: [] });
  expect(await run([], optionsOf(home))).toBe(0);
  expect(heard.out).toBe('No tracker is known: "sta --tracker HOST:PORT" adds one.\n');
});
