// Makes media/viewer.svg from the real viewer: `node media/make.ts [COMMAND ARGUMENT...]`, by default `sta demo` from dist/.
// The command runs in a pseudo terminal of 120x36; the scene below waits for the screen and types; then the screen is drawn.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { terminalSvg } from "./terminal-svg.ts";

const COLUMNS = 120;
const ROWS = 36;
const PICTURE = fileURLToPath(new URL("viewer.svg", import.meta.url));
const BIN = fileURLToPath(new URL("../dist/source/bin.js", import.meta.url));

/** What the screen must show, and what is typed then. */
const SCENE: readonly { readonly shows: RegExp; readonly type: string }[] = [
  // The swarm is there: sorted by size, the two smallest files are fetched.
  { shows: /1 Available[\s\S]*[●◐]/, type: "oG\rk\r" },
  // They are there: some of their pieces are given to the others, and the largest file is fetched.
  { shows: /got [\s\S]*got /, type: "ug\r" },
  { shows: /↓ .* (?:[3-8][0-9]) % .* left/, type: "2gl" },
  { shows: /piece \d/, type: "" },
];
const PATIENCE_MS = 120_000;

const [command = process.execPath, ...given] = process.argv.slice(2);
const args = process.argv.length > 2 ? given : [BIN, "demo"];
const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", NO_COLOR: "" };
const screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
const viewer = spawn(command, args, { cols: COLUMNS, rows: ROWS, env });
viewer.onData((data) => screen.write(data));
const ended = new Promise<void>((resolve) => viewer.onExit(() => resolve()));

for (const { shows, type } of SCENE) {
  await untilShown(shows);
  viewer.write(type);
}
// The frame that is being written when the last word comes is let in whole.
await new Promise((resolve) => setTimeout(resolve, 300));
writeFileSync(PICTURE, terminalSvg(screen, "sta downloads a file from several peers at once"));
console.log(`wrote ${PICTURE}`);
viewer.write("q");
await ended;

async function untilShown(what: RegExp): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!what.test(textOf())) {
    if (performance.now() > end) {
      viewer.kill();
      throw new Error(`the viewer did not show ${what} within ${PATIENCE_MS / 1000} s; it shows:\n${textOf()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function textOf(): string {
  const buffer = screen.buffer.active;
  return Array.from({ length: ROWS }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? "").join("\n");
}
