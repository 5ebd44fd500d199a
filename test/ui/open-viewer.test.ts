// The end of the viewer on a terminal that goes away while it is being opened.
import { Writable } from "node:stream";
import { expect, test, vi } from "vitest";
import { sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";
import { VirtualTerminal } from "./virtual-terminal.ts";

const { openViewer } = await import("../../source/ui/open-viewer.tsx");

function openOn(terminal: VirtualTerminal) {
  vi.stubEnv("TERM", "xterm-256color");
  const { stdin, stdout } = terminal;
  return openViewer({ client: new ScriptedClient(sampleSnapshot()), stdin, stdout, ascii: true });
}

test("a terminal that goes away under the first frame ends the viewer", async () => {
  const terminal = new VirtualTerminal(80, 24);
  // As Node does: what fails is not thrown but said by the stream, at once.
  terminal.stdin.setRawMode = () => {
    terminal.stdin.emit("error", new Error("setRawMode EIO"));
    return terminal.stdin;
  };
  expect(await openOn(terminal)).toEqual({ reason: "terminal-gone" });
});

test("what was typed before the first frame does not move it", async () => {
  const terminal = new VirtualTerminal(80, 24);
  // As the terminal echoes it, until the viewer takes it over.
  terminal.stdout.write("Starting ...\njjj");
  const ended = openOn(terminal);
  await terminal.shows("1 Available");
  await terminal.settled();
  expect(terminal.rows()[0]).toMatch(/^ sta \* tracker/);
  terminal.type("q");
  expect(await ended).toEqual({ reason: "quit" });
});

test("a terminal that takes no first frame ends the viewer", async () => {
  const terminal = new VirtualTerminal(80, 24);
  const write = (_chunk: unknown, _encoding: unknown, done: (error: Error) => void) => done(new Error("write EIO"));
  const stdout = Object.assign(new Writable({ write }), { isTTY: true, columns: 80, rows: 24 });
  Object.assign(terminal, { stdout });
  expect(await openOn(terminal)).toEqual({ reason: "terminal-gone" });
});
