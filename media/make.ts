// Makes the pictures of the readme and a recording from the real viewer: `node media/make.ts [COMMAND ARGUMENT...]`, by default
// `sta demo` from dist/. The command runs in a pseudo terminal of 120x36; the scene below waits for the screen, draws it where it is
// worth a picture, and types.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { Cast } from "./cast.ts";
import { Steady } from "./steady.ts";
import { terminalSvg } from "./terminal-svg.ts";

const COLUMNS = 120;
const ROWS = 36;
const BIN = fileURLToPath(new URL("../dist/source/bin.js", import.meta.url));
const PATIENCE_MS = 120_000;
/** A key now and then, as people type. */
const KEY_MS = 120;
/** A frame is whole when nothing more of it comes. */
const QUIET_MS = 30;
/** What one looks at before the next key. */
const LOOK_MS = 900;

const folder = mkdtempSync(join(tmpdir(), "sta-media-"));
const torrent = join(folder, "films.torrent");
const FILMS = ["season 1/one.mkv", "season 1/two.mkv", "season 2/three.mkv", "extras/notes.txt"];

interface Step {
  /** What the screen must show. */
  readonly shows: RegExp;
  /** The picture that is drawn of it then, and what it says to who cannot see it. */
  readonly picture?: readonly [file: string, title: string];
  /** What is typed then. */
  readonly keys: readonly string[];
}

const SCENE: readonly Step[] = [
  // The swarm is there: the two smallest files are fetched.
  { shows: /1 Available[\s\S]*[●◐]/, keys: ["G", "\r", "k", "k", "\r"] },
  // They are there: some of their pieces are given to the others, and the largest file is fetched.
  { shows: /got [\s\S]*got /, keys: ["u", "j", "\r"] },
  { shows: /↓ .* (?:[2-7][0-9]) % .* left/, keys: ["2", "g", "l"] },
  {
    shows: /piece +\d/,
    picture: ["viewer.svg", "sta downloads a file from several peers at once"],
    keys: ["\r"],
  },
  {
    shows: /\[pieces/,
    picture: ["pieces.svg", "the pieces of a transfer, and how many peers hold each"],
    keys: ["\u001b", `\u001b[200~${torrent}\u001b[201~`, "\r"],
  },
  { shows: /Add films/, keys: [" ", "j", " "] },
  {
    shows: /\d of \d, .* of /,
    picture: ["adding.svg", "the files of a torrent are chosen before it starts"],
    keys: ["\u001b", "/", ..."size>5M & !done"],
  },
  { shows: /\/size>5M & !done \d of \d/, keys: ["\r", "q"] },
];

const [command = process.execPath, ...given] = process.argv.slice(2);
const args = process.argv.length > 2 ? given : [BIN, "demo"];
const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", NO_COLOR: "" };
const title = "sta: a swarm client for the terminal";
const cast = new Cast(COLUMNS, ROWS, title);
const steady = new Steady();
const screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });

try {
  makeTorrent();
  await play();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function play(): Promise<void> {
  const viewer = spawn(command, args, { cols: COLUMNS, rows: ROWS, env });
  const ended = new Promise<void>((resolve) => viewer.onExit(() => resolve()));
  let frame = "";
  let quiet: NodeJS.Timeout | undefined;
  const show = (): void => {
    const shown = steady.text(frame);
    frame = "";
    screen.write(shown);
    cast.wrote(shown, performance.now());
  };
  viewer.onData((data) => {
    frame += data;
    clearTimeout(quiet);
    quiet = setTimeout(show, QUIET_MS);
  });
  try {
    for (const { shows, picture, keys } of SCENE) {
      await untilShown(shows);
      if (picture !== undefined) {
        await pause(LOOK_MS);
        write(picture[0], terminalSvg(screen, picture[1]));
        await pause(LOOK_MS);
      }
      for (const key of keys) {
        viewer.write(key);
        await pause(KEY_MS);
      }
    }
    await ended;
  } catch (error) {
    viewer.kill();
    throw error;
  }
  write("viewer.cast", cast.toString());
}

/** A folder of files that nobody else has. */
function makeTorrent(): void {
  const films = join(folder, "films");
  for (const name of ["extras", "season 1", "season 2"]) mkdirSync(join(films, name), { recursive: true });
  for (const [index, name] of FILMS.entries()) {
    writeFileSync(join(films, name), Buffer.alloc((4 - index) * 1_234_567, index));
  }
  const { status, stderr } = spawnSync(process.execPath, [BIN, "create", films, "-o", torrent], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the torrent was not made: ${stderr}`);
}

function write(file: string, content: string): void {
  writeFileSync(new URL(file, import.meta.url), content);
  console.log(`wrote media/${file}, ${(content.length / 1000).toFixed(0)} kB`);
}

async function untilShown(what: RegExp): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!what.test(textOf())) {
    if (performance.now() > end) {
      throw new Error(`the viewer did not show ${what} within ${PATIENCE_MS / 1000} s; it shows:\n${textOf()}`);
    }
    await pause(50);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function textOf(): string {
  const buffer = screen.buffer.active;
  return Array.from({ length: ROWS }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? "").join("\n");
}
