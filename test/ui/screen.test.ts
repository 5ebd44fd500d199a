// Whole screens as a terminal shows them, at the two sizes people have.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { columnsOf } from "../../source/ui/format/columns.ts";
import { openViewer, type ViewerEnd, type ViewerOptions } from "../../source/ui/open-viewer.tsx";
import { displayText } from "../../source/protocol/display-text.ts";
import { drawHelp, helpLength } from "../../source/ui/panes/help.ts";
import { createTheme } from "../../source/ui/theme.ts";
import {
  catalogueRow,
  emptySnapshot,
  inspectedTorrent,
  peerRow,
  sampleSnapshot,
  ScriptedClient,
  transferRow,
} from "../helpers/scripted-client.ts";
import { VirtualTerminal } from "./virtual-terminal.ts";

let terminal: VirtualTerminal;
let client: ScriptedClient;
let ended: Promise<ViewerEnd>;

function open(
  columns: number,
  rows: number,
  { snapshot, ...options }: Partial<ViewerOptions> & { snapshot?: ScriptedClient } = {},
): void {
  terminal = new VirtualTerminal(columns, rows);
  client = snapshot ?? new ScriptedClient(sampleSnapshot());
  const { stdin, stdout } = terminal;
  ended = openViewer({ client, stdin, stdout, ascii: false, ...options });
}

beforeEach(() => {
  vi.stubEnv("TERM", "xterm-256color");
  vi.stubEnv("TZ", "UTC");
  vi.stubEnv("NO_COLOR", "");
});

afterEach(async () => {
  terminal.type("\u0003");
  await ended;
  vi.unstubAllEnvs();
});

async function frame(): Promise<string> {
  await terminal.settled();
  return `\n${terminal.text()}\n`;
}

test("120x36: the swarm on an afternoon", async () => {
  open(120, 36);
  expect(await frame()).toMatchSnapshot();
});

test("80x24: the same, Broadcasts under Transfers", async () => {
  open(80, 24);
  expect(await frame()).toMatchSnapshot();
});

test("80x24: a transfer opened, its second peer selected", async () => {
  open(80, 24);
  terminal.type("2ljj");
  expect(await frame()).toMatchSnapshot();
});

test("120x36: a transfer opened", async () => {
  open(120, 36);
  terminal.type("2l");
  expect(await frame()).toMatchSnapshot();
});

test("120x36: the pieces of a transfer", async () => {
  open(120, 36);
  terminal.type("2\r");
  expect(await frame()).toMatchSnapshot();
});

test("80x24: the files of a transfer", async () => {
  open(80, 24);
  terminal.type("2\r\t\t");
  expect(await frame()).toMatchSnapshot();
});

test.each([
  [80, 24, "peers", 1],
  [120, 36, "peers", 1],
  [80, 24, "trackers", 3],
  [80, 24, "log", 4],
  [80, 24, "graph", 5],
  [120, 36, "graph", 5],
] as const)("%ix%i: the tab %s of a transfer", async (columns, rows, _tab, tabs) => {
  open(columns, rows);
  terminal.type(`2\r${"\t".repeat(tabs)}`);
  expect(await frame()).toMatchSnapshot();
});

test("80x24: the sort menu stands above the panes", async () => {
  open(80, 24);
  terminal.type("2oj");
  expect(await frame()).toMatchSnapshot();
});

test("80x24: a large torrent, of which not all is there, and files are left out", async () => {
  const pieceMap = "h".repeat(300) + "a".repeat(4) + "m".repeat(720);
  const large = transferRow("large", {
    length: 40_000_000_000,
    heldPieces: 22_351,
    wantedBytes: 20_000_000_000,
    wantedHeldBytes: 11_700_000_000,
    pieceMap,
    availabilityMap: "3".repeat(700) + "0".repeat(4) + "1".repeat(320),
    availability: 0.99,
    peers: [peerRow("10.0.0.6:6883", { piece: 22_352, pieceFraction: 0.5 })],
    sequential: true,
    ratioLimit: 2,
    upLimitBytesPerSecond: 1_000_000,
  });
  open(80, 24, { snapshot: new ScriptedClient({ ...emptySnapshot(), transfers: [large] }) });
  terminal.type("2\r");
  expect(await frame()).toMatchSnapshot();
});

test("80x24: what waits for its turn says so, and with files left out a share is of what is wanted", async () => {
  const transfers = [
    transferRow("queued", { state: "queued", queuePosition: 2 }),
    transferRow("part", {
      wantedBytes: 4_000_000,
      wantedHeldBytes: 1_000_000,
      downBytesPerSecond: 1_000,
      secondsLeft: 3000,
    }),
    transferRow("lacking", {
      state: "waiting",
      availability: 0.9,
      availabilityMap: "0".repeat(24),
      peers: [peerRow("a:1")],
    }),
  ];
  open(80, 24, { snapshot: new ScriptedClient({ ...emptySnapshot(), transfers }) });
  terminal.type("2z");
  expect(await frame()).toMatchSnapshot();
});

test("120x36: help, made from the key map, none of it cut", async () => {
  open(120, 36);
  terminal.type("?");
  const first = await frame();
  expect(first).toMatchSnapshot();
  terminal.type("G");
  expect(first + (await frame())).not.toMatch(/\S…/);
});

test.each([60, 100, 119])("%i columns: none of help is cut", (columns) => {
  const height = helpLength("", false, { width: columns, height: 200 }) + 2;
  const lines = drawHelp({ top: 0, search: "" }, false, { width: columns, height }, createTheme("mono", false));
  // One of the signs is an ellipsis itself.
  expect(lines.filter((line) => line.includes("…") && !line.includes("it waits"))).toEqual([]);
  for (const line of lines) expect(columnsOf(line)).toBe(columns);
});

test.each([60, 80, 100, 120])("%i columns: what an empty pane says is said to its end", async (columns) => {
  open(columns, 30, { snapshot: new ScriptedClient({ ...emptySnapshot(), trackers: [], transfers: [] }) });
  await terminal.shows("Tracker:");
  expect(terminal.text()).not.toContain("…");
  terminal.type("\u001b");
  await terminal.shows("No tracker:");
  expect(terminal.text()).not.toContain("…");
});

test("80x24: a question names its target above the panes", async () => {
  open(80, 24);
  terminal.type("2X");
  expect(await frame()).toMatchSnapshot();
});

test("80x24: a filter shows how many rows it leaves", async () => {
  open(80, 24);
  terminal.type("/mkv");
  expect(await frame()).toMatchSnapshot();
});

test("80x24: a mistake in a filter is shown where it is, while it is typed", async () => {
  open(80, 24);
  terminal.type("/mkv size>");
  await terminal.shows(" /mkv size>\n           ^ a size such as 500k or 1.5GB comes here");
  terminal.type("1G");
  await terminal.shows("/mkv size>1G 1 of 7");
  terminal.type(` ${"x ".repeat(40)}(`);
  await terminal.shows(/ a word or a comparison comes here \^ *$/m);
  const [typed, below] = terminal.rows().slice(-2);
  expect(below!.indexOf("^")).toBe(typed!.indexOf("(") + 1);
});

test.each([
  [80, 24],
  [120, 36],
] as const)("%ix%i: what is added shows its files, and that they do not fit", async (columns, rows) => {
  open(columns, rows);
  terminal.type("a");
  await terminal.shows("Add:");
  terminal.type("films\r");
  await terminal.shows("does not fit: 4.0 GB too much");
  expect(await frame()).toMatchSnapshot();
  terminal.type(" ");
  await terminal.shows("✓ fits");
});

test("60x15: a torrent of long names keeps its frame", async () => {
  const long = inspectedTorrent({
    name: "a long name of a torrent ".repeat(9),
    folder: `/${"folder/".repeat(30)}`,
    isNewFolder: true,
    length: 1e15,
    files: Array.from({ length: 200_000 }, (_, index) => ({
      index,
      path: `${index} ${"写真".repeat(60)}`,
      length: 1e15,
    })),
  });
  open(60, 15);
  client.answer = () => ({ ok: true, text: displayText(""), torrent: long });
  terminal.type("ax\r");
  await terminal.shows("too much");
  expect(await frame()).toMatch(/ Into .*… ?new folder, 5\.0 GB free /);
  terminal.type(" G");
  for (const row of (await frame()).split("\n").slice(2, -2)) expect(row).toMatch(/^[┏┃┗].{1,58}[┓┃┛]$/u);
});

test("80x24: ASCII only, a tracker that is away, an alert", async () => {
  const away = new ScriptedClient(sampleSnapshot());
  away.change((snapshot) => ({
    ...snapshot,
    engine: { ...snapshot.engine, alerts: [displayText("The disk of /srv/swarm is full: downloads wait for room.")] },
    trackers: [
      {
        ...snapshot.trackers[0]!,
        state: "waiting",
        problem: displayText("tracker 10.0.0.5:5000 is not there"),
        retryInSeconds: 4,
      },
    ],
  }));
  open(80, 24, { ascii: true, snapshot: away });
  const shown = await frame();
  expect(shown).toMatchSnapshot();
  expect(shown).toMatch(/^[\n -~]*$/);
  expect(shown).toContain("tracker 10.0.0.5:5000 is not there, trying again in 4 s");
  away.answer = () => ({ ok: false, code: "failed", text: displayText("many words ".repeat(40)) });
  terminal.type("d");
  await terminal.shows(/ many words~ *$/m);
});

/** The sample with a tracker that says whether it could dial us. */
function dialledBy(...answers: readonly (boolean | undefined)[]): ScriptedClient {
  const { trackers, ...sample } = sampleSnapshot();
  const [tracker] = trackers;
  return new ScriptedClient({
    ...sample,
    transfers: sample.transfers.map((row) => ({ ...row, peers: row.peers.filter(({ via }) => via !== "incoming") })),
    trackers: answers.map((reachable, index) => ({
      ...tracker!,
      address: displayText(`10.0.0.${index}:5000`),
      ...(reachable !== undefined && { reachable }),
    })),
  });
}

test.each([80, 120])("%i columns: a port that no tracker could dial is said in words", async (columns) => {
  open(columns, 24, { snapshot: dialledBy(false, undefined) });
  await terminal.shows(/^ sta ! port 6881 not reachable {2}24 peers, 14 files/);
  terminal.type("2\r\t\t\t");
  await terminal.shows("connected, cannot dial our port: open or forward it");
});

test.each([
  ["another tracker dialled it", dialledBy(false, true)],
  ["no tracker tries", dialledBy(undefined)],
])("a port is not said to be unreachable when %s", async (_why, snapshot) => {
  open(120, 24, { snapshot });
  expect(await frame()).not.toContain("not reachable");
});

test("a port is not said to be unreachable while somebody is here who came through it", async () => {
  const client = dialledBy(false);
  client.change((snapshot) => ({ ...snapshot, transfers: sampleSnapshot().transfers }));
  open(120, 24, { snapshot: client });
  expect(await frame()).not.toContain("not reachable");
});

test("once it is known that nobody reaches the port, the footer says what to do, on as many lines as it takes", async () => {
  const client = dialledBy(undefined);
  open(80, 24, { snapshot: client });
  await terminal.shows("Transfers");
  client.change((snapshot) => ({ ...snapshot, trackers: dialledBy(false).getSnapshot().trackers }));
  await terminal.shows("forward it in the\n   router. Until then we have to dial them.");
  expect(terminal.rows()).toHaveLength(24);
});

test("what the router came out with is said there, too", async () => {
  const client = dialledBy(undefined);
  open(120, 24, { snapshot: client });
  await terminal.shows("Transfers");
  const forwarding = displayText("the router 10.0.0.1 does not answer");
  client.change(({ engine, ...snapshot }) => ({
    ...snapshot,
    engine: { ...engine, forwarding },
    trackers: dialledBy(false).getSnapshot().trackers,
  }));
  await terminal.shows(
    "in the router. Asked to do so, the router\n   10.0.0.1 does not answer. Until then we have to dial",
  );
});

test("below the line of : stands what it takes, as far as it is typed", async () => {
  open(80, 24);
  terminal.type(":");
  await terminal.shows(" download  upload  share  tracker");
  terminal.type("lim");
  await terminal.shows(" limit-down  limit-up");
  terminal.type("it-up ");
  await terminal.shows("limit-up RATE: all we give: 500k, 2MB; 0: no limit");
  terminal.type("\u0015DOWNLOAD:x");
  await terminal.shows("DOWNLOAD: NAME: download");
});

test.for([
  [["connected", "waiting"], " sta ! 10.0.0.6:5000 away  13 peers, 7 files "],
  [["connected", "refused", "waiting"], " sta ! 10.0.0.6:5000 refused and 1 more  14 peers, 7 files "],
  [["connected", "connected"], "2 trackers  13 peers, 7 files "],
] as const)("80x24: of trackers that are %j, those that work still count", async ([states, says]) => {
  const client = new ScriptedClient(sampleSnapshot());
  client.change((snapshot) => ({
    ...snapshot,
    trackers: states.map((state, i) => ({
      ...emptySnapshot().trackers[0]!,
      ...(i === 0 && snapshot.trackers[0]!),
      address: displayText(`10.0.0.${5 + i}:5000`),
      state,
    })),
  }));
  open(80, 24, { snapshot: client });
  expect(await frame()).toContain(says);
});

test("80x24: an empty swarm says what to do", async () => {
  open(80, 24, { snapshot: new ScriptedClient(emptySnapshot()) });
  expect(await frame()).toMatchSnapshot();
});

const TWINS = ["aaaaaa1111", "bbbbbb2222"].map((digits) => ({ infoHash: digits.padEnd(40, "0") }));

test.each([
  [80, 24],
  [120, 36],
] as const)("%ix%i: of files with one name each shows the first digits of its hash", async (columns, rows) => {
  const name = "a name that is longer than there is any room for, anywhere.iso";
  const snapshot = {
    ...emptySnapshot(),
    catalogue: [...TWINS.map((twin) => catalogueRow(name, twin)), catalogueRow("alone.txt")],
    transfers: [...TWINS.map((twin) => transferRow(name, twin)), transferRow("alone.txt")],
  };
  open(columns, rows, { snapshot: new ScriptedClient(snapshot) });
  const shown = await frame();
  for (const digits of ["aaaaaa", "bbbbbb"]) expect(shown.match(new RegExp(` ${digits} `, "g"))).toHaveLength(2);
  expect(shown).not.toMatch(/alone.txt [0-9a-f]{6}/);
  terminal.type("2\r");
  expect(await frame()).toMatch(/anywhere\.iso (aaaaaa|bbbbbb)/);
  terminal.type("X");
  await terminal.shows(/and DELETE its data \((aaaaaa|bbbbbb), 1 file, 0 B\) in/);
});

test.each([
  [60, 0, 0, /● 10\.0\.0\.5:5000 .* ↓ 84\.2 MB\/s$/m],
  [80, 5_000_000, 0, /● 10\.0\.0\.5:5000 .* ↓ 84\.2 MB\/s of 5\.0 MB\/s {2}↑ 12\.0 MB\/s$/m],
  [80, 5_000_000, 500_000, /● 10\.0\.0\.5:5000 .* ↓ 84\.2 MB\/s {2}↑ 12\.0 MB\/s {2}limited$/m],
  [120, 5_000_000, 0, /↓ 84\.2 MB\/s of 5\.0 MB\/s {2}↑ 12\.0 MB\/s {3}free/],
  [120, 5_000_000, 500_000, /↓ 84\.2 MB\/s of 5\.0 MB\/s {2}↑ 12\.0 MB\/s of 500 kB\/s /],
] as const)("%i columns: limits of %i down and %i up are shown", async (columns, down, up, shown) => {
  const sample = sampleSnapshot();
  const engine = { ...sample.engine, downLimitBytesPerSecond: down, upLimitBytesPerSecond: up };
  open(columns, 24, { snapshot: new ScriptedClient({ ...sample, engine }) });
  expect(await frame()).toMatch(shown);
});

test.each([80, 90, 100, 105, 110, 112, 114, 120, 140])(
  "%i columns: no row of Transfers touches the frame, and what seeds says so",
  async (columns) => {
    const sample = sampleSnapshot();
    const peers = ["tracker", "incoming", "channel"].map((via, index) =>
      peerRow(`[2001:db8::${index}]:51413`, {
        via: via as "tracker",
        client: displayText("a client of a very long name"),
        piece: index === 0 ? null : 123_456,
        idle: displayText("it stalls: its blocks are asked of others"),
        downBytesPerSecond: 999_000_000,
        upBytesPerSecond: 999_000_000,
      }),
    );
    const transfers = sample.transfers.map((row) => ({ ...row, peers, upBytesPerSecond: 999_000_000 }));
    open(columns, 40, { snapshot: new ScriptedClient({ ...sample, transfers }) });
    terminal.type("2zlGlgj");
    const rows = (await frame()).split("\n").filter((line) => /^┃.*(2001|▸|▾)/.test(line));
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) expect(row).toMatch(/ ┃$/);
    expect(rows.find((row) => row.includes("file1.txt"))).toContain("seeding");
  },
);

test.each([
  ["a", "Add:"],
  ["s", "Share:"],
  [":tracker ", ":tracker"],
])("below what is typed after %s stands on the smallest screen all that it takes", async (keys, label) => {
  open(60, 15);
  await terminal.shows("video.mkv");
  terminal.type(keys);
  await terminal.shows(label);
  expect(terminal.text().trimEnd().split("\n").at(-1)).not.toContain("…");
});

test("an engine that is gone is said, and its last snapshot stays", async () => {
  open(60, 15);
  await terminal.shows("video.mkv");
  client.change((snapshot) => ({ ...snapshot, engine: { ...snapshot.engine, state: "gone" } }));
  await terminal.shows("The engine is gone: q leaves, sta starts it again.");
  expect(terminal.text()).toContain("video.mkv");
});

test("below 60x15 one line says that the terminal is too small, and a larger one is used at once", async () => {
  open(59, 20);
  await terminal.shows("sta needs 60x15, this is 59x20");
  expect(terminal.text()).not.toContain("Transfers");
  terminal.resize(60, 15);
  await terminal.shows("2 Transfers");
  terminal.resize(60, 14);
  await terminal.shows("this is 60x14");
});

test("the hint of Enter in Available says what it does to the selected file", async () => {
  const ours = new ScriptedClient({
    ...emptySnapshot(),
    catalogue: [catalogueRow("a"), catalogueRow("b")],
    transfers: [transferRow("b")],
  });
  open(80, 24, { snapshot: ours });
  await terminal.shows("Enter download");
  terminal.type("j");
  await terminal.shows("Enter details");
  terminal.type("k");
  await terminal.shows("Enter download");
});

test("80x24: a long name leaves room for the filter beside it", async () => {
  const name = `${"a long name ".repeat(12)}.iso`;
  open(80, 24, { snapshot: new ScriptedClient({ ...emptySnapshot(), transfers: [transferRow(name)] }) });
  terminal.type("2\r\t\t/nothing\r");
  await terminal.shows(/a long name a long.*… ━ \/nothing 0 of 1, by place /);
});

test("60x15: of a long filter so much is shown that one sees that there is one", async () => {
  open(60, 15);
  terminal.type("/size>1M & (holders<30 | !done) & !private & size<1T\r");
  await terminal.shows(/┏ 1 Available ━ \/size>1M & \(holders<30 .*… ━/);
});

test("in a terminal that is too small a question still says what it asks", async () => {
  open(40, 12);
  await terminal.shows(/this is 40x12\.[^…]*q leave$/);
  terminal.type("2X");
  await terminal.shows("y yes");
  expect(terminal.text()).toContain("Remove video.mkv");
  expect(terminal.text()).toContain("DELETE");
});

test("NO_COLOR: not one colour is sent", async () => {
  vi.stubEnv("NO_COLOR", "1");
  open(120, 36);
  terminal.type("2ljX");
  await terminal.shows("Sure?");
  await terminal.settled();
  // oxlint-disable-next-line no-control-regex -- looks for SGR colours
  expect(terminal.bytes).not.toMatch(/\u001b\[(?:\d+;)*(?:[34][0-8]|9[0-7]|10[0-7])(?:;\d+)*m/);
});

test("a theme that is asked for has its colours, also with NO_COLOR", async () => {
  vi.stubEnv("NO_COLOR", "1");
  open(120, 36, { theme: "muted" });
  await terminal.shows("Transfers");
  expect(terminal.bytes).toContain("\u001b[38;5;110m");
});

test("over a slow link nothing turns", async () => {
  const connecting = new ScriptedClient(sampleSnapshot());
  connecting.change((snapshot) => ({ ...snapshot, trackers: [{ ...snapshot.trackers[0]!, state: "connecting" }] }));
  open(80, 24, { lowBandwidth: true, snapshot: connecting });
  await terminal.shows("sta … tracker 10.0.0.5:5000: connecting");
  await terminal.settled();
  const before = terminal.bytes.length;
  await terminal.settled();
  expect(terminal.bytes.length).toBe(before);
});

test("a spinner turns only while a tracker is awaited", async () => {
  open(80, 24);
  await terminal.settled();
  const before = terminal.bytes.length;
  await terminal.settled();
  expect(terminal.bytes.length).toBe(before);
  client.change((snapshot) => ({ ...snapshot, trackers: [{ ...snapshot.trackers[0]!, state: "connecting" }] }));
  await terminal.shows(/sta [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] tracker 10\.0\.0\.5:5000: connecting/);
  client.change((snapshot) => ({ ...snapshot, trackers: [{ ...snapshot.trackers[0]!, state: "connected" }] }));
  await terminal.shows("sta ●");
});

test("80x24: what the engine took and cannot go on with is a warning", async () => {
  const client = new ScriptedClient(sampleSnapshot());
  const { infoHash } = sampleSnapshot().transfers[0]!;
  client.answer = () => ({ ok: true, text: displayText("video.mkv: It needs 4 MB more."), infoHash });
  open(80, 24, { snapshot: client });
  terminal.type("d");
  await terminal.shows("✓ video.mkv: It needs 4 MB more.");
  client.change((snapshot) => ({
    ...snapshot,
    transfers: snapshot.transfers.map((row) => (row.infoHash === infoHash ? { ...row, state: "error" } : row)),
  }));
  await terminal.shows("! video.mkv: It needs 4 MB more.");
});

test("80x24: the details say the whole of a fault, and what to do at its end", async () => {
  const client = new ScriptedClient(sampleSnapshot());
  const reason = displayText(
    "It needs 315 MB more, and the disk of /srv/downloads has 131 MB free, of which 100 MB are left to others: free some space, and it goes on by itself.",
  );
  client.change((snapshot) => ({
    ...snapshot,
    transfers: snapshot.transfers.map((row) => ({ ...row, state: "error", reason })),
  }));
  open(80, 24, { snapshot: client });
  await terminal.shows("video.mkv");
  terminal.type("2\r");
  await terminal.shows("by itself, in /srv/swarm");
  const text = terminal.text().replaceAll(/[┃\s]+/g, " ");
  expect(text).toContain(`error: ${reason.slice(0, -1)}, in`);
});

test("60x15: peers keep their addresses, and a question its whole folder", async () => {
  const client = new ScriptedClient(sampleSnapshot());
  client.change((snapshot) => ({
    ...snapshot,
    transfers: snapshot.transfers.map((row) => ({
      ...row,
      folder: displayText("/srv/a/folder/with/a/long/path/to/swarm"),
    })),
  }));
  open(60, 15, { snapshot: client });
  terminal.type("2\r\t");
  await terminal.shows(/10\.0\.0\.7:6885 +71 %/);
  terminal.type("X");
  await terminal.shows("/srv/a/folder/with/a/long/path/to/swarm?");
});

test("60x15: a question about many transfers names five of them, and how it is answered", async () => {
  const many = new ScriptedClient(sampleSnapshot());
  const names = Array.from({ length: 7 }, (_, index) => `${index}${"長い名前".repeat(20)}`);
  many.change((snapshot) => ({ ...snapshot, transfers: names.map((name) => transferRow(name)) }));
  open(60, 15, { snapshot: many });
  terminal.type("2VX");
  await terminal.shows("[y] yes");
  for (const name of ["0長い", "1長い", "2長い", "3長い", "4長い", "and 2 others"])
    expect(terminal.text()).toContain(name);
});

test.each([15, 20, 24])("60x%i: an alert, a message and a line being typed leave room for the panes", async (rows) => {
  const client = new ScriptedClient(sampleSnapshot());
  const long = displayText("many words that say what is wrong, ".repeat(9));
  client.change((snapshot) => ({ ...snapshot, engine: { ...snapshot.engine, alerts: [long, long] } }));
  client.answer = () => ({ ok: false, code: "failed", text: long });
  open(60, rows, { snapshot: client });
  terminal.type(":download x\r");
  await terminal.shows("download x");
  await frame();
  const shown = terminal.rows();
  expect(shown[0]).toMatch(/^ sta/);
  for (const title of ["1 Available", "2 Transfers", "3 Broadcasts"])
    expect(shown.filter((row) => row.includes(title))).toHaveLength(1);
  expect(shown.filter((row) => /^[╰┗]/.test(row))).toHaveLength(3);
  expect(shown.at(-2)).toContain(":download x");
});
