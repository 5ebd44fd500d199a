// The viewer on a virtual terminal: keys go in through stdin, commands come out of the client.
import { Buffer } from "node:buffer";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Reply } from "../../source/control/contract.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { openViewer, type ViewerEnd } from "../../source/ui/open-viewer.tsx";
import { sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";
import { HIDDEN, writtenText } from "../helpers/written-text.ts";
import { hostileSnapshot } from "./hostile-names.ts";
import { VirtualTerminal } from "./virtual-terminal.ts";

/** Bold, faint, inverse, their ends, five colours and their end. */
const OUR_STYLES = new Set([0, 1, 2, 7, 22, 27, 31, 32, 33, 35, 36, 39]);

let terminal: VirtualTerminal;
let client: ScriptedClient;
let ended: Promise<ViewerEnd>;

function open(columns = 80, rows = 24, snapshot = sampleSnapshot()): void {
  terminal = new VirtualTerminal(columns, rows);
  client = new ScriptedClient(snapshot);
  ended = openViewer({ client, stdin: terminal.stdin, stdout: terminal.stdout, ascii: false });
}

beforeEach(() => {
  vi.stubEnv("TERM", "xterm-256color");
  vi.stubEnv("TZ", "UTC");
});

afterEach(async () => {
  terminal.type("\u0003");
  await ended;
  vi.unstubAllEnvs();
});

test("a line typed at once, with its Enter, in one input", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type(":DOWNLOAD: test.pdf\r");
  await terminal.shows("download: done.");
  expect(client.commands).toEqual([{ method: "download", target: "test.pdf" }]);
});

test("a line typed key by key, with a mistake taken back", async () => {
  open();
  await terminal.shows("Transfers");
  for (const key of [":", "u", "p", "l", "o", "a", "d", " ", "x", "\u007f", "a", ".", "i", "s", "o"]) {
    terminal.type(key);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await terminal.shows(":upload a.iso");
  terminal.type("\r");
  await terminal.shows("push: done.");
  expect(client.commands).toEqual([{ method: "push", target: "a.iso", count: 1 }]);
});

test("a character is put where the cursor was moved to", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type(":dwnload x");
  await terminal.shows(":dwnload x");
  for (let moves = 0; moves < 8; moves++) terminal.type("\u001b[D");
  terminal.type("o");
  await terminal.shows(":download x");
});

test("a line is edited as in a shell", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type(":ownload tst.pdf");
  await terminal.shows(":ownload tst.pdf");
  // Home, Ctrl-E, Alt-B, Ctrl-←, Ctrl-→, Alt-F, Ctrl-A: each as terminals send it.
  terminal.type("\u001b[Hd\u001b[F!");
  await terminal.shows(":download tst.pdf!");
  terminal.type("\u007f\u0001\u001b[1;5C\u001b[1;5C\u001b[1;5C\u001b[1;5D\u001b[1;5D\u001b[Ce");
  await terminal.shows(":download test.pdf");
  terminal.type("\u0001\u001b[3~\u0004D\u0005\u001bb\u000b");
  await terminal.shows(/:Dwnload test\.\s/);
  terminal.type("\u0015upload: a.iso\u001bOH\u001bf\u001bOF\r");
  await terminal.shows("push: done.");
  expect(client.commands).toEqual([{ method: "push", target: "a.iso", count: 1 }]);
});

test("the cursor of a long line is in sight", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type(`s/start/${"deep/".repeat(30)}end`);
  await terminal.shows("deep/end");
  terminal.type("\u0001");
  await terminal.shows("Share: /start/deep/");
  terminal.type("/new");
  await terminal.shows("Share: /new/start/deep/");
});

test("a control key leaves no letter in the line", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type("s/srv");
  await terminal.shows("Share: /srv");
  terminal.type("\u0005");
  terminal.type("\u0012");
  terminal.type("x");
  await terminal.shows("Share: /srvx");
});

test("while the engine is asked the line waits, and a refusal gives it back to be mended", async () => {
  open();
  await terminal.shows("Transfers");
  const { promise, resolve } = Promise.withResolvers<Reply>();
  client.answer = () => promise;
  terminal.type("anope\r");
  await vi.waitFor(() => expect(client.commands).toHaveLength(1));
  terminal.type("jjj");
  await terminal.settled();
  resolve({ ok: false, code: "not-found", text: displayText("File does not exist in the swarm: nope.") });
  await terminal.shows("! File does not exist in the swarm: nope.");
  await terminal.shows("Add: nope");
  terminal.type("t");
  await terminal.shows("Add: nopet");
});

test("of a line longer than the screen its end is shown", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type(`s/srv/${"deep/".repeat(30)}end`);
  await terminal.shows("deep/end");
  expect(terminal.rows()).toHaveLength(24);
});

test("a cut escape sequence neither closes nor moves anything but Esc itself", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type("j");
  await terminal.shows(/▌ backup\.mkv/);
  terminal.type("\u001b");
  await terminal.settled();
  terminal.type("[A");
  await terminal.settled();
  expect(terminal.text()).toMatch(/▌ backup\.mkv/);
});

test("Esc twice at once closes the line and what stands below it", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type("A");
  await terminal.shows("Add films");
  terminal.type("f");
  await terminal.shows("Into the folder:");
  terminal.type("\u001b\u001b");
  await terminal.shows("1 Available");
  expect(terminal.text()).not.toContain("Into the folder:");
});

test("a bracketed paste of a magnet opens `a` with it", async () => {
  open();
  await terminal.shows("Transfers");
  await vi.waitFor(() => expect(terminal.bytes).toContain("\u001b[?2004h"));
  const magnet = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567";
  terminal.type(`\u001b[200~${magnet}\r\nq\u001b[201~`);
  await terminal.shows("def01234567");
  expect(client.commands).toEqual([]);
  terminal.type("\r");
  await terminal.shows(/Add films ━+ 3 files/);
  terminal.type(" \r");
  await terminal.shows("download: done.");
  expect(client.commands).toEqual([
    { method: "inspect", target: magnet },
    { method: "download", target: magnet, files: [1, 2] },
  ]);
});

test("y sends the link to the clipboard of the terminal", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type("y");
  await terminal.shows("Copied the magnet link of a.iso.");
  const sent = terminal.bytes.split("\u001b]52;c;")[1]?.split("\u0007")[0];
  expect(Buffer.from(sent!, "base64").toString()).toMatch(/^magnet:\?xt=urn:btih:[0-9a-f]{40}&dn=a\.iso$/);
});

test("Ctrl-L draws everything anew", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.stdout.write("\u001b[Hgarbage from elsewhere\u001b[2J");
  await terminal.settled();
  expect(terminal.text()).not.toContain("Transfers");
  terminal.type("\u000c");
  await terminal.shows("Transfers");
});

test("leaving restores the primary screen, autowrap, cursor and paste mode", async () => {
  open();
  await terminal.shows("Transfers");
  expect(terminal.onAlternateScreen).toBe(true);
  terminal.type(":exit\r");
  expect(await ended).toEqual({ reason: "quit" });
  await terminal.settled();
  expect(terminal.onAlternateScreen).toBe(false);
  for (const [mode, state] of Object.entries({ 25: "h", 7: "h", 2004: "l" })) {
    expect(terminal.bytes.lastIndexOf(`\u001b[?${mode}${state}`)).toBeGreaterThan(
      terminal.bytes.lastIndexOf(`\u001b[?${mode}${state === "h" ? "l" : "h"}`),
    );
  }
  expect(client.closed).toBe(false);
});

test("stopping the engine asks, and ends with its answer", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.type("Qy");
  expect(await ended).toEqual({ reason: "stop-engine" });
  expect(client.commands).toEqual([{ method: "stop" }]);
});

test("an engine that cannot be stopped is said, and the viewer stays", async () => {
  open();
  await terminal.shows("Transfers");
  client.answer = () => ({ ok: false, code: "engine-gone", text: displayText("The engine does not answer.") });
  terminal.type("Qy");
  await terminal.shows("! The engine does not answer.");
});

test("the end of input ends the viewer, and not a byte is written after it", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.stdin.emit("end");
  const before = terminal.bytes;
  expect(await ended).toEqual({ reason: "terminal-gone" });
  client.change((snapshot) => ({ ...snapshot, transfers: [] }));
  await terminal.settled();
  expect(terminal.bytes).toBe(before);
});

test("a write that fails ends the viewer", async () => {
  open();
  await terminal.shows("Transfers");
  terminal.stdout.emit("error", Object.assign(new Error("write EIO"), { code: "EIO" }));
  expect(await ended).toEqual({ reason: "terminal-gone" });
});

test("names of strangers command nothing: every escape sequence is one of ours", async () => {
  open(120, 36, hostileSnapshot());
  await terminal.shows("Transfers");
  for (const keys of [
    "2l",
    "X",
    "n",
    "\r",
    "\t",
    "j",
    "\t",
    "v",
    "\t",
    "\t",
    "k",
    "\t",
    "\u001b",
    "3kk",
    "z",
    "\u001b",
  ]) {
    terminal.type(keys);
    await terminal.settled();
  }
  const rest = writtenText(terminal.bytes);
  expect(rest.match(HIDDEN)).toBeNull();
  expect(rest).not.toMatch(/\u0301{5}/);
  // oxlint-disable-next-line no-control-regex -- styles begin with Esc
  const codes = [...terminal.bytes.matchAll(/\u001b\[([\d;]*)m/g)].flatMap(([, list]) => list!.split(";").map(Number));
  expect(codes.filter((code) => !OUR_STYLES.has(code))).toEqual([]);
});
