// sta-tracker: argv to a running tracker, and signals to its end.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type SecureContextOptions, createSecureContext } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { ArgvError, type FlagsOf, parseArgv } from "../source/program/parse-argv.ts";
import { version } from "../source/program/version.ts";
import { displayText } from "../source/protocol/display-text.ts";
import { isIPv4, isIPv6 } from "../source/protocol/tracker/endpoint.ts";
import { type RunningTracker, createTracker } from "./server.ts";
import { LOG_LEVELS, type LogLevel, createLog } from "./log.ts";
import { addressOf } from "./peer-key.ts";
import { UnusableRedis } from "./unusable-redis.ts";

const help = (env: NodeJS.ProcessEnv) => `
  The tracker of a swarm: who has which pieces of what. It keeps torrents, never data.

  Usage
    $ sta-tracker [options]

  Options
    --host HOST     Address to listen on [0.0.0.0]; :: is IPv6 and IPv4
    --port PORT     TCP port, 0 for any free one [5000]
    --dir FOLDER    Where published torrents are kept [${defaultFolder(env)}]
    --keep DAYS     Forget torrents that nobody held for so long [for ever]
    --open          Serve announces of torrents nobody published, too
    --token SECRET  Ask every client for this secret
    --cert FILE     Speak TLS with this certificate chain and ...
    --key FILE      ... its key, both PEM; SIGHUP reads them anew
    --redis URL     Be one with other trackers: all is shared through this Redis or Valkey
    --trust-proxy [ADDRESSES]
                    Believe X-Forwarded-For of a proxy on this machine, and of those at ADDRESSES (a,b,c)
    --no-probe      Do not dial clients back to tell them whether others can
    --log-level LEVEL
                    error, warn, info or debug [info]
    --help, --version`;

const FLAGS = {
  host: { type: "string" },
  port: { type: "string" },
  dir: { type: "string" },
  keep: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  redis: { type: "string" },
  open: { type: "boolean" },
  token: { type: "string" },
  trustProxy: { type: "string", valueOptional: true },
  probe: { type: "boolean" },
  logLevel: { type: "string" },
  untilStdinEnds: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

const DAY_MS = 86_400_000;

/** What the command line needs of its process. */
export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Calls back whenever the process is told to read its files anew. */
  readonly onHangup: (reload: () => void) => void;
  /** Whether a person reads `err` as it comes. */
  readonly isTerminal: boolean;
  /** Resolves when the tracker is asked to end; with `untilStdinEnds` also when whoever started it is gone. */
  readonly ended: (untilStdinEnds: boolean) => Promise<void>;
}

/** Runs until a signal. Resolves to the exit code: 0 ended, 1 failed, 2 wrong usage. */
export async function run(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  let parsed: ReturnType<typeof parseArgv<typeof FLAGS>>;
  try {
    parsed = parseArgv(argv, FLAGS);
  } catch (error) {
    if (!(error instanceof ArgvError)) throw error;
    return say(io.err, `sta-tracker: ${error.message} See sta-tracker --help.`, 2);
  }
  const { operands, flags } = parsed;
  if (flags.help) return say(io.out, help(io.env), 0);
  if (flags.version) return say(io.out, version(), 0);
  const wrong = wrongUsage(operands, flags);
  if (wrong) return say(io.err, `sta-tracker: ${wrong} See sta-tracker --help.`, 2);

  keepHeapSmall();
  process.title = "sta-tracker";
  const { host = "0.0.0.0", port = "5000", dir, open = false, token, keep, cert, key, redis, trustProxy } = flags;
  const { probe = true, logLevel = "info", untilStdinEnds = false } = flags;
  const folder = dir === undefined ? defaultFolder(io.env) : resolve(dir);
  const level = logLevel as LogLevel;
  const log = createLog({ level, json: !io.isTerminal, write: io.err, wallTime: () => new Date() });
  let tracker: RunningTracker;
  try {
    tracker = await createTracker({
      tls: cert === undefined || key === undefined ? undefined : await readCertificate(cert, key),
      host,
      port: Number(port),
      dir: folder,
      keepMs: keep === undefined ? undefined : Number(keep) * DAY_MS,
      redis,
      open,
      token,
      trustProxy: trustProxy?.split(",").filter((address) => address !== ""),
      probe,
      log,
    });
  } catch (error) {
    return say(io.err, `sta-tracker: ${failure(error, { host, port, folder })}`, 1);
  }
  if (cert !== undefined && key !== undefined) {
    io.onHangup(() => {
      readCertificate(cert, key)
        .then((tls) => tracker.setCertificate(tls))
        .then(() => log("info", "the certificate was read anew", { cert }))
        .catch((error: unknown) => log("error", "the old certificate stays", { error: String(error) }));
    });
  } else if (!io.isTerminal) {
    // A service is asked to reload so, and would end; one in a terminal ends with it.
    io.onHangup(() => log("info", "there is no certificate to read anew"));
  }
  const wires = cert === undefined ? "HTTP, swarm channel and UDP" : "HTTPS, swarm channel and UDP";
  log("info", "started", { ...(redis === undefined && { folder }), wires, open, token: token !== undefined });
  io.out(`sta-tracker listening on ${addressOf(tracker)}`);
  await io.ended(untilStdinEnds);
  await tracker.close();
  log("info", "stopped");
  return 0;
}

/**
 * Half of what a tracker allocates dies with its handshake or answer: it is looked for before the heap has doubled. 9 000 channel clients cost
 * 8.4 KB each instead of 13.3 (test/bench/tracker.ts), and announces what they did.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
}

/** A certificate that is of use, with its key. Throws UnusableCertificate. */
async function readCertificate(cert: string, key: string): Promise<SecureContextOptions> {
  try {
    const tls = { cert: await readFile(cert), key: await readFile(key) };
    createSecureContext(tls);
    return tls;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new UnusableCertificate(`${cert} with ${key} is no certificate that can be used: ${cause.message}`, {
      cause,
    });
  }
}

class UnusableCertificate extends Error {}

/** `$STA_HOME/tracker`, else `$XDG_DATA_HOME/sta-tracker`, else `~/.local/share/sta-tracker`. */
export function defaultFolder(env: NodeJS.ProcessEnv): string {
  if (env["STA_HOME"]) return resolve(env["STA_HOME"], "tracker");
  return join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "sta-tracker");
}

function wrongUsage(operands: readonly string[], flags: FlagsOf<typeof FLAGS>): string | undefined {
  if (operands.length > 0) return `there is nothing to do with ${displayText(operands[0]!)}.`;
  const { port = "0", keep = "1", logLevel = "info", trustProxy = "", redis, ...needed } = flags;
  if ((needed.cert === undefined) !== (needed.key === undefined)) return "--cert and --key need each other.";
  const empty = Object.entries(needed).find(([, value]) => value === "");
  if (empty) return `--${empty[0]} needs a value.`;
  if (!/^[0-9]{1,5}(\.[0-9]+)?$/.test(keep) || Number(keep) === 0)
    return `--keep is a number of days, not ${displayText(keep)}.`;
  if (redis !== undefined && !/^rediss?:\/\//.test(redis)) return "--redis is a URL like redis://10.0.0.9:6379.";
  if (!LOG_LEVELS.some((level) => level === logLevel))
    return `--log-level is one of ${LOG_LEVELS.join(", ")}, not ${displayText(logLevel)}.`;
  const name = trustProxy.split(",").find((address) => address !== "" && !isIPv4(address) && !isIPv6(address));
  if (name) return `--trust-proxy takes IP addresses, and ${displayText(name)} is none.`;
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535)
    return `--port is a number from 0 to 65535, not ${displayText(port)}.`;
  return undefined;
}

/** What kept the tracker from starting, as one sentence. */
function failure(error: unknown, { host, port, folder }: { host: string; port: string; folder: string }): string {
  if (error instanceof UnusableCertificate || error instanceof UnusableRedis) return `${displayText(error.message)}.`;
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const at = addressOf({ host, port: Number(port) });
  switch (error.code) {
    case "EADDRINUSE":
      return `${at} is in use by another program; end it, or choose another --port.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${displayText(host)} is no address of this machine; choose another --host.`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "syscall" in error && error.syscall === "listen"
        ? `${at} may not be used by this user; choose a --port above 1023.`
        : `${displayText(folder)} cannot be written by this user; choose another --dir.`;
    case "ENOENT":
      return `${displayText(folder)} cannot be made; choose another --dir.`;
    case "EEXIST":
    case "ENOTDIR":
      return `${displayText(folder)} is no folder; choose another --dir.`;
    case "ENOSPC":
      return `the disk of ${displayText(folder)} is full; make room, or choose another --dir.`;
    default:
      return `${displayText(error.message)}.`;
  }
}

function say(print: (line: string) => void, line: string, exitCode: number): number {
  print(line);
  return exitCode;
}

function processIo(): CliIo {
  return {
    env: process.env,
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    onHangup: (reload) => void process.on("SIGHUP", reload),
    isTerminal: process.stderr.isTTY === true,
    ended: async (untilStdinEnds) => {
      await new Promise<void>((done) => {
        if (untilStdinEnds) process.stdin.on("end", () => done()).resume();
        process.once("SIGINT", () => done());
        process.once("SIGTERM", () => done());
      });
      // An input that is still read would keep the process alive.
      if (untilStdinEnds) process.stdin.destroy();
    },
  };
}
