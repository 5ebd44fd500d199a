// completionsOf: what the words of a command line that is being typed may go on with.
import type { Snapshot } from "../control/contract.ts";
import { PUSH_POLICIES } from "../engine/push-policy.ts";
import { spelled } from "../program/parse-argv.ts";
import { ALLOCATIONS } from "../storage/allocate.ts";
import { THEME_NAMES } from "../ui/theme.ts";
import type { CommandTable } from "./command.ts";
import { FLAGS } from "./flags.ts";

/** Values of options that are words; those that are not here are paths, or nobody can know them. */
const VALUES: Readonly<Partial<Record<keyof typeof FLAGS, readonly string[]>>> = {
  acceptPushes: PUSH_POLICIES,
  allocation: ALLOCATIONS,
  theme: THEME_NAMES,
};

/** Those that can complete. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

type Names = (snapshot: Snapshot) => readonly { readonly name: string }[];

/** What each command may be told of the swarm. */
const OPERANDS: Readonly<Partial<Record<string, Names>>> = {
  get: ({ catalogue, transfers }) => {
    const done = new Set(transfers.filter(({ state }) => state === "seeding").map(({ infoHash }) => infoHash));
    return catalogue.filter(({ infoHash }) => !done.has(infoHash));
  },
  push: ({ transfers }) => transfers,
  files: ({ catalogue, transfers }) => [...transfers, ...catalogue],
  pause: ({ transfers }) => transfers.filter(({ state }) => state !== "paused"),
  resume: ({ transfers }) => transfers.filter(({ state }) => state === "paused"),
  reannounce: ({ transfers }) => transfers.filter(({ state }) => state !== "paused"),
  remove: ({ transfers }) => transfers,
  set: ({ transfers }) => transfers,
  check: ({ transfers }) => transfers,
  peers: ({ transfers }) => transfers,
};

/**
 * Words that the last of `words`, which may be empty, can become; those before it are whole. None where a path is meant, or nothing is
 * known. `ask` says what the swarm has, and is called only where that matters.
 */
export async function completionsOf(
  words: readonly string[],
  commands: CommandTable,
  ask: () => Promise<Snapshot | undefined>,
): Promise<readonly string[]> {
  const current = words.at(-1);
  if (current === undefined) return [];
  const before = words.slice(0, -1);
  const fitting = (all: Iterable<string>) => [...new Set(all)].filter((word) => word.startsWith(current));
  const expecting = valueOf(before.at(-1));
  if (expecting) return fitting(VALUES[expecting] ?? []);
  const operands = before.filter((word, i) => !word.startsWith("-") && !valueOf(before[i - 1]));
  const [first, ...rest] = operands[0] === "help" ? operands.slice(1) : operands;
  const command = first !== undefined && Object.hasOwn(commands, first) ? first : undefined;
  if (current.startsWith("-")) return fitting(flagsOf(commands[first === undefined ? "open" : (command ?? "")]));
  if (first === undefined) return fitting(commandNames(commands, operands.length === 0));
  if (command === "completion") return rest.length === 0 ? fitting(SHELLS) : [];
  const names = command === undefined ? undefined : OPERANDS[command];
  if (!command || !names || rest.length >= commands[command]!.operands.max) return [];
  const snapshot = await ask();
  const offered = snapshot ? names(snapshot).map(({ name }) => name) : [];
  // What begins with a dash would be taken for an option.
  return fitting(offered.filter((name) => !name.startsWith("-") && !rest.includes(name)));
}

/** The option that `word` is, if a value of it has to follow. */
function valueOf(word: string | undefined): keyof typeof FLAGS | undefined {
  const found = Object.entries(FLAGS).find(
    ([key, { type, ...more }]) =>
      type !== "boolean" && (word === `--${spelled(key)}` || ("short" in more && word === `-${more.short}`)),
  );
  return found?.[0] as keyof typeof FLAGS | undefined;
}

/** Options of a command; what is on unless it is switched off has both. */
function flagsOf(command: CommandTable[string] | undefined): string[] {
  const taken = command ? command.flags.filter((flag) => flag !== "untilStdinEnds") : [];
  const switches = ["dht", "lan", "portMapping", "sequential"];
  return [
    ...taken.flatMap((flag) => [...(switches.includes(flag) ? [`--no-${spelled(flag)}`] : []), `--${spelled(flag)}`]),
    "--help",
  ];
}

function commandNames(commands: CommandTable, withHelp: boolean): string[] {
  const names = Object.keys(commands).filter((name) => name !== "open");
  return withHelp ? [...names, "help"] : names;
}
