// How long from a key to the frame that answers it, with much to show. Measured and printed; time alone fails nothing. Needs a build.
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { displayText } from "../../source/protocol/display-text.ts";
import { catalogueRow, peerRow, sampleSnapshot, ScriptedClient, transferRow } from "../helpers/scripted-client.ts";
import type { openViewer } from "../../source/ui/open-viewer.tsx";
import { VirtualTerminal } from "./virtual-terminal.ts";

beforeEach(() => {
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const BUILT = fileURLToPath(new URL("../../dist/source/chunks/open-viewer.js", import.meta.url));

/** Through two panes, and the pieces and peers of a transfer; each of them changes the screen. */
const KEYS = ["j", "1", "G", "k", "2", "g", "\r", "\t", "j", "G", "k", "2"];

/** As users have it: built, and React without its checks. */
async function viewerOfUsers(): Promise<typeof openViewer> {
  return ((await import(BUILT)) as { openViewer: typeof openViewer }).openViewer;
}

test("1 000 files in the catalogue and 200 peers at 120x40", async () => {
  const peers = Array.from({ length: 200 }, (_, index) =>
    peerRow(`10.0.${index >> 8}.${index & 255}:6881`, { downBytesPerSecond: index * 1000 }),
  );
  const pieceMap = "hhamp".repeat(200);
  const client = new ScriptedClient({
    ...sampleSnapshot(),
    catalogue: Array.from({ length: 1000 }, (_, index) => catalogueRow(`file ${index} übergroß.mkv`)),
    transfers: [
      transferRow("big.iso", {
        pieceMap,
        availabilityMap: pieceMap.replaceAll(/./g, "3"),
        peers,
        length: 4_000_000_000,
      }),
    ],
  });
  const terminal = new VirtualTerminal(120, 40);
  const opened = await viewerOfUsers();
  const ended = opened({ client, stdin: terminal.stdin, stdout: terminal.stdout, ascii: false });
  await terminal.shows("file 0");
  terminal.type("2l");
  await terminal.shows("10.0.0.5:6881");

  const times: number[] = [];
  for (let presses = 0; presses < 2 * KEYS.length; presses++) {
    client.change((snapshot) => ({
      ...snapshot,
      catalogue: [...snapshot.catalogue],
      transfers: snapshot.transfers.map((row) => ({
        ...row,
        reason: displayText(`${presses}`),
        downBytesPerSecond: presses,
      })),
    }));
    const written = terminal.bytes.length;
    const begin = performance.now();
    terminal.type(KEYS[presses % KEYS.length]!);
    await vi.waitFor(() => expect(terminal.bytes.length).toBeGreaterThan(written), { interval: 1 });
    await terminal.settled();
    times.push(terminal.lastWriteAt - begin);
  }
  times.sort((a, b) => a - b);
  console.log(
    `key to its last frame: median ${times[times.length >> 1]!.toFixed(0)} ms, worst ${times.at(-1)!.toFixed(0)} ms`,
  );
  expect(times[times.length >> 1]).toBeLessThan(1000);
  terminal.type("\u0003");
  await ended;
});
