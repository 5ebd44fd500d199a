// Lab: a temporary folder with real processes in it. What is started in a lab ends with it, and the folder goes too.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ControlClient } from "../../source/control/client.ts";
import type { Snapshot } from "../../source/control/contract.ts";
import { controlSocketPath } from "../../source/control/socket-path.ts";

const DIST = resolve(import.meta.dirname, "../../dist");

/** The bins as they are built. */
export const STA = join(DIST, "source/bin.js");
export const STA_TRACKER = join(DIST, "tracker/bin.js");

/** How long anything that is waited for may take, in milliseconds. */
export const DEADLINE_MS = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One line of `--json` output. */
export interface JsonLine {
  readonly event?: string;
  readonly [key: string]: unknown;
}

/** A process of the lab: its lines, and its end. */
export class Running {
  readonly child: ChildProcess;
  readonly name: string;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  /** Monotonic milliseconds: when it was started, and when it ended. */
  readonly startedAt = performance.now();
  endedAt: number | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
    child.stdin?.on("error", () => undefined);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#look();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#look();
    });
    child.once("exit", () => (this.endedAt = performance.now()));
    this.ended = new Promise((settle) => {
      child.once("error", (error) => {
        this.stderr += String(error);
        settle({ code: 127, signal: null });
      });
      child.once("close", (code, signal) => settle({ code, signal }));
    });
    void this.ended.then(() => this.#look());
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The first whole line of stdout that `matches`, once it is there. Rejects when the process ends without it. */
  line(matches: (line: string) => boolean, deadlineMs = DEADLINE_MS): Promise<string> {
    return this.#until("a line", () => this.stdout.split("\n").slice(0, -1).find(matches), deadlineMs);
  }

  /** The first JSON line with this `event`, once it is there. */
  async json(
    event: string,
    matches: (value: JsonLine) => boolean = () => true,
    deadlineMs = DEADLINE_MS,
  ): Promise<JsonLine> {
    const fits = (line: string) => {
      const value = parseLine(line);
      return value?.event === event && matches(value);
    };
    return parseLine(await this.line(fits, deadlineMs))!;
  }

  /** How it ended, once it has. */
  async end(deadlineMs = DEADLINE_MS): Promise<Ended> {
    await this.#until("the end", () => this.hasEnded || undefined, deadlineMs, false);
    return this.ended;
  }

  /** Sends `signal` and waits for the end; SIGKILL when that does not come. */
  async kill(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    if (!this.hasEnded && this.child.pid !== undefined) {
      this.child.kill(signal);
      const timer = setTimeout(() => this.child.kill("SIGKILL"), 7_000);
      await this.ended;
      clearTimeout(timer);
    }
    return this.ended;
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #until<Value>(what: string, look: () => Value | undefined, deadlineMs: number, endIsFailure = true): Promise<Value> {
    return new Promise((done, reject) => {
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        action();
      };
      const fail = (why: string) =>
        settle(() => reject(new Error(`${this.name}: ${what} did not come, ${why}.\n${this.stdout}\n${this.stderr}`)));
      const watcher = () => {
        const value = look();
        if (value !== undefined) settle(() => done(value));
        else if (endIsFailure && this.hasEnded) fail(`it ended with ${this.child.exitCode ?? this.child.signalCode}`);
      };
      const timer = setTimeout(() => fail(`${deadlineMs} ms have gone by`), deadlineMs);
      this.#watchers.add(watcher);
      watcher();
    });
  }
}

function parseLine(line: string): JsonLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as JsonLine;
  } catch {
    return undefined;
  }
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How the lab ends it: SIGTERM by default. */
  readonly endWith?: NodeJS.Signals;
}

export class Lab {
  readonly folder: string;
  readonly #running: { readonly running: Running; readonly endWith: NodeJS.Signals }[] = [];
  readonly #clients: ControlClient[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A new lab; `atEnd` is told how to close it (`onTestFinished` in tests). */
  static async open(atEnd?: (close: () => Promise<void>) => void, below = tmpdir()): Promise<Lab> {
    const lab = new Lab(await mkdtemp(join(below, "sta-lab-")));
    atEnd?.(() => lab.close());
    return lab;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A folder of the lab, made. */
  async makeFolder(...parts: string[]): Promise<string> {
    await mkdir(this.path(...parts), { recursive: true });
    return this.path(...parts);
  }

  /** Starts any program. Its stdin stays open until the lab is closed or the tests die. */
  start(
    file: string,
    args: readonly string[],
    { cwd = this.folder, env = {}, endWith = "SIGTERM" }: StartOptions = {},
  ): Running {
    const child = spawn(file, [...args], { cwd, env: this.environment(env), stdio: "pipe" });
    const running = new Running([file, ...args].join(" ").slice(0, 200), child);
    this.#running.push({ running, endWith });
    return running;
  }

  /** The environment of a process of the lab: nothing of the user's own state, folders and terminal. */
  environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: process.env.PATH ?? "", HOME: this.folder, TMPDIR: this.folder, LC_ALL: "C.UTF-8", ...more };
  }

  /** Runs a command line of `sta` with its state in the lab's folder `home`. */
  sta(home: string, args: readonly string[], options: StartOptions = {}): Running {
    return this.start(process.execPath, [STA, ...args], {
      ...options,
      env: { STA_HOME: this.path(home), ...options.env },
    });
  }

  /** An engine that runs until the lab is closed; downloads go to the lab's folder `HOME-files`. */
  async daemon(home: string, flags: readonly string[] = []): Promise<{ running: Running; port: number }> {
    const own = ["--host", "127.0.0.1", "--port", "0", "--dir", this.path(`${home}-files`), "--until-stdin-ends"];
    const running = this.sta(home, ["daemon", "--json", ...own, ...flags]);
    const { port } = await running.json("listening");
    return { running, port: Number(port) };
  }

  /** The engine that runs on `home`, over its control socket. */
  async engine(home: string): Promise<ControlClient> {
    const path = controlSocketPath(this.path(home), { STA_HOME: this.path(home) });
    const client = await ControlClient.connect(path);
    this.#clients.push(client);
    return client;
  }

  /** A tracker, once it listens. */
  async tracker(flags: readonly string[] = [], port = 0): Promise<{ running: Running; address: string; port: number }> {
    const own = ["--host", "127.0.0.1", "--port", String(port), "--dir", this.path("tracker"), "--until-stdin-ends"];
    const running = this.start(process.execPath, [STA_TRACKER, ...own, ...flags]);
    const line = await running.line((text) => text.includes("listening on"));
    const address = line.slice(line.lastIndexOf(" ") + 1);
    return { running, address, port: Number(address.slice(address.lastIndexOf(":") + 1)) };
  }

  /** Ends all that was started here, by process id, and removes the folder. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#running.map(({ running, endWith }) => running.kill(endWith)));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The first snapshot that `matches`, or the one that there is. Rejects after `deadlineMs`. */
export function untilSnapshot(
  engine: ControlClient,
  what: string,
  matches: (snapshot: Snapshot) => boolean,
  deadlineMs = DEADLINE_MS,
): Promise<Snapshot> {
  return new Promise((done, reject) => {
    let stop: () => void = () => undefined;
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`${what} did not come in ${deadlineMs} ms: ${JSON.stringify(engine.getSnapshot())}`));
    }, deadlineMs);
    const look = () => {
      const snapshot = engine.getSnapshot();
      if (!matches(snapshot)) return;
      stop();
      clearTimeout(timer);
      done(snapshot);
    };
    stop = engine.subscribe(look);
    look();
  });
}

/** Asks every 20 ms until the answer is not undefined: for what tells nobody that it changes, such as a file. */
export async function until<Value>(
  what: string,
  ask: () => Value | undefined | Promise<Value | undefined>,
  deadlineMs = DEADLINE_MS,
): Promise<Value> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`${what} did not come in ${deadlineMs} ms.`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** A TCP port that is free now, for programs that cannot be told to choose one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
