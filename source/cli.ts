// argv -> one file of commands/. Nothing else happens here.
import { ArgvError, type FlagsOf, parseArgv, spelled } from "./program/parse-argv.ts";
import { FLAGS } from "./commands/flags.ts";
import { COMMANDS, type CommandName } from "./commands/table.ts";
import { commandHelpText, helpText } from "./commands/help-text.ts";
import { NoEngineError } from "./commands/no-engine-error.ts";
import { type Flags, parseOptions } from "./commands/options.ts";
import { EXIT, fail, outputFailed, print } from "./commands/output.ts";
import { UsageError } from "./commands/usage-error.ts";
import { version } from "./program/version.ts";

/** Runs a command line; resolves to its exit code: 0 done, 1 failed, 2 wrong usage, 3 another engine owns this state. */
export async function run(argv: readonly string[]): Promise<number> {
  process.title = "sta";
  for (const stream of [process.stdout, process.stderr]) stream.on("error", outputFailed);
  const [first = ""] = argv;
  const hint = isCommand(first) ? `"sta ${first} --help" shows how it goes.` : '"sta --help" shows all commands.';
  try {
    const { operands, flags } = parseArgv(argv, FLAGS);
    const isHelp = operands[0] === "help";
    const words = isHelp ? operands.slice(1) : operands;
    const [name = "open", ...rest] = words;
    if (!isCommand(name)) throw new UsageError(`There is no command "${name}".`);
    // Before anything is done: "sta stop --help" stops nothing.
    if (flags.help || isHelp) return tellAll(words.length === 0 ? helpText() : commandHelpText(name));
    if (flags.version) return tellAll(version());
    const { load, operands: allowed, flags: heeded } = COMMANDS[name];
    if (rest.length < allowed.min || rest.length > allowed.max) {
      throw new UsageError(
        rest.length < allowed.min ? `sta ${name} needs ${allowed.what}.` : `sta ${name}: "${rest.at(-1)}" is too much.`,
      );
    }
    // "$UNSET" would be this folder.
    if (rest.includes("") && name !== "completion")
      throw new UsageError(`sta ${name}: an empty name or path names nothing.`);
    const options = parseOptions(flags, process.env);
    requireHeeded(words[0], flags, ["forgetTracker", ...heeded]);
    if (options.forgottenTrackers.length > 0) {
      const { forgetTrackers } = await import("./commands/forget-trackers.ts");
      const code = await forgetTrackers(options);
      if (code !== EXIT.done || (words.length === 0 && options.trackers.length === 0)) return code;
    }
    const command = await load();
    return await command.run(rest, options, COMMANDS);
  } catch (error) {
    if (error instanceof NoEngineError) return fail(error.message, error.exitCode);
    if (isLostFolder(error)) return fail("The folder you are in is gone; go to another one.");
    if (!(error instanceof UsageError || error instanceof ArgvError)) throw error;
    return fail(`${error.message}${error.message.endsWith("\n") ? "" : " "}${hint}`, EXIT.usage);
  }
}

/** The system says so when paths are to be meant from a folder that was removed. */
function isLostFolder(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

function tellAll(text: string): number {
  print(text);
  return EXIT.done;
}

/** An option that would change nothing is a mistake. Throws UsageError. */
function requireHeeded(
  command: string | undefined,
  flags: FlagsOf<typeof FLAGS>,
  heeded: readonly (keyof Flags)[],
): void {
  for (const [name, value] of Object.entries(flags)) {
    if (value === false || heeded.includes(name as keyof Flags)) continue;
    const who = command === undefined ? "The viewer" : `sta ${command}`;
    throw new UsageError(`${who} does not take --${spelled(name)}.`);
  }
}
