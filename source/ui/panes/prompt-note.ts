// Below a line being typed: what it takes, what is waited for, or where its mistake is.
import { parseFilter } from "../../control/filter.ts";
import { COMMAND_LINES } from "../command-line.ts";
import { columnsOf, cut, left, right } from "../format/columns.ts";
import { lineWindow } from "../format/line-window.ts";
import type { Theme } from "../theme.ts";
import type { Prompt, PromptKind, ViewState } from "../view-state.ts";

const TAKES: Readonly<Record<Exclude<PromptKind, "command">, string>> = {
  filter: "words  size>1G  holders<3  rate>0  peer~10.0.  !done;  a b  a | b  ( )",
  search: "words, in any order; Enter keeps them, Esc shows all again",
  add: "magnet, hash, name, URL, path of a .torrent; Tab completes",
  share: "file or folder on the engine's machine; Tab completes",
  tracker: "HOST:PORT of a sta-tracker; none: only torrents; Esc: later",
  folder: "path of a folder on the engine's machine; Tab completes",
};

const WAITS: Readonly<Partial<Record<PromptKind, string>>> = {
  add: "looking for what this is; peers are asked for a minute at most. Esc gives up",
  tracker: "trying it. Esc gives up",
  share: "hashing; it goes on after Esc",
};

/** Columns for the text behind `label`, in a line of `width`: a spinner may stand at its end. */
export function promptRoom(label: string, width: number): number {
  return Math.max(1, width - label.length - 4);
}

/** The line below `prompt`, which stands behind `label`, in `width` columns. */
export function drawPromptNote(state: ViewState, prompt: Prompt, label: string, width: number, theme: Theme): string {
  const { value, waiting, problem } = prompt;
  const { ellipsis } = theme.glyphs;
  // Of the filters those of the panes speak a language.
  const kind = prompt.kind === "filter" && state.details !== null ? "search" : prompt.kind;
  const takes = kind === "command" ? commandTakes(value) : TAKES[kind];
  if (waiting) return theme.busy(left(` ${WAITS[kind] ?? takes}`, width, ellipsis));
  if (problem !== null) return theme.bad(left(` ${problem}`, width, ellipsis));
  const filter = kind === "filter" ? parseFilter(value) : undefined;
  if (filter === undefined || filter.ok) return theme.faint(left(` ${takes}`, width, ellipsis));
  const room = promptRoom(label, width);
  const { hidden } = lineWindow(prompt, room);
  const shownAt = columnsOf(value.slice(0, filter.at)) - hidden;
  const at = 1 + label.length + Math.max(-1, Math.min(room, shownAt));
  const text = cut(filter.text, width - 2, ellipsis);
  const behind = columnsOf(text) + at + 3 <= width;
  const line = behind ? `${" ".repeat(at)}^ ${text}` : `${right(text, at - 1, ellipsis)} ^`;
  return theme.bad(left(line, width, ellipsis));
}

/** How the command goes that is being typed; before that which there are. */
function commandTakes(value: string): string {
  const typed = value
    .trimStart()
    .toLowerCase()
    .replace(/\s*:\s*/, " ");
  const line = COMMAND_LINES.find(({ word }) => `${typed} `.startsWith(`${word.trimEnd()} `));
  if (line !== undefined) return `${line.usage}: ${line.help}`;
  const words = COMMAND_LINES.filter(({ word }) => word.startsWith(typed)).map(({ word }) => word.trimEnd());
  return words.length === 0 ? "Tab completes; :help shows all" : words.join("  ");
}
