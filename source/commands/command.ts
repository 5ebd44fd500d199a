// What a command is: its row in the table, and what it is carried out by.
import type { Flags, Options } from "./options.ts";

export interface CommandModule {
  /** Resolves to the exit code. `commands`: the whole table, for those that speak of others. */
  run(operands: readonly string[], options: Options, commands: CommandTable): Promise<number>;
}

export interface CommandRow {
  readonly usage: string;
  readonly summary: string;
  readonly operands: { readonly min: number; readonly max: number; readonly what: string };
  /** Those that it heeds, besides `--forget-tracker`; any other is wrong usage. */
  readonly flags: readonly (keyof Flags)[];
  readonly load: () => Promise<CommandModule>;
}

/** By name. */
export type CommandTable = Readonly<Record<string, CommandRow>>;
