// parseArgv: words of a command line to operands and flags. Node's own parser does it; here stand our sentences for what is wrong.
import { parseArgs } from "node:util";

/** What a flag is, by its name in camel case: `limitDown` is written `--limit-down`. */
export interface FlagSpec {
  readonly type: "boolean" | "string" | "number";
  /** It may be said several times, and is a list. */
  readonly multiple?: true;
  /** One letter. */
  readonly short?: string;
  /** Said without a value it is the empty string. */
  readonly valueOptional?: true;
}

type ValueOf<Spec extends FlagSpec> = Spec["type"] extends "boolean"
  ? boolean
  : Spec["type"] extends "number"
    ? number
    : Spec extends { multiple: true }
      ? string[]
      : string;

/** Flags that were not said are not there. */
export type FlagsOf<Specs extends Readonly<Record<string, FlagSpec>>> = {
  readonly [Name in keyof Specs]?: ValueOf<Specs[Name]>;
};

/** A command line that cannot be understood; the message is one sentence. */
export class ArgvError extends Error {}

/**
 * Operands and flags of `argv`, without the program's own name. `--no-NAME` says that a boolean is false. A value that begins with
 * `-` is written `--name=-value`; behind `--` all are operands. A number that is none is NaN. Throws ArgvError.
 */
export function parseArgv<const Specs extends Readonly<Record<string, FlagSpec>>>(
  argv: readonly string[],
  specs: Specs,
): { readonly operands: readonly string[]; readonly flags: FlagsOf<Specs> } {
  const byName = new Map(Object.entries<FlagSpec>(specs).map(([key, spec]) => [spelled(key), { key, ...spec }]));
  const options = Object.fromEntries(
    [...byName].map(([name, { type, short }]) => [
      name,
      { type: type === "boolean" ? type : "string", ...(short !== undefined && { short }) } as const,
    ]),
  );
  const mayStandAlone = [...byName].filter(([, { valueOptional }]) => valueOptional).map(([name]) => `--${name}`);
  const args = argv.map((word, i) =>
    mayStandAlone.includes(word) && (argv[i + 1] ?? "-").startsWith("-") ? `${word}=` : word,
  );
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const operands: string[] = [];
  const flags: Record<string, boolean | number | string | string[]> = {};
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const { rawName, value, inlineValue } = token;
    const isNegative = !byName.has(token.name) && token.name.startsWith("no-");
    const found = byName.get(isNegative ? token.name.slice(3) : token.name);
    if (!found || (isNegative && found.type !== "boolean")) throw new ArgvError(`There is no option ${rawName}.`);
    const { key, type, multiple } = found;
    if (type === "boolean") {
      if (value !== undefined) throw new ArgvError(`${rawName} takes no value.`);
      flags[key] = !isNegative;
      continue;
    }
    if (value === undefined || (!inlineValue && value.startsWith("-")))
      throw new ArgvError(`${rawName} needs a value.`);
    if (multiple) flags[key] = [...((flags[key] as string[] | undefined) ?? []), value];
    else if (flags[key] !== undefined) throw new ArgvError(`${rawName} can only be said once.`);
    else flags[key] = type === "string" ? value : value.trim() === "" ? Number.NaN : Number(value);
  }
  return { operands, flags: flags as FlagsOf<Specs> };
}

/** `limitDown` as people write it, without dashes: `limit-down`. */
export function spelled(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
