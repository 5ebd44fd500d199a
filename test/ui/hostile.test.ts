// Texts of strangers in every pane and tab: on a terminal that measures character by character, nothing drifts by a cell.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openViewer } from "../../source/ui/open-viewer.tsx";
import { displayText } from "../../source/protocol/display-text.ts";
import { inspectedTorrent, ScriptedClient } from "../helpers/scripted-client.ts";
import { HOSTILE_NAMES, hostileSnapshot } from "./hostile-names.ts";
import { VirtualTerminal } from "./virtual-terminal.ts";

const PLACES: readonly [name: string, keys: string][] = [
  ["the panes", ""],
  ["Available alone", "z"],
  ["Transfers, opened", "z2lj"],
  ["Broadcasts", "3"],
  ["the pieces", "z2g\r"],
  ["the peers", "\t"],
  ["the files", "\t"],
  ["the trackers", "\t"],
  ["the log", "\t"],
  ["the graph", "\t"],
  ["the sort menu", "\u001b2o"],
  ["a question", "\u001bX"],
  ["what is added", "nax\r"],
  ["what is added, its folder closed", "h"],
];

beforeEach(() => {
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  [80, 24],
  [120, 36],
])("at %ix%i every frame closes in its column", async (columns, rows) => {
  const terminal = new VirtualTerminal(columns, rows, 20);
  const client = new ScriptedClient(hostileSnapshot());
  const [name = displayText(""), ...names] = HOSTILE_NAMES.map(displayText);
  const files = names.map((path, index) => ({
    index,
    path: index % 2 === 0 ? path : `${path}/${path}`,
    length: index,
  }));
  const torrent = inspectedTorrent({ name, folder: name, files });
  client.answer = () => ({ ok: true, text: name, torrent });
  const ended = openViewer({ client, stdin: terminal.stdin, stdout: terminal.stdout, ascii: false });
  await terminal.shows("Transfers");
  for (const [place, keys] of PLACES) {
    terminal.type(keys);
    await terminal.settled();
    const framed = terminal.cells().filter((line) => /[│┃╮┓╯┛]/.test(line.join("")));
    expect([place, framed.length]).toEqual([place, expect.toSatisfy((count: number) => count > rows - 6)]);
    for (const line of framed) {
      expect([place, line.findLastIndex((cell) => cell.trim() !== ""), line[columns - 1], line.join("")]).toEqual([
        place,
        columns - 1,
        expect.stringMatching(/^[│┃╮┓╯┛]$/),
        line.join(""),
      ]);
    }
  }
  terminal.type("\u0003");
  await ended;
});
