// The viewer in a real pseudo terminal: how it starts, how it ends, and what it leaves behind. Needs a build.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn, type IPty } from "@lydell/node-pty";
import { afterEach, beforeEach, expect, test } from "vitest";

const RUNNER = fileURLToPath(new URL("viewer-runner.ts", import.meta.url));
const BUILT = fileURLToPath(new URL("../../dist/source/chunks/open-viewer.js", import.meta.url));

let folder: string;
let terminal: IPty;
let bytes: string;
let exited: Promise<number>;

interface Report {
  readonly pid: number;
  readonly reason?: string;
  readonly signal?: string;
  readonly error?: string;
  readonly cpuMs?: number;
}

beforeEach(() => {
  if (!existsSync(BUILT)) throw new Error("dist/ has no viewer; run `npm run build` first.");
  folder = mkdtempSync(join(tmpdir(), "sta-pty-"));
});

afterEach(() => {
  terminal.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const inFolder = (name: string): string => join(folder, name);
const quoted = (text: string): string => `'${text}'`;
const runViewer = (mishap = ""): string =>
  [process.execPath, "--disable-warning=ExperimentalWarning", RUNNER, inFolder("report"), mishap].map(quoted).join(" ");

function start(file: string, args: string[], environment: NodeJS.ProcessEnv = {}): void {
  bytes = "";
  const env = {
    ...process.env,
    TERM: "xterm-256color",
    LC_ALL: "C.UTF-8",
    NO_COLOR: "",
    PS1: "prompt$ ",
    HISTFILE: "",
    ...environment,
  };
  terminal = spawn(file, args, { cols: 80, rows: 24, cwd: folder, env });
  terminal.onData((data) => {
    bytes += data;
  });
  exited = new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
}

/** A shell that notes the modes of the terminal before and after the viewer. */
function startBetweenModes(mishap?: string, environment?: NodeJS.ProcessEnv): void {
  start("bash", ["-c", `stty -a > before; ${runViewer(mishap)}; code=$?; stty -a > after; exit $code`], environment);
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const end = performance.now() + 8000;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`${what} did not come; the terminal has:\n${JSON.stringify(bytes)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const written = (what: string | RegExp): Promise<true> =>
  until(`${what}`, () => (typeof what === "string" ? bytes.includes(what) : what.test(bytes)) && (true as const));

function report(): Report {
  return JSON.parse(readFileSync(inFolder("report"), "utf8")) as Report;
}

function expectTerminalRestored(): void {
  const modes = (name: string): string => readFileSync(inFolder(name), "utf8").replace(/rows \d+; columns \d+/, "");
  expect(modes("after")).toBe(modes("before"));
  // Primary screen, cursor, autowrap, and no bracketed paste: each the last word that was said of it.
  for (const [mode, state] of Object.entries({ 1049: "l", 25: "h", 7: "h", 2004: "l" })) {
    expect(
      `${mode}${bytes
        .match(new RegExp(`\\u001b\\[\\?${mode}([hl])`, "g"))
        ?.at(-1)
        ?.at(-1)}`,
    ).toBe(`${mode}${state}`);
  }
}

test.each([
  ["q", "q", { reason: "quit" }],
  ["Ctrl-C", "\u0003", { reason: "quit" }],
  ["Q", "Qy", { reason: "stop-engine" }],
])("after %s the terminal is as it was before", async (_name, keys, outcome) => {
  startBetweenModes();
  await written("Transfers");
  terminal.write(keys);
  expect(await exited).toBe(0);
  expect(report()).toMatchObject(outcome);
  expectTerminalRestored();
});

test("after SIGTERM the terminal is as it was before", async () => {
  startBetweenModes();
  await written("Transfers");
  process.kill(report().pid, "SIGTERM");
  await exited;
  expect(report()).toMatchObject({ reason: "quit", signal: "SIGTERM" });
  expectTerminalRestored();
});

test.each([
  ["throw-in-a-timer", "a mishap in a timer"],
  ["throw-in-a-frame", "null"],
])("after a crash (%s) the terminal is as it was before, and the error is known", async (mishap, error) => {
  startBetweenModes(mishap);
  await written("Transfers");
  terminal.write("d");
  await exited;
  expect(report()).toMatchObject({ reason: "crash", error: expect.stringContaining(error) });
  expectTerminalRestored();
});

test("Ctrl-Z gives the terminal back to the shell, and fg draws the viewer again", async () => {
  start("bash", ["--norc", "--noediting", "-i"]);
  await written("prompt$ ");
  terminal.write(`stty -a > before; ${runViewer()}\r`);
  await written("Transfers");
  terminal.write("\u001a");
  await written("Stopped");
  terminal.write("stty -a > after\r");
  await until("after", () => existsSync(inFolder("after")) && readFileSync(inFolder("after"), "utf8") !== "");
  expectTerminalRestored();
  rmSync(inFolder("after"));
  bytes = "";
  terminal.write("fg\r");
  await written("Transfers");
  expect(bytes).toContain("\u001b[?1049h");
  terminal.write("q");
  await until("the end", () => report().reason !== undefined);
  await written("prompt$ ");
  terminal.write("stty -a > after\r");
  await until("after", () => existsSync(inFolder("after")) && readFileSync(inFolder("after"), "utf8") !== "");
  expectTerminalRestored();
});

/** As an SSH link that breaks: the kernel hangs up, and all further reads and writes fail. */
function closeTerminal(): void {
  (terminal as unknown as { destroy(): void }).destroy();
}

/** Not a turn later: the frame is seen here while the viewer still sets up what comes behind it. */
function closeAtTheFirstFrame(): Promise<void> {
  return new Promise((resolve) => {
    const listening = terminal.onData(() => {
      if (!bytes.includes("Transfers")) return;
      listening.dispose();
      closeTerminal();
      resolve();
    });
  });
}

async function closeLater(): Promise<void> {
  await written("Transfers");
  const frames = bytes.length;
  await until("a second frame", () => bytes.length > frames);
  closeTerminal();
}

test.each([
  ["while it draws its first frame", closeAtTheFirstFrame],
  ["later", closeLater],
])("a terminal that is closed %s ends the viewer at once, without spinning", async (_when, closed) => {
  start(process.execPath, ["--disable-warning=ExperimentalWarning", RUNNER, inFolder("report")]);
  await closed();
  const closedAt = performance.now();
  const { pid } = report();
  await until("the end", () => report().reason !== undefined);
  expect(performance.now() - closedAt).toBeLessThan(2000);
  expect(report().reason).toBe("terminal-gone");
  expect(report().cpuMs).toBeLessThan(5000);
  await until("the end of the process", () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
});

test("a new size is used at once", async () => {
  startBetweenModes();
  await written("Transfers");
  terminal.resize(50, 10);
  await written("sta needs 60x15, this is 50x10");
  terminal.resize(120, 36);
  await written("port 6881");
  terminal.write("q");
  await exited;
  expectTerminalRestored();
});

test("a storm of sizes, from 1x1 to 500x200, is lived through and ends in the last one", async () => {
  startBetweenModes();
  await written("Transfers");
  const sizes = [
    [1, 1],
    [500, 200],
    [2, 50],
    [120, 1],
    [60, 15],
    [59, 14],
    [200, 3],
    [1, 200],
    [80, 24],
  ] as const;
  for (let round = 0; round < 40; round++) {
    const [columns, rows] = sizes[round % sizes.length]!;
    terminal.resize(columns, rows);
    terminal.write("jl2?\t".charAt(round % 5));
    if (round % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  terminal.resize(1, 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  bytes = "";
  terminal.resize(101, 31);
  // The status line of 101 columns, and no more.
  await written(/sta.*12 peers, 7 files.*12\.0 MB\/s/);
  terminal.write("\u0003");
  expect(await exited).toBe(0);
  expect(report()).toMatchObject({ reason: "quit" });
  expectTerminalRestored();
});

test("with LANG=C nothing but ASCII is written, and the terminal is as it was before", async () => {
  startBetweenModes("", { LC_ALL: "C", LANG: "C" });
  await written("Transfers");
  terminal.write("2\r\t\t?");
  await written("Help");
  terminal.write("\u0003");
  expect(await exited).toBe(0);
  // oxlint-disable-next-line no-control-regex -- every byte counts
  expect(bytes).toMatch(/^[\u0000-\u007f]*$/);
  expectTerminalRestored();
});

test("with TERM=dumb one sentence says so, and nothing is drawn", async () => {
  startBetweenModes("", { TERM: "dumb" });
  expect(await exited).toBe(1);
  expect(bytes.trim()).toBe(
    "sta cannot draw on this terminal (TERM is dumb or not set); set TERM, or use `sta ls` and `sta get`.",
  );
  expect(readFileSync(inFolder("after"), "utf8")).toBe(readFileSync(inFolder("before"), "utf8"));
});

test("without a terminal one sentence says so, and nothing is drawn", () => {
  start("true", []);
  const args = ["--disable-warning=ExperimentalWarning", RUNNER, inFolder("report")];
  const ran = spawnSync(process.execPath, args, { input: "", encoding: "utf8" });
  expect(ran.status).toBe(1);
  expect(ran.stdout).toBe("");
  expect(ran.stderr).toMatch(/^sta cannot read keys, because its input is not a terminal; .*\n$/);
});
