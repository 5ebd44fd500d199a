// Moving: of the selection, between panes, between tabs.
import { addingHeight, movedIn, steppedIn } from "./adding.ts";
import { knownFiles } from "./all-files.ts";
import { stepInto, stepOut, withOpened, withTurned } from "./file-tree.ts";
import type { ListName } from "./lists.ts";
import { PANE_NAMES, type PaneName } from "./layout.ts";
import { DETAIL_TABS } from "./tabs.ts";
import { heightOf, layoutOf } from "./room.ts";
import { openList, selectedTransfer, type FollowedList, type ViewState } from "./view-state.ts";

/** `by` rows down (up when negative, to the end when infinite) in whatever is open. */
export function moved(state: ViewState, by: number): ViewState {
  if (state.prompt !== null && state.prompt.kind !== "filter" && state.prompt.kind !== "search") return state;
  if (state.help !== null) return { ...state, help: { ...state.help, top: scrolled(state.help.top, by) } };
  if (state.adding !== null) return { ...state, adding: movedIn(state.adding, by) };
  const list = openList(state);
  return list === null ? state : movedTo(state, list, state.positions[list].index + by);
}

/** Row `index` of `list` is selected, or its end where that is beyond it. Leaving the last row stops following. */
export function movedTo(state: ViewState, list: ListName, index: number): ViewState {
  const items = state.lists[list];
  const within = Math.max(0, Math.min(items.length - 1, index));
  const position = { ...state.positions[list], index: within, key: items[within]?.key ?? null };
  const following = list in state.following ? { [list as FollowedList]: within >= items.length - 1 } : {};
  return {
    ...state,
    following: { ...state.following, ...following },
    positions: { ...state.positions, [list]: position },
  };
}

/** Beyond the end is put right by `settle`, which knows how long the text is. */
function scrolled(top: number, by: number): number {
  return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, top + by));
}

/** Rows that a page is, one of which stays in sight. */
export function pageOf(state: ViewState): number {
  const list = openList(state);
  if (state.adding !== null) return addingHeight(layoutOf(state).main) - 1;
  const height = state.help !== null || list === null ? layoutOf(state).main.height - 3 : heightOf(state, list);
  return Math.max(1, height - 1);
}

export function wentTo(state: ViewState, pane: PaneName): ViewState {
  return { ...state, pane, details: null };
}

/** The next pane (the one before, for -1); in details the next tab. */
export function turned(state: ViewState, by: 1 | -1): ViewState {
  const { details, pane } = state;
  return details === null
    ? wentTo(state, next(PANE_NAMES, pane, by))
    : { ...state, details: { ...details, tab: next(DETAIL_TABS, details.tab, by) } };
}

function next<T>(all: readonly T[], from: T, by: 1 | -1): T {
  return all[(all.indexOf(from) + by + all.length) % all.length]!;
}

/** The tab before; in Transfers the peers of the selected one are hidden; in a tree of files out of the folder. */
export function wentLeft(state: ViewState): ViewState {
  if (state.adding !== null) return { ...state, adding: steppedIn(state.adding, "out") };
  if (state.details !== null) return steppedInFiles(state, stepOut) ?? turned(state, -1);
  const selected = state.pane === "transfers" ? selectedTransfer(state) : undefined;
  if (selected === undefined) return state;
  const { infoHash } = selected.transfer;
  const parent = state.lists.transfers.findIndex(({ key }) => key === infoHash);
  const expanded = new Set([...state.expanded].filter((hash) => hash !== infoHash));
  return movedTo({ ...state, expanded }, "transfers", parent);
}

/** The next tab; in Transfers the peers of the selected one are shown; in a tree of files into the folder. */
export function wentRight(state: ViewState): ViewState {
  if (state.adding !== null) return { ...state, adding: steppedIn(state.adding, "into") };
  if (state.details !== null) return steppedInFiles(state, stepInto) ?? turned(state, 1);
  const selected = state.pane === "transfers" ? selectedTransfer(state) : undefined;
  return selected === undefined
    ? state
    : { ...state, expanded: new Set([...state.expanded, selected.transfer.infoHash]) };
}

/** The selected folder is opened, or closed. */
export function turnedFolder(state: ViewState): ViewState {
  const row = state.lists.files[state.positions.files.index]?.row;
  return row === undefined || row.open === null ? state : { ...state, turned: withTurned(state.turned, row.key) };
}

/** The folders turned so that row `key` of the open transfer's files is shown. */
export function foldersOpened({ snapshot, details, turned, allFiles }: ViewState, key: string): ReadonlySet<string> {
  const transfer = snapshot.transfers.find(({ infoHash }) => infoHash === details?.infoHash);
  const files = transfer === undefined ? [] : knownFiles(transfer, allFiles);
  const path = files.find(({ index }) => String(index) === key)?.path ?? key;
  return withOpened(turned, path, files.length);
}

function steppedInFiles(state: ViewState, way: typeof stepInto): ViewState | null {
  const rows = state.lists.files.map(({ row }) => row);
  const step = way(rows, state.positions.files.index);
  if (step === null) return null;
  return step.type === "select"
    ? movedTo(state, "files", step.index)
    : { ...state, turned: withTurned(state.turned, step.key) };
}
