// Lines being typed: opened, edited, completed, submitted.
import type { Command, Snapshot } from "../control/contract.ts";
import { parseFilter } from "../control/filter.ts";
import { searched } from "./adding.ts";
import {
  absolutePath,
  COMMAND_LINES,
  isPath,
  parseAdd,
  parseCommandLine,
  parseShare,
  type TypedLine,
} from "./command-line.ts";
import { columnsOf } from "./format/columns.ts";
import { tryTracker } from "./first-run.ts";
import { isPane } from "./layout.ts";
import { edited, type Erasure, inserted, type Line, lineOf } from "./line.ts";
import type { ListName } from "./lists.ts";
import { foldersOpened } from "./moving.ts";
import { currentTransfers } from "./transfer-actions.ts";
import { become, openList, say, type Change, type Prompt, type PromptKind, type ViewState } from "./view-state.ts";

/** Opens a prompt that holds `value`. */
export function openPrompt(state: ViewState, kind: PromptKind, value: string): ViewState {
  const generation = state.counter + 1;
  const prompt = {
    ...lineOf(value),
    kind,
    generation,
    candidates: [],
    back: 0,
    begun: "",
    completing: null,
    waiting: false,
    problem: null,
    tried: null,
  };
  return applied({ ...state, counter: generation, prompt }, value);
}

/** The prompt holds `line` now. */
export function editPrompt(state: ViewState, line: Line): ViewState {
  if (state.prompt === null || state.prompt.waiting) return state;
  const { value, cursor } = line;
  if (value === state.prompt.value) return { ...state, prompt: { ...state.prompt, cursor } };
  const generation = state.counter + 1;
  const prompt = { ...state.prompt, ...line, generation, candidates: [], completing: null, problem: null };
  return applied({ ...state, counter: generation, prompt, message: null }, value);
}

/** `text` is typed into the prompt. */
export function typedInto(state: ViewState, text: string): ViewState {
  return state.prompt === null ? state : editPrompt(state, inserted(state.prompt, text));
}

/** `erasure` is done to the prompt. What is erased next, where this was, is put back together with it. */
export function erased(state: ViewState, erasure: Erasure): ViewState {
  const { prompt: before, erased: last } = state;
  if (before === null || before.waiting) return state;
  const line = edited(before, erasure);
  const text = before.value.slice(line.cursor, line.cursor + before.value.length - line.value.length);
  if (text === "") return state;
  const goesOn = last.value === before.value && last.cursor === before.cursor;
  const [front, behind] = line.cursor < before.cursor ? [text, last.text] : [last.text, text];
  return { ...editPrompt(state, line), erased: { ...line, text: goesOn ? front + behind : text } };
}

/** The line of `:` holds the one that was done before (after, for 1) the one that it holds; behind the last the one that was begun. */
export function recalled(state: ViewState, by: 1 | -1): ViewState {
  const { prompt, doneLines } = state;
  if (prompt === null || prompt.waiting) return state;
  const back = Math.max(0, Math.min(doneLines.length, prompt.back - by));
  if (back === prompt.back) return state;
  const begun = prompt.back === 0 ? prompt.value : prompt.begun;
  const shown = editPrompt(state, lineOf(doneLines[doneLines.length - back] ?? begun));
  return { ...shown, prompt: { ...shown.prompt!, back, begun } };
}

/** Closes the prompt; a filter or search is dropped. */
export function closePrompt(state: ViewState): ViewState {
  return { ...applied(state, ""), prompt: null };
}

/** A filter and a search act while they are typed; while a filter is a mistake, the one before it goes on. */
function applied(state: ViewState, value: string): ViewState {
  if (state.prompt?.kind === "search" && state.help !== null) return { ...state, help: { top: 0, search: value } };
  if (state.prompt?.kind === "search" && state.adding !== null)
    return { ...state, adding: searched(state.adding, value) };
  if (state.prompt?.kind !== "filter") return state;
  const list = openList(state) ?? state.pane;
  return isPane(list) && !parseFilter(value).ok ? state : filtered(state, list, value);
}

/** `list` is filtered by `value`. Of a tree that comes back, the folders are open that the selected file lies in. */
export function filtered(state: ViewState, list: ListName, value: string): ViewState {
  const { key } = state.positions.files;
  const turned = list === "files" && value === "" && key !== null ? foldersOpened(state, key) : state.turned;
  return { ...state, turned, filters: { ...state.filters, [list]: value } };
}

/** Does what the line says. A line that is wrong stays, with a warning. */
export function submitPrompt(before: ViewState): Change {
  const { prompt } = before;
  if (prompt === null || prompt.waiting) return become(before);
  if (prompt.kind === "filter") return become(submitFilter(before, prompt.value));
  if (prompt.kind === "search") return become({ ...before, prompt: null });
  if (prompt.value.trim() === "") return become(closePrompt(before));
  if (prompt.kind === "tracker") return tryTracker(before);
  const line = LINES[prompt.kind](prompt.value, before);
  const state = prompt.kind === "command" && line.type !== "wrong" ? remembered(before, prompt.value) : before;
  switch (line.type) {
    case "wrong":
      return become(say(state, line.text, "warning"));
    case "leave":
      return { state, effects: [{ type: "leave", reason: "quit" }] };
    case "transfers":
      return askedOfTransfers(state, prompt, line.commandFor);
    case "help":
      return become({ ...closePrompt(state), help: { top: 0, search: "" } });
    case "command":
      return asked(state, { ...prompt, candidates: [], waiting: true }, line.command);
    default:
      return line satisfies never;
  }
}

/** So many lines are as many as anybody goes back. */
const MOST_LINES = 50;

function remembered(state: ViewState, line: string): ViewState {
  const others = state.doneLines.filter((done) => done !== line);
  return { ...state, doneLines: [...others, line].slice(-MOST_LINES) };
}

const LINES: Readonly<
  Record<Exclude<PromptKind, "filter" | "search" | "tracker">, (value: string, state: ViewState) => TypedLine>
> = {
  command: (value, { settings }) => parseCommandLine(value, settings.places),
  add: (value, { settings }) => parseAdd(value, settings.places),
  share: (value, { settings }) => parseShare(value, settings.places),
  folder: (value, { settings, adding }) => {
    const folder = absolutePath(value.trim(), settings.places);
    return { type: "command", command: { method: "inspect", target: adding?.target ?? "", folder } };
  },
};

function submitFilter(state: ViewState, value: string): ViewState {
  const filter = parseFilter(value);
  return filter.ok ? { ...state, prompt: null } : say(state, `This is no filter: ${filter.text}.`, "warning");
}

/** Completes the line: names and words at once, paths by asking the engine. */
export function completePrompt(state: ViewState): Change {
  const { prompt, snapshot } = state;
  if (prompt === null || prompt.waiting) return become(state);
  const { stem, rest, source } = completionOf(prompt);
  switch (source) {
    case "nothing":
      return become(state);
    case "paths":
    case "folders": {
      const prefix = absolutePath(rest, state.settings.places);
      return asked(state, { ...prompt, completing: prompt.value }, { method: "complete-path", prefix });
    }
    case "words":
    case "catalogue":
    case "transfers":
    case "trackers":
      return become(offer(state, stem, rest, NAMES[source](snapshot)));
    default:
      return source satisfies never;
  }
}

const NAMES: Readonly<Record<NameSource, (snapshot: Snapshot) => readonly string[]>> = {
  words: () => COMMAND_LINES.map(({ word }) => word),
  catalogue: ({ catalogue }) => catalogue.map(({ name }) => name),
  transfers: ({ transfers }) => transfers.map(({ name }) => name),
  trackers: ({ trackers }) => trackers.map(({ address }) => address),
};

/** The engine's answer to a completion, and why when there is none; of no use any more when the line has changed since. */
export function gotPaths(state: ViewState, paths: readonly string[], why: string): ViewState {
  const { prompt } = state;
  if (prompt === null || prompt.completing !== prompt.value) return state;
  const { stem, rest, source } = completionOf(prompt);
  // What is added is a .torrent, and where it goes a folder.
  const fitting = paths.filter(
    (path) => path.endsWith("/") || (prompt.kind === "add" ? /\.torrent$/i.test(path) : source !== "folders"),
  );
  if (paths.length === 0) return say(state, why, "warning");
  if (fitting.length === 0)
    return say(state, `No ${source === "folders" ? "folder" : ".torrent file"} begins so.`, "warning");
  return offer(state, stem, absolutePath(rest, state.settings.places), fitting);
}

type NameSource = "words" | "catalogue" | "transfers" | "trackers";
type Source = NameSource | "nothing" | "paths" | "folders";

/** What of the line is to be completed: `rest`, which stands behind `stem`. */
function completionOf({ kind, value }: Prompt): { stem: string; rest: string; source: Source } {
  if (kind === "folder") return { stem: "", rest: value, source: "folders" };
  if (kind === "share") return { stem: "", rest: value, source: "paths" };
  if (kind === "add") return { stem: "", rest: value, source: isPath(value) ? "paths" : "catalogue" };
  if (kind !== "command") return { stem: "", rest: value, source: "nothing" };
  const match = /^(\s*(download|upload|push|share|untrack)(?:\s*:\s*|\s+))(.*)$/is.exec(value);
  if (match === null) return { stem: "", rest: value.trimStart(), source: "words" };
  const [, stem = "", word = "", rest = ""] = match;
  const sources: Readonly<Record<string, Source>> = { download: "catalogue", share: "paths", untrack: "trackers" };
  return { stem, rest, source: sources[word.toLowerCase()] ?? "transfers" };
}

function offer(state: ViewState, stem: string, rest: string, all: readonly string[]): ViewState {
  const found = [...new Set(all)].filter((candidate) => candidate.toLowerCase().startsWith(rest.toLowerCase()));
  if (found.length === 0) return say(state, `Nothing begins with "${rest}".`, "warning");
  const candidates = found.filter(isAsCalled);
  if (candidates.length === 0) return say(state, "The name cannot be typed: choose its row instead.", "warning");
  const common = candidates.reduce(commonPrefix);
  const completed = editPrompt(state, lineOf(stem + (common.length >= rest.length ? common : rest)));
  return candidates.length === 1 ? completed : { ...completed, prompt: { ...completed.prompt!, candidates } };
}

/** Whether a name is shown as it is: not with a mark in place of what no terminal takes, nor cut where names end. */
function isAsCalled(name: string): boolean {
  return !name.includes("\uFFFD") && !(name.endsWith("…") && columnsOf(name) >= CUT_COLUMNS);
}

/** A name that is cut to 512 columns may lack one where two were needed. */
const CUT_COLUMNS = 511;

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

function askedOfTransfers(state: ViewState, prompt: Prompt, commandFor: (infoHash: string) => Command): Change {
  const transfers = currentTransfers(state);
  if (transfers.length === 0) return become(say(state, "This is for a transfer: select one in pane 2.", "warning"));
  return {
    state: { ...state, prompt: { ...prompt, candidates: [], waiting: true } },
    effects: transfers.map(({ infoHash }) => ({
      type: "send",
      command: commandFor(infoHash),
      generation: prompt.generation,
    })),
  };
}

function asked(state: ViewState, prompt: Prompt, command: Command): Change {
  return { state: { ...state, prompt }, effects: [{ type: "send", command, generation: prompt.generation }] };
}
