// What Ink changes on the screen, frame by frame, must come to what it would draw on an empty one.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openViewer } from "../../source/ui/open-viewer.tsx";
import { sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";
import { VirtualTerminal } from "./virtual-terminal.ts";

const KEYS = [
  "j",
  "k",
  "l",
  "h",
  "\t",
  "1",
  "2",
  "3",
  "G",
  "g",
  "z",
  "o",
  "?",
  "\u001b",
  "\r",
  "/m",
  "X",
  "n",
  "U",
  ":x",
  "u",
  " ",
  "c",
];

beforeEach(() => {
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  [80, 24, 1],
  [120, 36, 2],
])("at %ix%i after random keys, snapshots and sizes", async (columns, rows, seed) => {
  const terminal = new VirtualTerminal(columns, rows);
  const client = new ScriptedClient(sampleSnapshot());
  const ended = openViewer({ client, stdin: terminal.stdin, stdout: terminal.stdout, ascii: false });
  await terminal.shows("Transfers");
  const random = randomOf(seed);
  for (let round = 0; round < 6; round++) {
    for (let step = 0; step < 25; step++) {
      terminal.type(KEYS[Math.floor(random() * KEYS.length)]!);
      if (step % 5 === 0) {
        client.change((snapshot) => ({
          ...snapshot,
          engine: { ...snapshot.engine, downBytesPerSecond: random() * 1e8 },
          catalogue: sampleSnapshot().catalogue.filter(() => random() < 0.7),
          transfers: sampleSnapshot().transfers.filter(() => random() < 0.8),
        }));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (round === 3) terminal.resize(columns + 7, rows - 3);
    // A lone Esc is known as one only after a while.
    await terminal.settled();
    const incremental = terminal.text();
    terminal.type("\u000c");
    await terminal.settled();
    expect(terminal.text()).toBe(incremental);
  }
  terminal.type("\u0003");
  expect(await ended).toEqual({ reason: "quit" });
});

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
