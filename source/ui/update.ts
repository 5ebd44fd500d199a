// The one function that changes the viewer's state. Pure: what is to be done outside comes back as effects.
import type { Command, Reply, Snapshot } from "../control/contract.ts";
import { perform } from "./actions.ts";
import { askedForFiles } from "./ask-for-files.ts";
import { namesTorrent } from "./command-line.ts";
import { beginAdding } from "./adding.ts";
import { watchTracker } from "./first-run.ts";
import { doctorText } from "./doctor-text.ts";
import { actionOf } from "./keymap.ts";
import { namedMark } from "./marks.ts";
import { gotPaths, typedInto } from "./prompt.ts";
import { reachAdvice, unreachablePort } from "./reachability.ts";
import { settle } from "./settle.ts";
import { chosenOrder, menuIndexOf } from "./sort-menu.ts";
import { become, contextOf, say, type Change, type ViewEvent, type ViewState } from "./view-state.ts";

/** What becomes of `state` by `event`. The same state comes back when nothing changed. */
export function update(state: ViewState, event: ViewEvent): Change {
  const reaction = react(state, event);
  const { state: changed, effects } = askedForFiles(reaction.state, event, state);
  return { state: changed === state ? state : settle(changed, state), effects: [...reaction.effects, ...effects] };
}

function react(state: ViewState, event: ViewEvent): Change {
  switch (event.type) {
    case "snapshot":
      return become(event.snapshot === state.snapshot ? state : looked(state, event.snapshot));
    case "resized":
      return become({ ...state, columns: event.columns, rows: event.rows });
    case "key":
      return pressed(state, event.key);
    case "typed":
      return become(typedInto(state, event.text));
    case "pasted":
      return become(pasted(state, event.text));
    case "replied":
      return replied(state, event);
    case "message-expired":
      // What the next letter does is said until it comes.
      return become(state.message?.id === event.id && state.marking === null ? { ...state, message: null } : state);
    default:
      return event satisfies never;
  }
}

/** At a new snapshot: what it says of a tracker that is tried, and once that nobody reaches us. */
function looked(before: ViewState, snapshot: Snapshot): ViewState {
  const state = watchTracker({ ...before, snapshot });
  const port = unreachablePort(snapshot);
  const isNew = port !== null && before.snapshot.trackers.every(({ reachable }) => reachable !== false);
  return isNew ? say(state, reachAdvice(port, snapshot.engine), "warning") : state;
}

function pressed(state: ViewState, key: string): Change {
  const context = contextOf(state);
  const action = actionOf(key, context);
  if (context === "mark" && action === undefined) return become(namedMark(state, key));
  if (state.menu !== null && action === undefined) {
    const index = menuIndexOf(state.menu.list, key);
    return become(index < 0 ? state : chosenOrder(state, index));
  }
  // What is drawn anew is what stands there, its message too.
  if (action === "redraw") return perform(state, action);
  if (context !== "prompt")
    return action === undefined ? become(withoutMessage(state)) : perform(withoutMessage(state), action);
  if (action !== undefined) return perform(state, action);
  // A character that came in one input with the key that opened the prompt; no other key adds anything.
  const character = key === "space" ? " " : key;
  return become([...character].length === 1 ? typedInto(state, character) : state);
}

function pasted(state: ViewState, text: string): ViewState {
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/\p{C}/gu, "").trim());
  const [first, ...others] = lines.filter((line) => line !== "");
  if (first === undefined || state.question !== null || state.prompt?.waiting === true) return state;
  const held = pastedLine(state, first);
  if (others.length === 0) return held;
  return say(held, `Only the first of ${others.length + 1} lines was pasted: one at a time.`, "warning");
}

function pastedLine(state: ViewState, line: string): ViewState {
  // Who is asked for a tracker may have a torrent at hand.
  const meansTorrent = state.prompt?.kind === "tracker" && namesTorrent(line);
  if (state.prompt !== null && !meansTorrent) {
    const { kind, value } = state.prompt;
    const isWhole = value === "" && (kind === "add" || kind === "share" || kind === "folder");
    return typedInto(state, isWhole ? unquoted(line) : line);
  }
  return perform({ ...withoutMessage(state), help: null, menu: null, marking: null }, "add", unquoted(line)).state;
}

/** A path as file managers and shells put it on the clipboard: in quotes, or as an address. */
function unquoted(line: string): string {
  const inner = /^(['"])(.*)\1$/.exec(line)?.[2] ?? line;
  const path = /^file:\/\/(\/.*)$/i.exec(inner)?.[1];
  if (path === undefined) return inner;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return path;
  }
}

function replied(state: ViewState, { command, generation, reply }: Extract<ViewEvent, { type: "replied" }>): Change {
  const asked = generation !== null && state.prompt?.generation === generation;
  if (command.method === "complete-path") {
    if (!asked) return become(state);
    return become(reply.ok ? gotPaths(state, reply.paths ?? [], reply.text) : say(state, reply.text, "warning"));
  }
  if (command.method === "add-tracker" && asked && reply.ok && state.prompt?.kind === "tracker")
    return become(watchTracker(state));
  // What was tried in vain goes without a word.
  if (command.method === "remove-tracker" && reply.ok && generation !== null && state.prompt?.kind !== "command")
    return become(state);
  if (command.method === "files" && reply.ok) {
    const { infoHash } = command;
    return become({ ...state, allFiles: { infoHash, files: reply.files ?? [] } });
  }
  if (command.method === "inspect") return become(lookedAt(state, command, asked, reply));
  if (command.method === "stop" && reply.ok) return { state, effects: [{ type: "leave", reason: "stop-engine" }] };
  // Of several commands of one line: what went wrong with one stays, and the line.
  if (asked && reply.ok && !state.prompt!.waiting) return become(state);
  const prompt = asked ? (reply.ok ? null : { ...state.prompt!, waiting: false }) : state.prompt;
  // Whoever starts a download wants to see where it comes from.
  const expanded =
    command.method === "download" && reply.ok && reply.infoHash !== undefined
      ? new Set([...state.expanded, reply.infoHash])
      : state.expanded;
  const text = reply.ok && reply.doctor !== undefined ? doctorText(reply.doctor) : reply.text;
  const about = reply.ok && command.method === "download" ? reply.infoHash : undefined;
  const answered = { ...state, prompt, expanded };
  // Of several commands of one key: what went wrong with one stays, however well the others went.
  if (reply.ok && generation === null && state.message?.level === "warning") return become(answered);
  return become(say(answered, text, reply.ok ? "information" : "warning", about));
}

/** What a torrent holds, or why that cannot be told; of no use to who gave up waiting. */
function lookedAt(
  state: ViewState,
  { target, folder }: Extract<Command, { method: "inspect" }>,
  asked: boolean,
  reply: Reply,
): ViewState {
  if (!asked) return state;
  if (!reply.ok || reply.torrent === undefined)
    return say({ ...state, prompt: { ...state.prompt!, waiting: false } }, reply.text, "warning");
  const { torrent } = reply;
  if (folder !== undefined)
    return { ...state, prompt: null, adding: state.adding && { ...state.adding, torrent, folder } };
  if (state.snapshot.transfers.some(({ infoHash }) => infoHash === torrent.infoHash))
    return say({ ...state, prompt: null }, `${torrent.name} is among the transfers already.`, "information");
  return { ...state, prompt: null, adding: beginAdding(torrent, target) };
}

function withoutMessage(state: ViewState): ViewState {
  return state.message === null ? state : { ...state, message: null };
}
