// sta completion SHELL: what a shell is to evaluate so that Tab completes sta's words; with words behind it, what those may go on with.
import type { Snapshot } from "../control/contract.ts";
import type { CommandTable } from "./command.ts";
import { completionsOf, type Shell, SHELLS } from "./completions.ts";
import { findEngine } from "./engine-access.ts";
import { NoEngineError } from "./no-engine-error.ts";
import type { Options } from "./options.ts";
import { EXIT, print } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Each asks sta with all words up to the cursor. With nothing to offer they complete paths, as always. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_sta() {
  local word
  compopt -o filenames 2>/dev/null
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
    sta completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
  )
}
complete -o default -F _sta sta`,
  zsh: `_sta() {
  local -a found
  found=("\${(@f)$(sta completion zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $found[1] ]]; then compadd -a found; else _files; fi
}
compdef _sta sta`,
  fish: `function __sta_complete
  set -l found (sta completion fish -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c sta -f -a '(__sta_complete)'`,
};

export async function run(
  [shell = "", ...words]: readonly string[],
  options: Options,
  commands: CommandTable,
): Promise<number> {
  const known = SHELLS.find((one) => one === shell);
  if (known === undefined) {
    throw new UsageError(`Wrong format: completions are for ${SHELLS.join(", ")}, not "${shell}".`);
  }
  if (words.length === 0) print(SCRIPTS[known]);
  // Bash hands words on as they are typed.
  const typed = shell === "bash" ? words.map(unquoted) : words;
  for (const word of await completionsOf(typed, commands, () => snapshotOf(options))) print(word);
  return EXIT.done;
}

/** Of the engine that runs; undefined when there is none to ask. */
async function snapshotOf(options: Options): Promise<Snapshot | undefined> {
  try {
    const engine = await findEngine(options);
    const snapshot = engine?.getSnapshot();
    await engine?.close();
    return snapshot;
  } catch (error) {
    if (!(error instanceof NoEngineError)) throw error;
    return undefined;
  }
}

/** `my\ file` and `"my file` are `my file`. */
function unquoted(word: string): string {
  return word.replace(/^["']/, "").replaceAll(/\\(.)/g, "$1");
}
