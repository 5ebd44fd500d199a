// All state of the viewer, and the promises between its parts. Pure; `update.ts` alone changes it.
import type { Command, Reply, Snapshot, TransferRow } from "../control/contract.ts";
import type { Places } from "./command-line.ts";
import type { Context } from "./keymap.ts";
import { layOut, listHeight, PANE_NAMES, type Layout, type PaneName } from "./layout.ts";
import { DETAIL_HEAD_ROWS, detailLength, type DetailTab } from "./panes/details.ts";
import { helpLength } from "./panes/help.ts";
import { buildLists, type Lists, type ListSettings, type TransferItem } from "./lists.ts";

export interface ViewState extends ListSettings {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly rows: number;
  readonly settings: Settings;
  readonly pane: PaneName;
  readonly zoomed: boolean;
  readonly lists: Lists;
  readonly positions: Readonly<Record<PaneName, Position>>;
  /** Broadcasts stay at the newest. */
  readonly following: boolean;
  readonly details: Details | null;
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
  readonly colour: boolean;
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

export interface Details {
  readonly infoHash: string;
  readonly tab: DetailTab;
  readonly top: number;
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
}
export type PromptKind = "command" | "filter" | "search" | "add" | "share";

/** Asks before something that cannot be undone; says No unless told otherwise. */
export interface Question {
  /** What will happen, and to what. */
  readonly lines: readonly string[];
  readonly command: Command;
  /** Gone when this transfer is. */
  readonly infoHash: string | null;
}

export interface Message {
  readonly text: string;
  readonly level: "information" | "warning";
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
  const nowhere = { key: null, index: 0, top: 0 };
  const lists: ListSettings = {
    filters: { available: "", transfers: "", broadcasts: "" },
    availableOrder: "name",
    transferOrder: "newest",
    expanded: new Set(),
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
    positions: { available: nowhere, transfers: nowhere, broadcasts: nowhere },
    following: true,
    details: null,
    help: null,
    prompt: null,
    question: null,
    message: null,
    counter: 0,
  });
}

/** What the keyboard talks to now. */
export function contextOf(state: ViewState): Context {
  if (state.question !== null) return "question";
  if (state.prompt !== null) return "prompt";
  if (state.help !== null) return "help";
  return state.details === null ? state.pane : "details";
}

/** Puts a message on the footer, in place of the one that is there. */
export function say(state: ViewState, text: string, level: Message["level"]): ViewState {
  const id = state.counter + 1;
  return { ...state, counter: id, message: { text, level, id } };
}

/** A change of nothing but the state. */
export function become(state: ViewState): Change {
  return { state, effects: [] };
}

/** Lines that the status line, alerts and footer take. */
export function takenRows(state: ViewState): number {
  const alerts = state.snapshot.engine.alerts.length > 0 ? 1 : 0;
  const messageBesidePrompt = state.prompt !== null && state.message !== null ? 1 : 0;
  const belowPrompt = state.prompt?.kind === "filter" ? 1 : 0;
  return 2 + alerts + messageBesidePrompt + belowPrompt;
}

export function layoutOf(state: ViewState): Layout {
  return layOut(state.columns, state.rows, takenRows(state), state.zoomed);
}

/** The selected row of Transfers. */
export function selectedTransfer(state: ViewState): TransferItem | undefined {
  return state.lists.transfers[state.positions.transfers.index];
}

/** Keeps the promises between fields: lists as their settings say, selections on rows that exist, windows around them. */
export function settle(state: ViewState, before?: ViewState): ViewState {
  const lists = buildLists(
    state.snapshot,
    state,
    before && { snapshot: before.snapshot, settings: before, lists: before.lists },
  );
  const layout = layoutOf(state);
  const positions = { ...state.positions };
  for (const pane of PANE_NAMES) {
    const height = listHeight(pane, layout.panes[pane]);
    const following = pane === "broadcasts" && state.following;
    positions[pane] = settlePosition(state.positions[pane], lists[pane], height, following);
  }
  const find = (infoHash: string | undefined): TransferRow | undefined =>
    state.snapshot.transfers.find((row) => row.infoHash === infoHash);
  const { question } = state;
  return {
    ...state,
    lists,
    positions,
    details: settleDetails(state, find(state.details?.infoHash), layout.main.height),
    help: state.help && {
      ...state.help,
      top: withinEnd(
        state.help.top,
        helpLength(state.help.search, state.settings.ascii, layout.main),
        layout.main.height - 2,
      ),
    },
    question: question?.infoHash != null && find(question.infoHash) === undefined ? null : question,
  };
}

function settleDetails(
  { details, snapshot }: ViewState,
  transfer: TransferRow | undefined,
  height: number,
): Details | null {
  if (details === null || transfer === undefined) return null;
  const length = detailLength(snapshot, transfer, details.tab);
  return { ...details, top: withinEnd(details.top, length, height - 2 - DETAIL_HEAD_ROWS) };
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
