// All state of the viewer. `update.ts` alone changes it, and `settle.ts` keeps what holds between its parts.
import type { Command, Reply, Snapshot } from "../control/contract.ts";
import type { Adding } from "./adding.ts";
import type { Places } from "./command-line.ts";
import type { Context } from "./keymap.ts";
import type { PaneName } from "./layout.ts";
import type { Line } from "./line.ts";
import type { ListName, Lists, ListSettings, TransferItem } from "./lists.ts";
import type { SortedList } from "./orders.ts";
import { isListTab, type DetailTab } from "./tabs.ts";

export interface ViewState extends ListSettings {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly rows: number;
  readonly settings: Settings;
  readonly pane: PaneName;
  readonly zoomed: boolean;
  readonly lists: Lists;
  readonly positions: Readonly<Record<ListName, Position>>;
  /** Since all files were asked for. */
  readonly snapshotsSinceFiles: number;
  /** These stay at the newest. */
  readonly following: Readonly<Record<FollowedList, boolean>>;
  /** Keys of rows that are chosen, to do something with all of them. */
  readonly chosen: Readonly<Record<ListName, ReadonlySet<string>>>;
  readonly details: Details | null;
  /** Where `'` and the letter goes. */
  readonly marks: Readonly<Record<string, Mark>>;
  /** The next letter sets a mark, or goes to one. */
  readonly marking: "set" | "go" | null;
  /** The sort orders of a list, and which of them is under the cursor. */
  readonly menu: { readonly list: SortedList; readonly index: number } | null;
  /** What was looked at and is not added yet. */
  readonly adding: Adding | null;
  readonly help: { readonly top: number; readonly search: string } | null;
  readonly prompt: Prompt | null;
  /** Lines of `:` that were done, oldest first, each once. */
  readonly doneLines: readonly string[];
  /** What was erased of a line last, more than a letter, and the line that it left. */
  readonly erased: Line & { readonly text: string };
  readonly question: Question | null;
  readonly message: Message | null;
  /** Rises with each message and each prompt, and names them. */
  readonly counter: number;
}

/** What does not change while the viewer runs. */
export interface Settings {
  readonly ascii: boolean;
  /** Little is written: nothing turns, rates are rounded. */
  readonly lowBandwidth: boolean;
  readonly places: Places;
  /** The hint of `q`. */
  readonly quitLabel: string;
}

/** Which row is selected, by key: it is followed when rows move. `index` and `top` (the first row shown) are where it stands. */
export interface Position {
  readonly key: string | null;
  readonly index: number;
  readonly top: number;
}

export type FollowedList = "broadcasts" | "log";

export interface Details {
  readonly infoHash: string;
  readonly tab: DetailTab;
}

/** A row to come back to. */
export interface Mark {
  readonly pane: PaneName;
  readonly details: Details | null;
  readonly list: ListName;
  readonly key: string;
}

/** A line being typed, and what it is for. */
export interface Prompt extends Line {
  readonly kind: PromptKind;
  /** Names this prompt with this value. */
  readonly generation: number;
  /** What the line can be completed to. */
  readonly candidates: readonly string[];
  /** How many of the lines that were done it went back. */
  readonly back: number;
  /** What was typed before it did. */
  readonly begun: string;
  /** The engine was asked what this value can be completed to. */
  readonly completing: string | null;
  /** The engine was asked to do it. */
  readonly waiting: boolean;
  /** Of a tracker that was tried: why it does not work. */
  readonly problem: string | null;
  /** The tracker that was tried last. */
  readonly tried: string | null;
}
export type PromptKind = "command" | "filter" | "search" | "add" | "share" | "folder" | "tracker";

/** Asks before something that cannot be undone; says No unless told otherwise. */
export interface Question {
  /** What will happen, and to what. */
  readonly lines: readonly string[];
  readonly commands: readonly Command[];
  /** Gone when these transfers are. */
  readonly infoHashes: readonly string[];
}

export interface Message {
  readonly text: string;
  readonly level: "information" | "warning";
  /** The transfer that it is about; of one that has failed it is a warning. */
  readonly infoHash?: string;
  /** So that only the newest message expires by its timer. */
  readonly id: number;
}

export type ViewEvent =
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  | { readonly type: "resized"; readonly columns: number; readonly rows: number }
  | { readonly type: "key"; readonly key: string }
  /** Letters, where a line is being typed. */
  | { readonly type: "typed"; readonly text: string }
  | { readonly type: "pasted"; readonly text: string }
  /** The engine answered; `generation` is the prompt that asked, null when none did. */
  | { readonly type: "replied"; readonly command: Command; readonly generation: number | null; readonly reply: Reply }
  | { readonly type: "message-expired"; readonly id: number };

export type Effect =
  | { readonly type: "send"; readonly command: Command; readonly generation: number | null }
  | { readonly type: "copy"; readonly text: string }
  | { readonly type: "leave"; readonly reason: "quit" | "stop-engine" }
  | { readonly type: "redraw" }
  | { readonly type: "suspend" };

export interface Change {
  readonly state: ViewState;
  readonly effects: readonly Effect[];
}

/** Before a list was looked at. */
export const NOWHERE: Position = { key: null, index: 0, top: 0 };

/** Opens the details of a transfer; of another one than before, from the beginning. */
export function openDetails(state: ViewState, details: Details): ViewState {
  const fresh = { peers: NOWHERE, files: NOWHERE, trackers: NOWHERE, log: NOWHERE };
  const unfiltered = { peers: "", files: "", trackers: "", log: "" };
  return {
    ...state,
    details,
    turned: new Set(),
    positions: { ...state.positions, ...fresh },
    filters: { ...state.filters, ...unfiltered },
    chosen: { ...state.chosen, files: new Set() },
    following: { ...state.following, log: true },
  };
}

/** The list that keys move in; null where a picture stands. */
export function openList(state: ViewState): ListName | null {
  if (state.details === null) return state.pane;
  return isListTab(state.details.tab) ? state.details.tab : null;
}

/** What the keyboard talks to now. */
export function contextOf(state: ViewState): Context {
  if (state.question !== null) return "question";
  if (state.marking !== null) return "mark";
  if (state.menu !== null) return "menu";
  if (state.prompt !== null) return "prompt";
  if (state.help !== null) return "help";
  if (state.adding !== null) return "adding";
  return state.details === null ? state.pane : state.details.tab;
}

/** Puts a message on the footer, in place of the one that is there. */
export function say(state: ViewState, text: string, level: Message["level"], infoHash?: string): ViewState {
  const id = state.counter + 1;
  const about = infoHash === undefined ? {} : { infoHash };
  return { ...state, counter: id, message: { text, level, id, ...about } };
}

/** A change of nothing but the state. */
export function become(state: ViewState): Change {
  return { state, effects: [] };
}

/** The selected row of Transfers. */
export function selectedTransfer(state: ViewState): TransferItem | undefined {
  return state.lists.transfers[state.positions.transfers.index];
}
