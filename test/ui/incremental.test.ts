// What Ink changes on the screen, frame by frame, must come to what it would draw on an empty one.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TransferRow } from "../../source/control/contract.ts";
import { openViewer } from "../../source/ui/open-viewer.tsx";
import { sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";
import { HIDDEN, writtenText } from "../helpers/written-text.ts";
import { hostileSnapshot } from "./hostile-names.ts";
import { VirtualTerminal } from "./virtual-terminal.ts";

/** Every key that does something in a list, a tab, a menu or a question, and lines that are begun. */
const KEYS = [
  ..."jklhjkl123GgzoVvmmaa''bSKJU?nUuc +-dsry",
  ..."\t\t\t\t\r\r\r\u001b\u001b\u001b\u001b\u001b",
  "\u001b[Z",
  "\u001b[6~",
  "\u001b[5~",
  "/m",
  "X",
  ":x",
  ":ratio 2\r",
  "oj\r",
];
const ROUNDS = 6;
const KEYS_A_ROUND = 84;

beforeEach(() => {
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  [80, 24, 1],
  [120, 36, 2],
])("at %ix%i after 500 random keys, snapshots and sizes", { timeout: 120_000 }, async (columns, rows, seed) => {
  const terminal = new VirtualTerminal(columns, rows);
  const client = new ScriptedClient(sampleSnapshot());
  const ended = openViewer({ client, stdin: terminal.stdin, stdout: terminal.stdout, ascii: false });
  await terminal.shows("Transfers");
  const random = randomOf(seed);
  const [sample, hostile] = [sampleSnapshot(), hostileSnapshot()];
  const moved = (row: TransferRow): TransferRow => ({
    ...row,
    downBytesPerSecond: random() * 1e7,
    downHistory: [...row.downHistory.slice(1), random() * 1e7],
    pieceMap: [...row.pieceMap].map((cell) => (random() < 0.1 ? "hgpavm"[Math.floor(random() * 6)]! : cell)).join(""),
    peers: row.peers.filter(() => random() < 0.8).map((peer) => ({ ...peer, downBytesPerSecond: random() * 1e7 })),
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (let step = 0; step < KEYS_A_ROUND; step++) {
      terminal.type(KEYS[Math.floor(random() * KEYS.length)]!);
      if (step % 5 === 0) {
        client.change((snapshot) => ({
          ...snapshot,
          engine: { ...snapshot.engine, downBytesPerSecond: random() * 1e8 },
          catalogue: [...sample.catalogue, ...hostile.catalogue].filter(() => random() < 0.7),
          transfers: [...sample.transfers, ...hostile.transfers.slice(9, 14)].filter(() => random() < 0.9).map(moved),
        }));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (round % 2 === 1) {
      terminal.resize(columns + Math.floor(random() * 40) - 15, rows + Math.floor(random() * 12) - 6);
    }
    // A lone Esc is known as one only after a while.
    await terminal.settled();
    const incremental = terminal.text();
    terminal.type("\u000c");
    await terminal.settled();
    expect(terminal.text()).toBe(incremental);
    expect(writtenText(terminal.bytes)).not.toMatch(HIDDEN);
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
