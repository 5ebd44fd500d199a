import { beforeEach, expect, test } from "vitest";
import type { InspectedTorrent, Reply, Snapshot, TrackerStatus } from "../../source/control/contract.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { tooMuch } from "../../source/ui/adding.ts";
import { wantsTracker } from "../../source/ui/first-run.ts";
import { openPrompt } from "../../source/ui/prompt.ts";
import { initialState } from "../../source/ui/initial-state.ts";
import { update } from "../../source/ui/update.ts";
import { contextOf, type Effect, type ViewEvent, type ViewState } from "../../source/ui/view-state.ts";
import {
  catalogueRow,
  emptySnapshot,
  fileRow,
  inspectedTorrent,
  peerRow,
  sampleSnapshot,
  transferRow,
} from "../helpers/scripted-client.ts";

let state: ViewState;
let effects: Effect[];

function start(snapshot: Snapshot): void {
  const places = { home: "/home/ann", folder: "/work" };
  state = initialState(snapshot, 120, 36, { ascii: false, lowBandwidth: false, places, quitLabel: "leave" });
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

function reply(given: Reply): void {
  const sent = effects.findLast((effect) => effect.type === "send")!;
  happened({ type: "replied", command: sent.command, generation: sent.generation, reply: given });
}

const selectedName = (): string | undefined => state.lists.available[state.positions.available.index]?.row.name;
const commands = (): object[] => effects.filter((effect) => effect.type === "send").map(({ command }) => command);

beforeEach(() => start(sampleSnapshot()));

test("the selection follows its row when rows move", () => {
  press("j", "j");
  expect(selectedName()).toBe("disk.img");
  const catalogue = [catalogueRow("aaa"), catalogueRow("aab"), ...sampleSnapshot().catalogue];
  happened({ type: "snapshot", snapshot: { ...sampleSnapshot(), catalogue } });
  expect(selectedName()).toBe("disk.img");
  expect(state.positions.available.index).toBe(4);
});

test("a selected row that goes leaves the selection where it stood", () => {
  press("j", "j");
  const catalogue = sampleSnapshot().catalogue.filter(({ name }) => name !== "disk.img");
  happened({ type: "snapshot", snapshot: { ...sampleSnapshot(), catalogue } });
  expect(selectedName()).toBe("file1.txt");
  happened({ type: "snapshot", snapshot: emptySnapshot() });
  expect(state.positions.available).toEqual({ key: null, index: 0, top: 0 });
  press("j", "return", "x", "u", "y", "space");
  expect(commands()).toEqual([]);
});

test("the window keeps the selection in sight over a thousand rows", () => {
  start({ ...emptySnapshot(), catalogue: Array.from({ length: 1000 }, (_, index) => catalogueRow(`file ${index}`)) });
  press("G");
  expect(state.positions.available.index).toBe(999);
  const { top } = state.positions.available;
  expect(top).toBeGreaterThan(980);
  press("k");
  expect(state.positions.available.top).toBe(top);
  press("g");
  expect(state.positions.available).toMatchObject({ index: 0, top: 0 });
  press("pagedown", "pagedown", "pageup");
  expect(state.positions.available.index).toBeGreaterThan(1);
});

test("Enter downloads, and opens the details of what is on its way already", () => {
  press("return");
  expect(commands()).toEqual([{ method: "download", target: state.lists.available[0]!.row.infoHash }]);
  press("j", "j", "return");
  expect(state.details?.infoHash).toBe(sampleSnapshot().transfers[2]!.infoHash);
  expect(contextOf(state)).toBe("pieces");
});

test("a download that was just started shows its peers", () => {
  press("j", "return");
  const { infoHash } = state.lists.available[1]!.row;
  reply({ ok: true, text: displayText("Downloading backup.mkv."), infoHash });
  const started = transferRow("backup.mkv", { infoHash, peers: [peerRow("10.0.0.6:1"), peerRow("10.0.0.7:1")] });
  happened({ type: "snapshot", snapshot: { ...sampleSnapshot(), transfers: [started] } });
  expect(state.lists.transfers).toHaveLength(3);
});

test("Space pauses what runs and resumes what is paused", () => {
  press("2", "space", "j", "j", "space");
  expect(commands()).toMatchObject([{ method: "pause" }, { method: "resume" }]);
});

test("u gives one piece, U keeps giving", () => {
  press("2", "u", "U");
  expect(commands()).toMatchObject([
    { method: "push", count: 1 },
    { method: "push", count: 1, keep: true },
  ]);
  expect(commands()[0]).not.toHaveProperty("keep");
});

test("an opened transfer shows its peers; left goes back to it", () => {
  press("2", "l", "j", "j");
  expect(state.lists.transfers[state.positions.transfers.index]?.peer?.address).toBe("10.0.0.7:6885");
  press("h");
  expect(state.lists.transfers).toHaveLength(3);
  expect(state.positions.transfers.index).toBe(0);
});

test.each([
  ["x", false],
  ["X", true],
])("%s asks first, and only y says yes", (key, withData) => {
  press("2");
  for (const no of ["return", "escape", "n", "q"]) {
    press(key);
    expect(state.question?.lines.join(" ")).toContain("video.mkv");
    press(no);
    expect(state.question).toBeNull();
  }
  press(key, key);
  expect(commands()).toEqual([]);
  expect(state.question).not.toBeNull();
  press("y");
  expect(commands()).toEqual([{ method: "remove", infoHash: sampleSnapshot().transfers[0]!.infoHash, withData }]);
});

test("a question is about the transfer it named, wherever the selection goes, and goes with it", () => {
  press("2", "X");
  const others = sampleSnapshot().transfers.slice(1);
  happened({ type: "snapshot", snapshot: { ...sampleSnapshot(), transfers: others } });
  expect(state.question).toBeNull();
  press("y");
  expect(commands()).toEqual([]);
});

test("Q asks while transfers run, and stops at once when none does", () => {
  press("Q");
  expect(state.question?.lines.join(" ")).toContain("video.mkv and 1 other");
  press("y");
  expect(commands()).toEqual([{ method: "stop" }]);
  reply({ ok: true, text: displayText("stopping") });
  expect(effects.at(-1)).toEqual({ type: "leave", reason: "stop-engine" });
  start(emptySnapshot());
  press("Q");
  expect(commands()).toEqual([{ method: "stop" }]);
});

test.each(["seeding", "waiting", "checking", "error"] as const)("Q asks while a transfer is %s", (transferState) => {
  start({ ...emptySnapshot(), transfers: [transferRow("a.iso", { state: transferState })] });
  press("Q");
  expect(commands()).toEqual([]);
  expect(state.question?.lines).toEqual([
    "Stop the engine while a.iso runs?",
    "It goes on when the engine is started again.",
  ]);
});

test("Q stops at once when every transfer is paused", () => {
  start({ ...emptySnapshot(), transfers: [transferRow("a.iso", { state: "paused" })] });
  press("Q");
  expect(commands()).toEqual([{ method: "stop" }]);
});

test("Esc closes one thing at a time and never leaves", () => {
  press("z", "/", "m", "k", "v", "return", "?", "escape", "escape", "escape", "escape", "escape");
  expect(state).toMatchObject({ help: null, zoomed: false, prompt: null, filters: { available: "" } });
  expect(effects).toEqual([]);
});

test("a filter acts while it is typed; Enter keeps it, Esc drops it", () => {
  press("/", "M", "K", "V");
  expect(state.lists.available.map(({ row }) => row.name)).toEqual(["backup.mkv", "video.mkv"]);
  press("down");
  expect(selectedName()).toBe("video.mkv");
  press("return");
  expect(state.filters.available).toBe("MKV");
  press("/", "escape");
  expect(state.filters.available).toBe("");
  expect(selectedName()).toBe("video.mkv");
});

test("a filter is the language of all; while it is a mistake the last one that was none goes on", () => {
  press("/", ..."size>1M!iso".split(""));
  const shown = state.lists.available.map(({ row }) => row.name);
  expect(shown).toEqual(["backup.mkv", "disk.img", "video.mkv", "写真 2025 夏.zip"]);
  press("space", "&");
  expect(state.prompt?.value).toBe("size>1M!iso &");
  expect(state.lists.available.map(({ row }) => row.name)).toEqual(shown);
  press("return");
  expect(state.message).toMatchObject({ level: "warning", text: expect.stringContaining("This is no filter") });
  expect(state.prompt).not.toBeNull();
  press(..."mkv".split(""), "return");
  expect(state).toMatchObject({ prompt: null, filters: { available: "size>1M!iso &mkv" } });
});

test("Broadcasts follow until one scrolls, and G follows again", () => {
  const said = (count: number): Snapshot => ({
    ...emptySnapshot(),
    broadcasts: Array.from({ length: count }, (_, seq) => ({
      seq,
      at: 0,
      kind: "notice" as const,
      text: displayText(`notice ${seq}`),
    })),
  });
  start(said(50));
  expect(state.positions.broadcasts.index).toBe(49);
  press("3", "k");
  expect(state.following.broadcasts).toBe(false);
  happened({ type: "snapshot", snapshot: said(60) });
  expect(state.positions.broadcasts.key).toBe("48");
  press("G");
  happened({ type: "snapshot", snapshot: said(61) });
  expect(state.positions.broadcasts.index).toBe(60);
});

test("a wrong line answers, does nothing and stays typed", () => {
  press(":", "x", "y", "z", "return");
  expect(state.message).toMatchObject({ level: "warning", text: expect.stringContaining("Wrong format: ") });
  expect(state.prompt?.value).toBe("xyz");
  expect(effects).toEqual([]);
});

test("a line that the engine refuses stays typed, one that it takes closes", () => {
  press(":", ..."UPLOAD:".split(""), "space", "n", "o", "return");
  expect(state.prompt?.waiting).toBe(true);
  reply({ ok: false, code: "not-held", text: displayText("You have no piece of no to give.") });
  expect(state.prompt).toMatchObject({ value: "UPLOAD: no", waiting: false });
  expect(state.message).toMatchObject({ level: "warning", text: "You have no piece of no to give." });
  press("return");
  reply({ ok: true, text: displayText("Gave 1 piece.") });
  expect(state.prompt).toBeNull();
  expect(state.message).toMatchObject({ level: "information", text: "Gave 1 piece." });
});

test("an answer that comes after Esc does not reopen or close anything", () => {
  press("s", "/", "x", "return", "escape", "a", "y");
  reply({ ok: false, code: "file-problem", text: displayText("/x does not exist.") });
  expect(state.prompt).toMatchObject({ kind: "add", value: "y" });
  expect(state.message?.text).toBe("/x does not exist.");
});

test("Tab completes a path by what the engine has", () => {
  press("s", "~", "/", "f", "tab");
  expect(commands()).toEqual([{ method: "complete-path", prefix: "/home/ann/f" }]);
  reply({
    ok: true,
    text: displayText(""),
    paths: ["/home/ann/films/", "/home/ann/films.txt"].map(displayText),
  });
  expect(state.prompt).toMatchObject({ value: "/home/ann/films", candidates: { length: 2 } });
  press("/");
  expect(state.prompt?.candidates).toEqual([]);
});

test("Tab offers no name that is not called as it is shown", () => {
  const names = ["a\u001b[31mred.iso", `a${"x".repeat(600)}`, "plain.iso", "a.iso"];
  start({ ...emptySnapshot(), catalogue: names.map((name) => catalogueRow(name)) });
  press(":", ..."download", "space", "a", "tab");
  expect(state.prompt).toMatchObject({ value: "download a.iso", candidates: [] });
  press("ctrl-u", ..."download", "space", "a", "x", "tab");
  expect(state.prompt?.value).toBe("download ax");
  expect(state.message).toMatchObject({ level: "warning", text: expect.stringContaining("cannot be typed") });
});

test("what the engine says of paths that it does not offer is said", () => {
  press("s", "/", "x", "tab");
  reply({ ok: true, text: displayText("What begins with /x cannot be typed."), paths: [] });
  expect(state.message).toMatchObject({ level: "warning", text: "What begins with /x cannot be typed." });
});

test("Tab completes the address of a tracker to be let go", () => {
  press(":", ..."untrack", "space", "1", "tab");
  expect(state.prompt?.value).toBe("untrack 10.0.0.5:5000");
});

test("Tab completes a name behind the colon of DOWNLOAD:, with a space between or without", () => {
  press(":", ..."DOWNLOAD:te", "tab");
  expect(state.prompt?.value).toBe("DOWNLOAD:test.pdf");
});

test("what the next letter marks is said until it comes", () => {
  press("m");
  happened({ type: "message-expired", id: state.message!.id });
  expect(state).toMatchObject({ marking: "set", message: { text: "Mark this row: type a letter." } });
  press("escape");
  expect(state).toMatchObject({ marking: null, message: null });
});

test("the arrows bring back the lines of `:` that were done", () => {
  for (const line of ["ratio 2", "move top", "ratio 2", "nonsense"]) {
    press("2", ":", ...Array.from(line, (key) => (key === " " ? "space" : key)));
    press("return", "escape");
  }
  const shown = (...keys: string[]): string | undefined => {
    press(...keys);
    return state.prompt?.value;
  };
  expect(shown(":", "up")).toBe("ratio 2");
  expect(shown("up")).toBe("move top");
  expect(shown("up")).toBe("move top");
  expect(shown("down")).toBe("ratio 2");
  expect(shown("down", "down")).toBe("");
  expect(shown("s", "e", "up", "up")).toBe("move top");
  expect(shown("down", "down")).toBe("se");
  expect(shown("escape", "a", "up")).toBe("");
  press("escape", ":", "up", "return");
  expect(commands().at(-1)).toMatchObject({ method: "set-transfer", ratioLimit: 2 });
});

test(":help opens help", () => {
  press(":", ..."help", "return");
  expect(state).toMatchObject({ prompt: null, help: { top: 0, search: "" } });
  expect(effects).toEqual([]);
});

test("a completion that comes after more was typed is dropped", () => {
  press("s", "/", "f", "tab", "o");
  reply({ ok: true, text: displayText(""), paths: [displayText("/films/")] });
  expect(state.prompt?.value).toBe("/fo");
});

test("Tab completes names and words of the `:` line", () => {
  press(":", "d", "o", "w", "tab");
  expect(state.prompt?.value).toBe("download ");
  press("t", "e", "tab");
  expect(state.prompt?.value).toBe("download test.pdf");
  press("ctrl-w", "q", "q", "tab");
  expect(state.message?.text).toBe('Nothing begins with "qq".');
  press("ctrl-u");
  expect(state.prompt?.value).toBe("");
});

test("what was erased by words, or to an end, comes back with Ctrl-Y, all of it that was erased at a stretch", () => {
  press(":", ..."one", "space", ..."two", "space", ..."three", "ctrl-w", "ctrl-w", "ctrl-y");
  expect(state.prompt?.value).toBe("one two three");
  press("ctrl-a", "ctrl-right", "ctrl-k", "ctrl-u", "ctrl-y", "ctrl-y");
  expect(state.prompt?.value).toBe("one two threeone two three");
  press("ctrl-u", "x", "backspace", "ctrl-w", "escape", "a", "ctrl-y");
  expect(state.prompt).toMatchObject({ kind: "add", value: "one two threeone two three" });
  press("left", "left", "ctrl-u", "ctrl-e", "ctrl-u", "ctrl-y");
  expect(state.prompt?.value).toBe("ee");
});

test("what is pasted opens `a` with its first line, without controls, and does not do it", () => {
  happened({ type: "pasted", text: "\n magnet:?xt=urn:btih:\u001b[31mabc\u0007 \nrm -rf /" });
  expect(state.prompt).toMatchObject({ kind: "add", value: "magnet:?xt=urn:btih:[31mabc" });
  expect(effects).toEqual([]);
  happened({ type: "pasted", text: "def" });
  expect(state.prompt?.value).toBe("magnet:?xt=urn:btih:[31mabcdef");
});

test("of several lines that are pasted the first is taken, and that is said", () => {
  happened({ type: "pasted", text: "a.iso\n" });
  expect(state.message).toBeNull();
  happened({ type: "pasted", text: "\nb.iso\r\n\r\nc.iso\n" });
  expect(state.prompt?.value).toBe("a.isob.iso");
  expect(state.message).toMatchObject({ level: "warning", text: expect.stringContaining("first of 2 lines") });
  press("return");
  const waiting = state;
  happened({ type: "pasted", text: "d\ne" });
  expect(state).toEqual(waiting);
});

const LOOKED_AT = inspectedTorrent();

function lookAt(target: string, torrent: InspectedTorrent = LOOKED_AT): void {
  happened({ type: "pasted", text: target });
  press("return");
  expect(commands().at(-1)).toEqual({ method: "inspect", target });
  reply({ ok: true, text: displayText("films: 9.0 GB."), infoHash: torrent.infoHash, torrent });
}

test("what is added is looked at first: its files are chosen, then it starts", () => {
  lookAt("https://example.org/films.torrent");
  expect(contextOf(state)).toBe("adding");
  expect(state.adding!.wanted).toEqual({ files: 3, bytes: 9_000_000_000 });
  expect(tooMuch(state.adding!)).toBe(4_000_000_000);
  press("j", "space");
  expect(state.adding!.wanted).toEqual({ files: 2, bytes: 4_500_000_000 });
  expect(tooMuch(state.adding!)).toBe(0);
  press("s", "return");
  const { infoHash } = LOOKED_AT;
  expect(commands().at(-1)).toEqual({ method: "download", target: infoHash, files: [0, 2], sequential: true });
  expect(state).toMatchObject({ adding: null, pane: "transfers" });
});

test("a magnet link starts as it was pasted, for the peers it names", () => {
  const magnet = `magnet:?xt=urn:btih:${LOOKED_AT.infoHash}&x.pe=10.0.0.9:6881`;
  lookAt(magnet);
  press("return");
  expect(commands().at(-1)).toEqual({ method: "download", target: magnet });
});

test("files that a magnet link leaves out are off at first, and all are asked for when all are chosen", () => {
  const magnet = `magnet:?xt=urn:btih:${LOOKED_AT.infoHash}&so=1`;
  const files = LOOKED_AT.files.map((file) => (file.index === 1 ? file : { ...file, off: true as const }));
  lookAt(magnet, { ...LOOKED_AT, files });
  expect(state.adding).toMatchObject({ off: new Set([0, 2]), wanted: { files: 1 } });
  press("return");
  expect(commands().at(-1)).toEqual({ method: "download", target: magnet, files: [1] });
  lookAt(magnet, { ...LOOKED_AT, files });
  press("j", "space", "a", "return");
  expect(commands().at(-1)).toEqual({ method: "download", target: magnet, files: "all" });
});

test("a search leaves the files it names, which one key chooses and drops", () => {
  lookAt("films");
  press("/", ..."mkv".split(""), "return", "a");
  expect([...state.adding!.off]).toEqual([0, 1]);
  press("a");
  expect([...state.adding!.off]).toEqual([]);
  press("/", "escape", "a", "return");
  expect(state.message).toMatchObject({ level: "warning", text: expect.stringContaining("No file is chosen") });
  expect(commands().at(-1)).toMatchObject({ method: "inspect" });
});

test("another folder is looked at again, for the room in it", () => {
  lookAt("films");
  press("space", "f", "ctrl-u", ..."/big".split(""), "tab");
  reply({ ok: true, text: displayText(""), paths: ["/big.txt", "/big/"].map(displayText) });
  expect(state.prompt?.value).toBe("/big/");
  press("return");
  expect(commands().at(-1)).toEqual({ method: "inspect", target: "films", folder: "/big/" });
  reply({ ok: true, text: displayText(""), torrent: { ...LOOKED_AT, folder: "/big", freeBytes: 1e13 } });
  expect(state.adding).toMatchObject({ folder: "/big/", torrent: { freeBytes: 1e13 }, off: new Set([0]) });
  press("return");
  expect(commands().at(-1)).toMatchObject({ method: "download", folder: "/big/", files: [1, 2] });
});

test("Esc gives up what is looked for, and its answer opens nothing", () => {
  happened({ type: "pasted", text: "magnet:?xt=urn:btih:x" });
  press("return");
  expect(state.prompt?.waiting).toBe(true);
  press("escape");
  reply({ ok: true, text: displayText("films: 9.0 GB."), torrent: LOOKED_AT });
  expect(state).toMatchObject({ adding: null, prompt: null, message: null });
  happened({ type: "pasted", text: "nothing" });
  press("return");
  reply({ ok: false, code: "not-found", text: displayText("File does not exist in the swarm: nothing.") });
  expect(state).toMatchObject({ adding: null, prompt: { value: "nothing", waiting: false } });
});

test("what is here already is not added again", () => {
  const { infoHash } = sampleSnapshot().transfers[0]!;
  lookAt("video.mkv", { ...LOOKED_AT, infoHash, name: "video.mkv" });
  expect(state).toMatchObject({ adding: null, message: { text: "video.mkv is among the transfers already." } });
});

test("files are called by their places in the torrent, where padding has places too", () => {
  const files = [0, 2, 4].map((index) => ({ index, path: `file ${index}`, length: 1 }));
  lookAt("padded", { ...LOOKED_AT, files });
  press("j", "space", "return");
  expect(commands().at(-1)).toMatchObject({ method: "download", files: [0, 4] });
});

test("a folder is chosen and dropped as a whole, and opened with the arrows", () => {
  const files = ["a/1", "a/2", "b/c/3", "4"].map((path, index) => ({ index, path, length: 10 ** index }));
  lookAt("tree", { ...LOOKED_AT, files });
  const shown = () => state.adding!.rows.map(({ key }) => key);
  expect(shown()).toEqual(["a/", "0", "1", "b/", "b/c/", "2", "3"]);
  press("space");
  expect([...state.adding!.off]).toEqual([0, 1]);
  expect(state.adding).toMatchObject({ index: 3, wanted: { files: 2, bytes: 1100 } });
  press("space");
  expect([...state.adding!.off]).toEqual([0, 1, 2]);
  press("g", "l", "space");
  expect(state.adding!.wantedBelow.get("a/")).toEqual({ files: 1, bytes: 1 });
  press("left", "left");
  expect(shown()).toEqual(["a/", "b/", "b/c/", "2", "3"]);
  press("j", "left", "right", "right", "right", "right");
  expect(state.adding!.rows[state.adding!.index]!.key).toBe("2");
  press("return");
  expect(commands().at(-1)).toMatchObject({ method: "download", files: [0, 3] });
});

test("a search in the files shows their paths, and Esc the tree again", () => {
  const files = ["a/one.mkv", "a/two.srt", "b/three.mkv"].map((path, index) => ({ index, path, length: 1 }));
  lookAt("tree", { ...LOOKED_AT, files });
  press("/", ..."mkv".split(""));
  expect(state.adding!.rows.map(({ name }) => name)).toEqual(["a/one.mkv", "b/three.mkv"]);
  press("return", "space", "escape");
  expect(state.adding!.rows.map(({ name }) => name)).toEqual(["a/", "one.mkv", "two.srt", "b/", "three.mkv"]);
  expect([...state.adding!.off]).toEqual([0]);
  press("escape");
  expect(state.adding).toBeNull();
});

test("the file that a search has found stays selected in the tree, in however many closed folders", () => {
  const paths = Array.from({ length: 300 }, (_, index) => `${index % 7}/deep/file ${index}`);
  lookAt("tree", { ...LOOKED_AT, files: paths.map((path, index) => ({ index, path, length: 1 })) });
  press("/", ..."file 12".split(""), "return", "j", "j", "j");
  const { key } = state.adding!.rows[state.adding!.index]!;
  press("escape");
  expect(state.adding!.rows).toHaveLength(7 + 1 + 43);
  expect(state.adding!.rows[state.adding!.index]).toMatchObject({ key, depth: 2 });
});

test.each([["return", "escape"], ["escape"]])(
  "a filter that goes leaves the file of the tree selected (%s)",
  (...keys) => {
    const files = Array.from({ length: 300 }, (_, index) => fileRow(index, `${index % 7}/file ${index}`, 1, 0));
    start({ ...emptySnapshot(), transfers: [transferRow("tree", { files, fileCount: 300 })] });
    press("2", "return", "tab", "tab", "/", ..."file 12".split(""), "down", "down", "down");
    const { key } = state.positions.files;
    press(...keys);
    expect(state.filters.files).toBe("");
    expect(state.positions.files.key).toBe(key);
    expect(state.lists.files[state.positions.files.index]).toMatchObject({ key, row: { depth: 1 } });
  },
);

test("of several commands of one key, what went wrong with one is not lost behind the others", () => {
  press("2", "V", "c");
  const sent = effects.filter((effect) => effect.type === "send");
  expect(sent).toHaveLength(3);
  const answer = (index: number, given: Reply): void =>
    happened({ type: "replied", command: sent[index]!.command, generation: null, reply: given });
  answer(0, { ok: true, text: displayText("Checking a.") });
  expect(state.message?.text).toBe("Checking a.");
  answer(1, { ok: false, code: "failed", text: displayText("b is in use.") });
  answer(2, { ok: true, text: displayText("Checking c.") });
  expect(state.message).toMatchObject({ level: "warning", text: "b is in use." });
});

test("of several commands of one line, what went wrong with one is not lost behind the others", () => {
  press("2", "V", ":", ..."move", "space", ..."top", "return");
  const sent = effects.filter((effect) => effect.type === "send");
  expect(sent).toHaveLength(3);
  const answer = (index: number, given: Reply): void => {
    const { command, generation } = sent[index]!;
    happened({ type: "replied", command, generation, reply: given });
  };
  answer(0, { ok: false, code: "failed", text: displayText("a is not queued.") });
  answer(1, { ok: true, text: displayText("b comes first.") });
  expect(state).toMatchObject({ prompt: { value: "move top", waiting: false }, message: { text: "a is not queued." } });
});

test("a hundred thousand files are scrolled in a window", () => {
  const files = Array.from({ length: 100_000 }, (_, index) => ({ index, path: `file ${index}`, length: 1 }));
  lookAt("many", { ...LOOKED_AT, files });
  press("G", "space", "k");
  expect(state.adding).toMatchObject({ index: 99_998 });
  expect(state.adding!.top).toBeGreaterThan(99_900);
  press("g");
  expect(state.adding).toMatchObject({ index: 0, top: 0 });
});

test("Tab offers only torrents and folders to what is added", () => {
  press("a", "/", "x", "tab");
  reply({ ok: true, text: displayText(""), paths: ["/x.iso", "/x.torrent", "/xy/"].map(displayText) });
  expect(state.prompt).toMatchObject({ value: "/x", candidates: ["/x.torrent", "/xy/"] });
});

const asksForTracker = (): void => {
  const snapshot = { ...emptySnapshot(), trackers: [] };
  start(snapshot);
  expect(wantsTracker(snapshot)).toBe(true);
  state = openPrompt(state, "tracker", "");
};
const tried = (row: Partial<TrackerStatus>): void =>
  happened({
    type: "snapshot",
    snapshot: { ...emptySnapshot(), trackers: [{ ...emptySnapshot().trackers[0]!, ...row }] },
  });

test("the first run asks for a tracker, tries it, and says what it offers", () => {
  asksForTracker();
  press(..."http://10.0.0.5:5000/".split(""), "return");
  expect(commands()).toEqual([{ method: "add-tracker", address: "10.0.0.5:5000" }]);
  reply({ ok: true, text: displayText("Connecting to the tracker 10.0.0.5:5000.") });
  tried({ state: "connecting" });
  expect(state.prompt?.waiting).toBe(true);
  tried({ state: "connected", peers: 12, files: 7 });
  expect(state).toMatchObject({
    prompt: null,
    message: { text: "The tracker 10.0.0.5:5000 is there: 12 peers, 7 files." },
  });
  expect(wantsTracker(state.snapshot)).toBe(false);
});

test("a tracker that does not work is said in words, and another takes its place", () => {
  asksForTracker();
  press(..."wrong:1".split(""), "return");
  reply({ ok: true, text: displayText("Connecting.") });
  tried({ state: "waiting", problem: displayText("no tracker answers at wrong:1.") });
  expect(state.prompt).toMatchObject({
    waiting: false,
    problem: expect.stringMatching(/^no tracker answers at wrong:1\./),
  });
  press("ctrl-u", ..."right".split(""), "return");
  expect(commands().slice(1)).toEqual([
    { method: "remove-tracker", address: "wrong:1" },
    { method: "add-tracker", address: "right" },
  ]);
  press("escape");
  expect(commands().at(-1)).toEqual({ method: "remove-tracker", address: "right" });
  reply({ ok: true, text: displayText("Removed the tracker right.") });
  expect(state).toMatchObject({ prompt: null, message: null });
});

test("Enter keeps a tracker that is away", () => {
  asksForTracker();
  press(..."away".split(""), "return");
  tried({ state: "refused", problem: null });
  press("return");
  expect(state).toMatchObject({ prompt: null, message: { level: "information" } });
  expect(commands()).toHaveLength(1);
});

test("a torrent that is pasted while a tracker is asked for is added all the same", () => {
  asksForTracker();
  happened({ type: "pasted", text: "'/home/ann/a b.torrent'" });
  expect(state.prompt).toMatchObject({ kind: "add", value: "/home/ann/a b.torrent" });
  asksForTracker();
  happened({ type: "pasted", text: "10.0.0.5:5000" });
  expect(state.prompt).toMatchObject({ kind: "tracker", value: "10.0.0.5:5000" });
});

test.each([
  ["file:///home/ann/a%20b.torrent", "/home/ann/a b.torrent"],
  ["file:///home/ann/100%.torrent", "/home/ann/100%.torrent"],
  ['"/x/y"', "/x/y"],
  ["it's", "it's"],
])("%s is pasted as %s", (text, value) => {
  happened({ type: "pasted", text });
  expect(state.prompt).toMatchObject({ kind: "add", value });
  press("escape", "s");
  happened({ type: "pasted", text });
  expect(state.prompt).toMatchObject({ kind: "share", value });
});

test("A looks into a file of the swarm before it starts", () => {
  press("A");
  const { infoHash } = state.lists.available[0]!.row;
  expect(commands()).toEqual([{ method: "inspect", target: infoHash }]);
  reply({ ok: true, text: displayText(""), torrent: { ...LOOKED_AT, infoHash } });
  press("space", "return");
  expect(commands().at(-1)).toEqual({ method: "download", target: infoHash, files: [1, 2] });
});

test("none is an answer too, and what is no address is said", () => {
  asksForTracker();
  press(..."a b".split("").map((key) => (key === " " ? "space" : key)), "return");
  expect(state.message).toMatchObject({ level: "warning", text: expect.stringContaining("HOST:PORT") });
  expect(commands()).toEqual([]);
  press("ctrl-u", ..."None".split(""), "return");
  expect(commands()).toEqual([{ method: "no-tracker" }]);
  reply({ ok: true, text: displayText("Only torrents, then.") });
  expect(state.prompt).toBeNull();
  const { engine } = emptySnapshot();
  expect(wantsTracker({ ...emptySnapshot(), trackers: [], engine: { ...engine, trackerless: true } })).toBe(false);
});

test("what is pasted does not stand beside a message about something else", () => {
  press("s", "x", "return");
  reply({ ok: false, code: "file-problem", text: displayText("There is no file x.") });
  press("escape");
  expect(state.message).not.toBeNull();
  happened({ type: "pasted", text: "video.mkv" });
  expect(state.message).toBeNull();
});

test("nothing pasted answers a question", () => {
  press("2", "X");
  happened({ type: "pasted", text: "y" });
  expect(state.question).not.toBeNull();
  expect(state.prompt).toBeNull();
});

test("y copies a magnet link that another client reads", () => {
  press("y");
  const { infoHash } = state.lists.available[0]!.row;
  expect(effects).toEqual([{ type: "copy", text: `magnet:?xt=urn:btih:${infoHash}&dn=a.iso` }]);
});

test("details turn their tabs both ways and close when their transfer goes", () => {
  press("2", "return", "l", "tab");
  expect(state.details?.tab).toBe("files");
  press("shift-tab", "h", "h");
  expect(state.details?.tab).toBe("graph");
  happened({ type: "snapshot", snapshot: emptySnapshot() });
  expect(state.details).toBeNull();
});

test("a tab shows the window around its selection, which stops at the end and comes back at once", () => {
  const files = Array.from({ length: 100 }, (_, index) => ({
    index,
    path: displayText(`file ${index}`),
    length: 1,
    heldBytes: 0,
    priority: "normal" as const,
  }));
  start({ ...emptySnapshot(), transfers: [transferRow("many", { files, fileCount: 100 })] });
  press("2", "return", "l", "l", "G");
  const bottom = state.positions.files.top;
  expect(state.positions.files.index).toBe(99);
  expect(bottom).toBeGreaterThan(60);
  expect(bottom).toBeLessThan(100);
  press("j", "k");
  expect(state.positions.files).toMatchObject({ index: 98, top: bottom });
});

test("a message goes with the next key, or with its own timer but no other's", () => {
  press("2", "space");
  reply({ ok: true, text: displayText("Paused video.mkv.") });
  const { id } = state.message!;
  happened({ type: "message-expired", id: id - 1 });
  expect(state.message?.text).toBe("Paused video.mkv.");
  happened({ type: "message-expired", id });
  expect(state.message).toBeNull();
  reply({ ok: true, text: displayText("again") });
  press("j");
  expect(state.message).toBeNull();
});

test("the same snapshot again, or a key that means nothing, changes nothing", () => {
  const before = state;
  happened({ type: "snapshot", snapshot: before.snapshot });
  press("%", "backspace");
  expect(state).toBe(before);
});

test("rows that did not change keep their identity", () => {
  const { available, broadcasts } = state.lists;
  happened({ type: "snapshot", snapshot: { ...state.snapshot, transfers: [] } });
  expect(state.lists.available).toBe(available);
  expect(state.lists.broadcasts).toBe(broadcasts);
});
