// argv -> one file of commands/. Nothing else happens here.
import meow from "meow";
import { COMMANDS, type CommandName } from "./commands/table.ts";
import { helpText } from "./commands/help-text.ts";
import { NoEngineError } from "./commands/no-engine-error.ts";
import { type Flags, parseOptions } from "./commands/options.ts";
import { EXIT, fail, outputFailed } from "./commands/output.ts";
import { UsageError } from "./commands/usage-error.ts";

/** Runs a command line; resolves to its exit code: 0 done, 1 failed, 2 wrong usage, 3 another engine owns this state. */
export async function run(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", outputFailed);
  try {
    const { input, flags, showHelp, showVersion } = parse(argv);
    // meow itself minds these two only when nothing else is said: "sta stop --help" would stop the engine.
    if (flags.help) showHelp(EXIT.done);
    if (flags.version) showVersion();
    const [name = "open", ...operands] = input;
    if (!Object.hasOwn(COMMANDS, name)) throw new UsageError(`There is no command "${name}".`);
    const { load, operands: allowed, flags: heeded } = COMMANDS[name as CommandName];
    if (operands.length < allowed.min || operands.length > allowed.max) {
      throw new UsageError(
        operands.length < allowed.min
          ? `sta ${name} needs ${allowed.what}.`
          : `sta ${name}: "${operands.at(-1)}" is too much.`,
      );
    }
    const options = parseOptions(flags, process.env);
    requireHeeded(input[0], flags, ["forgetTracker", ...heeded]);
    if (options.forgottenTrackers.length > 0) {
      const { forgetTrackers } = await import("./commands/forget-trackers.ts");
      const code = await forgetTrackers(options);
      if (code !== EXIT.done || (input.length === 0 && options.trackers.length === 0)) return code;
    }
    const command = await load();
    return await command.run(operands, options);
  } catch (error) {
    if (error instanceof NoEngineError) return fail(error.message, error.exitCode);
    if (!(error instanceof UsageError)) throw error;
    return fail(`${error.message} "sta --help" shows all commands.`, EXIT.usage);
  }
}

const FLAGS = {
  tracker: { type: "string", isMultiple: true },
  forgetTracker: { type: "string", isMultiple: true },
  dir: { type: "string" },
  port: { type: "number" },
  host: { type: "string" },
  token: { type: "string" },
  limitDown: { type: "string" },
  limitUp: { type: "string" },
  activeDownloads: { type: "number" },
  acceptPushes: { type: "string" },
  allocation: { type: "string" },
  keepFree: { type: "string" },
  ratio: { type: "string" },
  seedTime: { type: "string" },
  sequential: { type: "boolean" },
  files: { type: "string" },
  filesFirst: { type: "string" },
  withData: { type: "boolean" },
  standalone: { type: "boolean" },
  json: { type: "boolean" },
  filter: { type: "string" },
  seed: { type: "boolean" },
  partial: { type: "boolean" },
  peer: { type: "string", isMultiple: true },
  count: { type: "number" },
  keep: { type: "boolean" },
  stop: { type: "boolean" },
  output: { type: "string", shortFlag: "o" },
  pieceLength: { type: "string" },
  announce: { type: "string", isMultiple: true },
  private: { type: "boolean" },
  ascii: { type: "boolean" },
  theme: { type: "string" },
  lowBandwidth: { type: "boolean" },
  fps: { type: "number" },
  untilStdinEnds: { type: "boolean" },
  help: { type: "boolean", shortFlag: "h" },
  version: { type: "boolean" },
} as const;

function parse(argv: readonly string[]) {
  try {
    const parsed = meow(helpText(), {
      importMeta: import.meta,
      argv: [...argv],
      description: false,
      flags: FLAGS,
      // A flag that is not said says nothing: "sta set X --ratio 2" leaves the order of its pieces alone.
      booleanDefault: undefined,
    });
    // meow itself would say it in two lines of its own, and exit.
    const unknown = Object.keys(parsed.flags).find((name) => !Object.hasOwn(FLAGS, name));
    if (unknown !== undefined) throw new UsageError(`There is no option ${spelled(unknown)}.`);
    return parsed;
  } catch (error) {
    // meow says with a plain Error that an option came twice.
    if (!(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
}

/** An option that would change nothing is a mistake. Throws UsageError. */
function requireHeeded(command: string | undefined, flags: Flags, heeded: readonly (keyof Flags)[]): void {
  for (const [name, value] of Object.entries(flags)) {
    const isSaid = value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
    if (!isSaid || name.length === 1 || heeded.includes(name as keyof Flags)) continue;
    const who = command === undefined ? "The viewer" : `sta ${command}`;
    throw new UsageError(`${who} does not take ${spelled(name)}.`);
  }
}

/** `limitDown` as people write it: `--limit-down`. */
function spelled(flag: string): string {
  if (flag.length === 1) return `-${flag}`;
  return `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
