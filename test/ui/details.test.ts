// The details of a transfer: what its tabs do with keys, and how they follow what happens.
import { beforeEach, expect, test } from "vitest";
import type { Command, FileRow, Snapshot } from "../../source/control/contract.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { columnsOf } from "../../source/ui/format/columns.ts";
import { initialState } from "../../source/ui/initial-state.ts";
import { drawScreen } from "../../source/ui/screen.ts";
import { DETAIL_TABS } from "../../source/ui/tabs.ts";
import { createTheme } from "../../source/ui/theme.ts";
import { update } from "../../source/ui/update.ts";
import { contextOf, type Effect, type ViewEvent, type ViewState } from "../../source/ui/view-state.ts";
import { emptySnapshot, fileRow, logRow, peerRow, sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";

let state: ViewState;
let effects: Effect[];

function start(snapshot: Snapshot): void {
  const places = { home: "/home/ann", folder: "/work" };
  state = initialState(snapshot, 80, 24, { ascii: false, lowBandwidth: false, places, quitLabel: "leave" });
  effects = [];
}

function happened(...events: ViewEvent[]): void {
  for (const event of events) {
    const change = update(state, event);
    state = change.state;
    effects.push(...change.effects);
  }
}

function press(...keys: string[]): void {
  happened(...keys.map((key) => ({ type: "key", key }) as const));
}

function show(...transfers: ReturnType<typeof transferRow>[]): void {
  happened({ type: "snapshot", snapshot: { ...emptySnapshot(), transfers } });
}

const commands = (): object[] => effects.filter((effect) => effect.type === "send").map(({ command }) => command);
const FILES = ["a.mkv", "b.srt", "c.mkv", "d.nfo"].map((path, index) =>
  fileRow(index, path, 1000 * (index + 1), 0, index === 3 ? "off" : "normal"),
);
const folder = transferRow("folder", { files: FILES, fileCount: 4 });
const { infoHash } = folder;

beforeEach(() => start({ ...emptySnapshot(), transfers: [folder] }));

const openTab = (tabs: number): void => press("2", "return", ...Array.from({ length: tabs }, () => "tab"));

test("Space leaves a file out, and wants it again", () => {
  openTab(2);
  expect(contextOf(state)).toBe("files");
  press("space", "G", "space");
  expect(commands()).toEqual([
    { method: "set-files", infoHash, files: [{ index: 0, priority: "off" }] },
    { method: "set-files", infoHash, files: [{ index: 3, priority: "normal" }] },
  ]);
});

test("+ and - go through the priorities and stop at their ends", () => {
  openTab(2);
  press("+", "-");
  press("G", "-", "+");
  expect(commands()).toEqual([
    { method: "set-files", infoHash, files: [{ index: 0, priority: "high" }] },
    { method: "set-files", infoHash, files: [{ index: 0, priority: "off" }] },
    { method: "set-files", infoHash, files: [{ index: 3, priority: "normal" }] },
  ]);
});

test("files that are chosen change together, in one command; only those that a filter shows", () => {
  openTab(2);
  press("v", "v", "v");
  expect([...state.chosen.files]).toEqual(["0", "1", "2"]);
  press("/", "m", "k", "v", "return", "space");
  expect(commands()).toEqual([
    {
      method: "set-files",
      infoHash,
      files: [
        { index: 0, priority: "off" },
        { index: 2, priority: "off" },
      ],
    },
  ]);
  press("escape");
  expect(state.chosen.files.size).toBe(0);
  press("escape");
  expect(state.filters.files).toBe("");
  press("escape");
  expect(state.details).toBeNull();
});

test("V chooses all rows that are shown, and none again", () => {
  openTab(2);
  press("V");
  expect(state.chosen.files.size).toBe(4);
  press("V");
  expect(state.chosen.files.size).toBe(0);
});

const tree = transferRow("folder", {
  files: ["a/1", "a/b/2", "3"].map((path, index) => fileRow(index, path, 1000, 0, index === 1 ? "off" : "normal")),
  fileCount: 3,
});

test("a key on a folder is about all below it", () => {
  show(tree);
  openTab(2);
  press("space", "j", "-", "k", "+");
  expect(commands()).toEqual([
    { method: "set-files", infoHash, files: [{ index: 0, priority: "off" }] },
    { method: "set-files", infoHash, files: [{ index: 0, priority: "off" }] },
    {
      method: "set-files",
      infoHash,
      files: [
        { index: 0, priority: "high" },
        { index: 1, priority: "normal" },
      ],
    },
  ]);
});

test("a folder that is chosen with a file of its own changes each once", () => {
  show(tree);
  openTab(2);
  press("V", "space");
  expect(commands()).toEqual([
    {
      method: "set-files",
      infoHash,
      files: [
        { index: 0, priority: "off" },
        { index: 2, priority: "off" },
      ],
    },
  ]);
});

test("folders open and close, and only where there is none the arrows turn the tabs", () => {
  const keys = () => state.lists.files.map(({ key }) => key);
  show(tree);
  openTab(2);
  expect(keys()).toEqual(["a/", "0", "a/b/", "1", "2"]);
  press("return");
  expect(keys()).toEqual(["a/", "2"]);
  press("l", "l", "j", "h");
  expect(keys()).toEqual(["a/", "0", "a/b/", "2"]);
  press("l", "l");
  expect(state.positions.files.key).toBe("1");
  press("h", "h", "h");
  expect(state.positions.files.key).toBe("a/");
  press("G", "l");
  expect(contextOf(state)).toBe("trackers");
  press("h", "h");
  expect(contextOf(state)).toBe("peers");
});

test("of many files all are asked for: when the tab opens, after a change, and now and then", () => {
  const row = { ...tree, fileCount: 3000 };
  const asked = () => commands().filter((command) => "method" in command && command.method === "files").length;
  show(row);
  openTab(1);
  expect(asked()).toBe(0);
  press("tab");
  expect(commands()).toEqual([{ method: "files", infoHash }]);
  press("j", "k");
  expect(asked()).toBe(1);
  const files = Array.from({ length: 3000 }, (_, index) => fileRow(index, `many/${index}`, 1000, 0));
  const answer = (command: Command, more: { files?: readonly FileRow[] } = {}): void =>
    happened({ type: "replied", command, generation: null, reply: { ok: true, text: displayText(""), ...more } });
  answer({ method: "files", infoHash }, { files });
  expect(state.message).toBeNull();
  expect(state.lists.files.map(({ key }) => key)).toEqual(["many/"]);
  press("g", "space");
  expect(commands().at(-1)).toMatchObject({ method: "set-files", files: { length: 3000 } });
  answer({ method: "set-files", infoHash, files: [] });
  expect(asked()).toBe(2);
  const { files: before } = state.lists;
  for (let tick = 0; tick < 19; tick++) show({ ...row, downBytesPerSecond: tick });
  expect(asked()).toBe(2);
  expect(state.lists.files).toBe(before);
  show({ ...row, downBytesPerSecond: 99 });
  expect(asked()).toBe(3);
  show({ ...row, state: "seeding" });
  expect(asked()).toBe(4);
  press("tab");
  expect(state.allFiles).toBeNull();
});

test("a mark in a closed folder opens it", () => {
  show(tree);
  openTab(2);
  press("j", "j", "j", "m", "a", "g", "return", "'", "a");
  expect(state.positions.files).toMatchObject({ key: "1", index: 3 });
});

test("peers are sorted by what the menu says, and the selection stays with its peer", () => {
  const peers = (rates: readonly number[]) =>
    rates.map((downBytesPerSecond, index) => peerRow(`10.0.0.${index}:1`, { downBytesPerSecond }));
  show(transferRow("folder", { peers: peers([1, 3, 2]) }));
  openTab(1);
  expect(state.lists.peers.map(({ key }) => key)).toEqual(["10.0.0.1:1", "10.0.0.2:1", "10.0.0.0:1"]);
  press("j");
  show(transferRow("folder", { peers: peers([1, 3, 5]) }));
  expect(state.positions.peers).toMatchObject({ key: "10.0.0.2:1", index: 0 });
  press("o", "a");
  expect(state.menu).toBeNull();
  expect(state.positions.peers).toMatchObject({ key: "10.0.0.2:1", index: 2 });
  press("o", "return");
  expect(state.orders.peers).toEqual({ by: "address", reversed: true });
  expect(state.positions.peers).toMatchObject({ key: "10.0.0.2:1", index: 0 });
});

test("the log follows until one scrolls, and G follows again", () => {
  const log = (length: number) => Array.from({ length }, (_, seq) => logRow(seq, `line ${seq}`));
  show(transferRow("folder", { log: log(40) }));
  openTab(4);
  expect(state.positions.log.index).toBe(39);
  press("k");
  show(transferRow("folder", { log: log(50) }));
  expect(state.positions.log).toMatchObject({ key: "38", index: 38 });
  press("G");
  show(transferRow("folder", { log: log(60) }));
  expect(state.positions.log.index).toBe(59);
});

test("a list that is not changed is taken over, whatever else moves", () => {
  const log = [logRow(1, "a")];
  show(transferRow("folder", { log }), transferRow("other"));
  openTab(4);
  const before = state.lists.log;
  happened({ type: "key", key: "k" });
  expect(state.lists.log).toBe(before);
});

test("a mark comes back from anywhere: pane, tab and row", () => {
  openTab(2);
  press("j", "j", "m", "a", "1", "'", "a");
  expect(contextOf(state)).toBe("files");
  expect(state.positions.files).toMatchObject({ key: "2", index: 2 });
  press("g", "m", "b", "G", "'", "b", "'", "'");
  expect(state.positions.files.index).toBe(3);
});

test("a mark is named by a letter, and Esc names none", () => {
  press("2", "'");
  expect(state.message?.text).toContain("no mark yet");
  press("m", "escape");
  expect(state.marking).toBeNull();
  press("m", "up");
  expect(state.marks).toEqual({});
  expect(state.message?.text).toContain("letter");
  press("m", "x", "'", "y");
  expect(state.message?.text).toContain("no mark y");
});

test("a and s open in details too, and o says where there is one order only", () => {
  for (const tab of DETAIL_TABS.keys()) {
    press("escape", "escape", "escape");
    openTab(tab);
    press("a");
    expect(state.prompt?.kind).toBe("add");
    press("escape", "s");
    expect(state.prompt?.kind).toBe("share");
    press("escape", "o");
    if (state.menu === null) expect(state.message?.text).toBe("This has one order only.");
  }
  press("escape", "3", "o");
  expect(state.message?.text).toBe("This has one order only.");
});

test("why a tab is empty is said to its end", () => {
  happened({ type: "resized", columns: 60, rows: 24 });
  show(transferRow("folder", { private: true, trackers: [] }));
  happened({ type: "snapshot", snapshot: { ...state.snapshot, trackers: [] } });
  openTab(3);
  const { main } = drawScreen(state, createTheme("mono", false));
  const lines = main.type === "one" ? main.lines : [];
  expect(lines.find((line) => line.includes("This torrent is private"))).toContain("alone may know");
  expect(lines.join("")).toContain(" of it, and it names none.");
});

test("a mark on what is gone says so, and leads nowhere", () => {
  show(transferRow("aaa", { files: FILES, fileCount: 4 }), transferRow("bbb"));
  press("2", "g", "m", "a", "return", "tab", "tab", "m", "b", "escape", "G");
  show(transferRow("bbb"));
  for (const mark of ["a", "b"]) {
    press("1", "'", mark);
    expect(state).toMatchObject({ pane: "available", details: null, message: { level: "warning" } });
    expect(state.message?.text).toContain("is gone");
  }
});

test("what a filter hides is shown again when a mark leads there", () => {
  show(transferRow("aaa"), transferRow("bbb"));
  press("2", "g", "m", "a", "/", "b", "b", "b", "return");
  expect(state.lists.transfers).toHaveLength(1);
  press("'", "a");
  expect(state.lists.transfers[state.positions.transfers.index]?.transfer.name).toBe("aaa");
});

test("several transfers are paused, moved in the queue and removed together", () => {
  show(transferRow("aaa"), transferRow("bbb"), transferRow("ccc"));
  press("2", "v", "v", "space", "K", "S", "x");
  expect(commands().map((command) => (command as { method: string }).method)).toEqual([
    "pause",
    "pause",
    "move",
    "move",
    "set-transfer",
    "set-transfer",
  ]);
  expect(state.question?.lines.join("\n")).toMatch(/Remove 2 transfers\?[^]*aaa[^]*bbb/);
  press("y");
  expect(commands().slice(6)).toEqual(
    ["aaa", "bbb"].map((name) => ({ method: "remove", infoHash: transferRow(name).infoHash, withData: false })),
  );
  expect(state.chosen.transfers.size).toBe(0);
});

test("the `:` line sets the selected transfer, and waits for the answer", () => {
  press("2", ":", ..."ratio", "space", "2", "return");
  expect(commands()).toEqual([{ method: "set-transfer", infoHash, ratioLimit: 2 }]);
  expect(state.prompt?.waiting).toBe(true);
  show();
  press("escape", ":", ..."ratio", "space", "2", "return");
  expect(state.message?.text).toContain("select one in pane 2");
});

test("`:doctor` says what the engine found, or that all is well", () => {
  const doctor = {
    pid: 1,
    version: "0.1.0",
    uptimeSeconds: 3723,
    loopDelayMs: { median: 1, p99: 3, max: 9 },
    cpuSeconds: 4,
    rssBytes: 120e6,
    heapBytes: 1,
    bufferBytes: 1,
    descriptors: { open: 34, limit: 1024 },
    port: 6881,
    peers: 0,
    dialing: 0,
    transfers: 0,
    pieceBytes: 0,
    socketBytes: 0,
    dht: null,
    lan: null,
    portMapping: null,
    findings: [] as string[],
  };
  const asked = (findings: string[]): string | undefined => {
    press(":", ..."doctor", "return");
    const { command, generation } = effects.findLast((effect) => effect.type === "send")!;
    const reply = { ok: true, text: displayText(""), doctor: { ...doctor, findings } } as const;
    happened({ type: "replied", command, generation, reply });
    expect(state.prompt).toBeNull();
    return state.message?.text;
  };
  expect(asked([])).toBe("All is well: up 1:02:03, 120 MB, loop 3 ms late, 34 of 1 024 descriptors.");
  expect(asked(["The disk is slow."])).toBe("The disk is slow.");
  expect(asked(["The disk is slow.", "So is the loop."])).toBe("The disk is slow. And 1 more finding.");
});

test("v goes from transfer to transfer, and on a peer chooses the transfer that it is of", () => {
  const peers = [peerRow("10.0.0.1:1"), peerRow("10.0.0.2:1")];
  show(transferRow("aaa", { peers }), transferRow("bbb", { peers }));
  press("2", "l", "v");
  expect(state.positions.transfers.key).toBe(transferRow("bbb").infoHash);
  press("k", "v");
  expect(state.chosen.transfers.size).toBe(0);
  press("k", "v", "V");
  expect(state.chosen.transfers).toEqual(new Set(["aaa", "bbb"].map((name) => transferRow(name).infoHash)));
});

test.each(DETAIL_TABS.map((tab) => [tab] as const))("at every width each line of %s ends with its frame", (tab) => {
  start(sampleSnapshot());
  const theme = createTheme("mono", false);
  press("2", "return");
  for (let columns = 60; columns <= 140; columns++) {
    happened({ type: "resized", columns, rows: 24 });
    state = { ...state, details: { ...state.details!, tab } };
    press("down", "up");
    const { main } = drawScreen(state, theme);
    if (main.type !== "one") throw new Error("no details are open");
    for (const line of main.lines) expect(columnsOf(line), `${columns} columns: ${line}`).toBe(columns);
  }
});
