// The engine that a command works with: inside the command, running already, or started now.
import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { ControlClient, ControlError } from "../control/client.ts";
import type { Command, EngineClient, EngineEvents } from "../control/contract.ts";
import { controlSocketPath } from "../control/socket-path.ts";
import { addressText } from "../engine/address-text.ts";
import type { EngineOptions } from "../engine/engine-options.ts";
import type { Engine } from "../engine/engine.ts";
import { trackerText } from "../engine/tracker-address.ts";
import { isLoopback } from "../protocol/tracker/endpoint.ts";
import { StateInUseError } from "../storage/state-folder.ts";
import { StorageError } from "../storage/errors.ts";
import { logOf } from "./engine-log.ts";
import { NoEngineError } from "./no-engine-error.ts";
import type { Options } from "./options.ts";
import { EXIT, tell } from "./output.ts";
import { ownLimits, withoutLimits } from "./own-limits.ts";
import { loadSettings, rememberLimits, rememberTracker } from "./settings.ts";
import { version } from "../program/version.ts";

export type RunningEngine = EngineClient & EngineEvents;

/** The port peers are used to. */
const DEFAULT_PORT = 6_881;

/** From the lock of its state to its control socket an engine reads its torrents, thousands in a second. */
const START_MS = 10_000;

/** An engine inside this process, with who hears that it is asked to stop and what happens in it. Throws NoEngineError. */
export async function startEngine(options: Options, hear: Pick<EngineOptions, "onStop" | "onEvent">): Promise<Engine> {
  // What is young dies at once: after 1 GiB over loopback 124 MB resident instead of 129, with 1 000 idle torrents 108 instead of 171, at the same speed.
  setFlagsFromString("--semi-space-growth-factor=1");
  try {
    // Most commands speak with an engine that runs already: they start without all that one is.
    const { Engine } = await import("../engine/engine.ts");
    const settings = await loadSettings(options);
    const isLocal = options.host !== undefined && isLoopback(options.host);
    const remember = oneAtATime((write: () => Promise<unknown>) => write());
    return await Engine.start({
      version: version(),
      home: options.home,
      folder: settings.folder,
      port: options.port ?? DEFAULT_PORT,
      isPortNamed: options.port !== undefined,
      host: options.host,
      trackers: settings.trackers,
      token: options.token,
      dht: settings.dht ? { nodes: options.dhtNodes ?? [] } : undefined,
      // Who listens on loopback is reached from this machine alone, and is no peer of its networks.
      lan: settings.lan && (options.lan ?? !isLocal),
      portMapping: settings.portMapping && !isLocal,
      // A command that runs an engine for itself does what it was told, and nothing else.
      watchedFolder: options.standalone ? (options.watchedFolder ?? undefined) : settings.watchedFolder,
      ...settings.limits,
      acceptPushes: options.acceptPushes ?? "catalogue",
      allocation: options.allocation,
      keptFreeBytes: options.keepFree,
      trackerless: settings.trackerless,
      rememberTracker: (tracker, wanted) => remember(() => rememberTracker(options.home, tracker, wanted)),
      rememberTrackerless: () => remember(() => rememberTracker(options.home, null, true)),
      rememberLimits: (limits) => remember(() => rememberLimits(options.home, limits)),
      ...hear,
    });
  } catch (error) {
    throw explain(error, options);
  }
}

/** The same function, of which each call waits for the one before: they read a file and write it anew. */
function oneAtATime<Values extends unknown[]>(act: (...values: Values) => Promise<unknown>) {
  let last: Promise<unknown> = Promise.resolve();
  return async (...values: Values): Promise<void> => {
    const done = last.then(() => act(...values));
    last = done.catch(() => undefined);
    await done;
  };
}

/** The running engine; undefined when none runs. Throws NoEngineError when it cannot be spoken with. */
export async function findEngine(options: Options): Promise<RunningEngine | undefined> {
  try {
    return await ControlClient.connect(controlSocketPath(options.home, options.environment));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code === "not-running") return undefined;
    throw new NoEngineError(error.message);
  }
}

/** What only an engine that starts can heed. */
const STARTING_FLAGS = {
  folder: "--dir",
  watchedFolder: "--watch",
  port: "--port",
  host: "--host",
  dht: "--dht",
  dhtNodes: "--dht-node",
  lan: "--lan",
  portMapping: "--port-mapping",
  acceptPushes: "--accept-pushes",
  allocation: "--allocation",
  keepFree: "--keep-free",
} as const;

/** A line to stderr, as programs do. */
const tellAsSta = (text: string): void => tell(`sta: ${text}`);

/**
 * The engine for a command: its own with `--standalone`, else the running one, started if there is none. The command's
 * trackers are passed on, and its limits and folder too, unless they are those of a transfer that it adds. `warn` hears what a
 * running engine does not heed. Throws NoEngineError.
 */
export async function useEngine(
  said: Options,
  { addsTransfer = false, warn = tellAsSta } = {},
): Promise<RunningEngine> {
  const options = addsTransfer ? withoutLimits(said) : said;
  if (options.standalone) return startEngine(options, { onStop: () => undefined });
  const running = await findEngine(options);
  if (!running) return startDaemon(options, warn);
  await passOn(running, options, warn);
  const late = Object.entries(STARTING_FLAGS).flatMap(([name, flag]) => {
    const value = options[name as keyof typeof STARTING_FLAGS];
    if (value === undefined || (addsTransfer && name === "folder")) return [];
    return value === false ? [flag.replace("--", "--no-")] : [flag];
  });
  if (late.length > 0)
    warn(
      `An engine runs already; ${late.join(" and ")} ${late.length > 1 ? "are" : "is"} for one that starts: "sta stop" first.`,
    );
  return running;
}

async function passOn(engine: RunningEngine, options: Options, warn: (text: string) => void): Promise<void> {
  const ask = async (command: Command): Promise<void> => {
    const reply = await engine.send(command);
    if (!reply.ok) warn(reply.text);
  };
  for (const tracker of options.trackers) await ask({ method: "add-tracker", address: trackerText(tracker) });
  const { activeDownloads } = options;
  const limits = { ...ownLimits(options), ...(activeDownloads !== undefined && { activeDownloads }) };
  if (Object.keys(limits).length > 0) await ask({ method: "set-limits", ...limits });
}

/** Starts an engine that outlives this command, and waits until it can be spoken with. */
async function startDaemon(options: Options, warn: (text: string) => void): Promise<RunningEngine> {
  const child = spawn(process.execPath, [binPath(), "daemon", ...daemonFlags(options)], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...options.environment,
      // It works in another folder, where a relative path would mean another.
      ...(options.environment.STA_HOME && { STA_HOME: options.home }),
      // Not by a flag: command lines can be read by everybody on the machine.
      ...(options.token !== undefined && { STA_TOKEN: options.token }),
    },
    cwd: "/",
  });
  const problem = await untilReady(child, { log: logOf(options.home), warn });
  // Two commands that start one at the same time: only one of both owns the state, and the other's is as good.
  const engine = problem?.code === EXIT.inUse ? await findStartingEngine(options) : await findEngine(options);
  if (!engine) throw new NoEngineError(problem?.text ?? "The engine did not start.", problem?.code ?? EXIT.failed);
  if (problem) await passOn(engine, options, warn);
  return engine;
}

/** The engine that owns the state, which may have it before it listens; undefined when it does not come. */
async function findStartingEngine(options: Options): Promise<RunningEngine | undefined> {
  for (const deadline = performance.now() + START_MS; ;) {
    const engine = await findEngine(options);
    if (engine || performance.now() > deadline) return engine;
    await delay(50);
  }
}

/** The bin of this package, beside which this file was built. */
export function binPath(): string {
  return fileURLToPath(new URL("../bin.js", import.meta.url));
}

function daemonFlags(options: Options): string[] {
  const flags = options.trackers.flatMap((tracker) => ["--tracker", trackerText(tracker)]);
  if (options.folder !== undefined) flags.push("--dir", options.folder);
  if (options.watchedFolder !== undefined) flags.push("--watch", options.watchedFolder ?? "none");
  if (options.port !== undefined) flags.push("--port", String(options.port));
  if (options.host !== undefined) flags.push("--host", options.host);
  if (options.dht !== undefined) flags.push(options.dht ? "--dht" : "--no-dht");
  for (const node of options.dhtNodes ?? []) flags.push("--dht-node", addressText(node));
  if (options.lan !== undefined) flags.push(options.lan ? "--lan" : "--no-lan");
  if (options.portMapping !== undefined) flags.push(options.portMapping ? "--port-mapping" : "--no-port-mapping");
  if (options.limitDown !== undefined) flags.push("--limit-down", String(options.limitDown));
  if (options.limitUp !== undefined) flags.push("--limit-up", String(options.limitUp));
  if (options.activeDownloads !== undefined) flags.push("--active-downloads", String(options.activeDownloads));
  if (options.ratio !== undefined) flags.push("--ratio", String(options.ratio ?? "none"));
  if (options.acceptPushes !== undefined) flags.push("--accept-pushes", options.acceptPushes);
  if (options.allocation !== undefined) flags.push("--allocation", options.allocation);
  if (options.keepFree !== undefined) flags.push("--keep-free", String(options.keepFree));
  if (options.seedTime !== undefined) flags.push("--seed-time", String(options.seedTime ?? "none"));
  return flags;
}

interface Waiting {
  readonly log: string;
  readonly patienceMs?: number;
  /** Hears what it said before it was ready. */
  readonly warn: (text: string) => void;
}

/** Waits for the daemon's first line; what it said instead, if it ended or says nothing for `patienceMs`. */
export function untilReady(
  child: ChildProcess,
  { log, patienceMs = START_MS, warn }: Waiting,
): Promise<{ text: string; code: number } | undefined> {
  let said = "";
  return new Promise((resolve) => {
    const letGo = (problem?: { text: string; code: number }) => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve(problem);
    };
    const timer = setTimeout(() => {
      const text = `The engine (process ${child.pid}) has started, and is silent for ${Math.round(patienceMs / 1_000)} s:`;
      letGo({ text: `${text} ${log} may say why, and "kill ${child.pid}" ends it.`, code: EXIT.failed });
    }, patienceMs);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      timer.refresh();
    });
    child.once("error", (error) =>
      letGo({ text: `The engine cannot be started: ${error.message}.`, code: EXIT.failed }),
    );
    child.once("close", (code) =>
      letGo({ text: said.replace(/^sta: /, "").trim() || "The engine ended at once.", code: code ?? 1 }),
    );
    child.stdout?.once("data", () => {
      // What it wrote to stderr before may come behind.
      setImmediate(() => {
        for (const line of said.split("\n")) if (line !== "") warn(line.replace(/^sta: /, ""));
        letGo();
      });
    });
  });
}

function explain(error: unknown, options: Options): Error {
  if (error instanceof StateInUseError) return new NoEngineError(error.message, EXIT.inUse);
  if (error instanceof StorageError) return new NoEngineError(error.message);
  const { code, syscall } = error as NodeJS.ErrnoException;
  const port = options.port ?? DEFAULT_PORT;
  if (syscall === "listen" && code === "EADDRINUSE") {
    return new NoEngineError(`Port ${port} and the next 32 are in use: choose another with --port.`);
  }
  if (syscall === "listen" && code === "EACCES")
    return new NoEngineError(`Port ${port} may not be used: choose one above 1023 with --port.`);
  if (syscall === "listen" || syscall === "getaddrinfo")
    return new NoEngineError(`The address ${options.host ?? ""} cannot be listened on (${code}): check --host.`);
  return error as Error;
}

/** Folder of the built package. */
export function distPath(): string {
  return dirname(dirname(binPath()));
}
