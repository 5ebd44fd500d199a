// The first run: the viewer asks for a tracker, tries it, and says what is wrong with it.
import type { Command, Snapshot } from "../control/contract.ts";
import { counted } from "./format/numbers.ts";
import { become, say, type Change, type Effect, type Prompt, type ViewState } from "./view-state.ts";

/** Whether nobody has said yet which tracker there is, nor that there is none. */
export function wantsTracker({ engine, trackers, transfers }: Snapshot): boolean {
  return engine.state === "running" && trackers.length === 0 && transfers.length === 0 && !engine.trackerless;
}

type TrackerLine =
  | { readonly type: "command"; readonly command: Extract<Command, { method: "add-tracker" | "no-tracker" }> }
  | { readonly type: "wrong"; readonly text: string };

/** Reads what was typed for a tracker: HOST, HOST:PORT, its address in a browser, or `none`. */
export function parseTracker(line: string): TrackerLine {
  const typed = line
    .trim()
    .replace(/^(?:https?|wss?):\/\//i, "")
    .replace(/\/.*$/, "");
  if (/^none$/i.test(typed)) return { type: "command", command: { method: "no-tracker" } };
  if (/^(?:[^\s:[\]]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(typed))
    return { type: "command", command: { method: "add-tracker", address: typed } };
  return { type: "wrong", text: "Wrong format: HOST:PORT names a tracker, such as 10.0.0.5:5000, or none." };
}

/** Looks how the tracker that is tried does: the one that came last. */
export function watchTracker(state: ViewState): ViewState {
  const { prompt, snapshot } = state;
  if (prompt?.kind !== "tracker" || !prompt.waiting) return state;
  const tracker = snapshot.trackers.at(-1);
  if (tracker === undefined) return state;
  switch (tracker.state) {
    case "connecting":
      return state;
    case "connected": {
      const there = `${counted(tracker.peers, "peer")}, ${counted(tracker.files, "file")}`;
      return say({ ...state, prompt: null }, `The tracker ${tracker.address} is there: ${there}.`, "information");
    }
    case "waiting":
    case "refused": {
      const why = (tracker.problem ?? `${tracker.address} is not there`).replace(/\.$/, "");
      const problem = `${why}. Enter keeps trying; or another, or none`;
      return { ...state, prompt: { ...prompt, waiting: false, problem } };
    }
    default:
      return tracker.state satisfies never;
  }
}

/** Tries what was typed, in place of what was tried before. */
export function tryTracker(state: ViewState): Change {
  const { prompt } = state;
  if (prompt === null) return become(state);
  if (prompt.problem !== null) return become(keepTracker(state));
  const line = parseTracker(prompt.value);
  if (line.type !== "command") return become(say(state, line.text, "warning"));
  const { command } = line;
  const tried = command.method === "add-tracker" ? command.address : null;
  return {
    state: { ...state, prompt: { ...prompt, waiting: true, tried } },
    effects: [...forget(prompt), { type: "send", command, generation: prompt.generation }],
  };
}

/** The question is left for later, and what was tried is forgotten. */
export function giveUpTracker(state: ViewState): Change {
  return { state: { ...state, prompt: null }, effects: state.prompt === null ? [] : forget(state.prompt) };
}

function forget(prompt: Prompt): readonly Effect[] {
  const { tried } = prompt;
  if (tried === null) return [];
  return [{ type: "send", command: { method: "remove-tracker", address: tried }, generation: prompt.generation }];
}

/** The tracker that did not work is kept: the engine goes on trying. */
function keepTracker(state: ViewState): ViewState {
  return say(
    { ...state, prompt: null },
    "It is tried again and again, and remembered once it answers; :untrack lets it go.",
    "information",
  );
}
