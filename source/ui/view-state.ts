// All state of the viewer, and the promises between its parts. Pure; `update.ts` alone changes it.
import type { Command, Reply, Snapshot, TransferRow } from "../control/contract.ts";
import { type Adding, addingHeight, settleAdding } from "./adding.ts";
import type { Places } from "./command-line.ts";
import { wrapped } from "./format/columns.ts";
import type { Context } from "./keymap.ts";
import { isPane, layOut, listHeight, PANE_NAMES, type Layout, type PaneName } from "./layout.ts";
import { helpLength } from "./panes/help.ts";
import { buildLists, type ListName, type Lists, type ListSettings, type TransferItem } from "./lists.ts";
import type { SortedList } from "./orders.ts";
import { isListTab, tabListHeight, type DetailTab } from "./tabs.ts";

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

/** A line being typed. */
export interface Prompt {
  readonly kind: PromptKind;
  readonly value: string;
  /** Names this prompt, and the text input that shows it: a new one begins whenever the value was changed by something else. */
  readonly generation: number;
  /** What the line can be completed to. */
  readonly candidates: readonly string[];
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
  /** The text input of prompt `generation` holds `value` now. */
  | { readonly type: "typed"; readonly generation: number; readonly value: string }
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

/** The state when the viewer opens. */
export function initialState(snapshot: Snapshot, columns: number, rows: number, settings: Settings): ViewState {
  const usual = { by: "name", reversed: false };
  const lists: ListSettings = {
    filters: ofEachList(""),
    orders: {
      available: usual,
      transfers: { ...usual, by: "newest" },
      peers: { ...usual, by: "rate" },
      files: { ...usual, by: "place" },
    },
    expanded: new Set(),
    turned: new Set(),
    allFiles: null,
    details: null,
  };
  return settle({
    ...lists,
    snapshot,
    columns,
    rows,
    settings,
    pane: "available",
    zoomed: false,
    lists: buildLists(snapshot, lists),
    positions: ofEachList(NOWHERE),
    snapshotsSinceFiles: 0,
    following: { broadcasts: true, log: true },
    chosen: ofEachList(new Set()),
    details: null,
    marks: {},
    marking: null,
    menu: null,
    adding: null,
    help: null,
    prompt: null,
    question: null,
    message: null,
    counter: 0,
  });
}

const NOWHERE: Position = { key: null, index: 0, top: 0 };

function ofEachList<T>(value: T): Record<ListName, T> {
  return {
    available: value,
    transfers: value,
    broadcasts: value,
    peers: value,
    files: value,
    trackers: value,
    log: value,
  };
}

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

/** Rows of a list that can be seen at once. */
export function heightOf(state: ViewState, list: ListName): number {
  const layout = layoutOf(state);
  return isPane(list) ? listHeight(list, layout.panes[list]) : tabListHeight(list, layout.main.height);
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

/** Lines that the status line, alerts and footer take: the hints give way to a message, a line being typed has a note below it. */
export function takenRows(state: ViewState): number {
  const prompt = state.prompt === null ? 0 : 2;
  const footer = prompt + messageLines(state).length;
  return 1 + alertLines(state).length + Math.max(1, footer);
}

/** The message, in lines that fit behind its sign. */
export function messageLines({ message, columns, rows }: ViewState): readonly string[] {
  return message === null ? [] : wrapped(message.text, columns - SIGN, rows < ROOMY_ROWS ? 1 : 3);
}

/** The first of the engine's alerts, and how many there are more. */
export function alertLines({ snapshot, columns, rows }: ViewState): readonly string[] {
  const [first, ...others] = snapshot.engine.alerts;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return first === undefined ? [] : wrapped(first + more, columns - SIGN, rows < ROOMY_ROWS ? 1 : 2);
}

/** On fewer rows than these the panes need each of them: an alert and a message have one. */
const ROOMY_ROWS = 20;

/** Columns before a message: its sign, between spaces. */
export const SIGN = 3;

export function layoutOf(state: ViewState): Layout {
  return layOut(state.columns, state.rows, takenRows(state), state.zoomed);
}

/** The selected row of Transfers. */
export function selectedTransfer(state: ViewState): TransferItem | undefined {
  return state.lists.transfers[state.positions.transfers.index];
}

/** Keeps the promises between fields: lists as their settings say, selections on rows that exist, windows around them. */
export function settle(unsettled: ViewState, before?: ViewState): ViewState {
  const find = (infoHash: string): TransferRow | undefined =>
    unsettled.snapshot.transfers.find((row) => row.infoHash === infoHash);
  const { details, question } = unsettled;
  const gone = details !== null && find(details.infoHash) === undefined;
  const state = gone ? { ...unsettled, details: null } : unsettled;
  const lists = buildLists(
    state.snapshot,
    state,
    before && { snapshot: before.snapshot, settings: before, lists: before.lists },
  );
  const layout = layoutOf(state);
  const positions = { ...state.positions };
  const open = openList(state);
  for (const list of open === null ? PANE_NAMES : new Set([...PANE_NAMES, open])) {
    const following = list in state.following && state.following[list as FollowedList];
    positions[list] = settlePosition(state.positions[list], lists[list], heightOf(state, list), following);
  }
  const asksOfNothing = question !== null && question.infoHashes.some((infoHash) => find(infoHash) === undefined);
  return {
    ...state,
    lists,
    positions,
    adding: state.adding && settleAdding(state.adding, addingHeight(layout.main)),
    help: state.help && {
      ...state.help,
      top: withinEnd(
        state.help.top,
        helpLength(state.help.search, state.settings.ascii, layout.main),
        layout.main.height - 2,
      ),
    },
    question: asksOfNothing ? null : question,
  };
}

/** The first row of a window of `height` rows that ends with the last of `length` rows at the latest. */
function withinEnd(top: number, length: number, height: number): number {
  return Math.max(0, Math.min(top, length - height));
}

function settlePosition(
  position: Position,
  items: readonly { readonly key: string }[],
  height: number,
  following: boolean,
): Position {
  const wanted = following ? items.length - 1 : indexOf(position, items);
  const index = Math.max(0, Math.min(wanted, items.length - 1));
  const highest = Math.max(0, items.length - height);
  const top = Math.min(highest, Math.max(index - height + 1, Math.min(position.top, index)));
  const key = items[index]?.key ?? null;
  return key === position.key && index === position.index && top === position.top ? position : { key, index, top };
}

/** Where the selected row stands now; when it is gone, whatever stands in its place. */
function indexOf(position: Position, items: readonly { readonly key: string }[]): number {
  if (items[position.index]?.key === position.key) return position.index;
  const moved = items.findIndex(({ key }) => key === position.key);
  return moved < 0 ? position.index : moved;
}
