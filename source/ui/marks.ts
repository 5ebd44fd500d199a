// Marks: rows to come back to, each named by a letter, as in vi. `''` goes back to where the last jump began.
import { foldersOpened } from "./moving.ts";
import { openDetails, openList, say, type Mark, type ViewState } from "./view-state.ts";

/** What the next letter does, said in the footer until it comes. */
export function beganMarking(state: ViewState, marking: "set" | "go"): ViewState {
  const set = Object.keys(state.marks).toSorted().join(" ");
  if (marking === "go" && set === "") return say(state, "There is no mark yet: m and a letter sets one.", "warning");
  const text = marking === "set" ? "Mark this row: type a letter." : `Go to a mark: ${set}`;
  return { ...say(state, text, "information"), marking };
}

/** `key` came after `m` or `'`. */
export function namedMark(state: ViewState, key: string): ViewState {
  const { marking } = state;
  const waiting: ViewState = { ...state, marking: null, message: null };
  const name = key === "'" ? "'" : /^[\p{L}\p{N}]$/u.test(key) ? key : null;
  if (name === null) return say(waiting, "A mark is named by a letter or a digit.", "warning");
  if (marking === "go") return wentToMark(waiting, name);
  const mark = here(waiting);
  if (mark === null) return say(waiting, "There is no row to mark here.", "warning");
  return say(
    { ...waiting, marks: { ...state.marks, [name]: mark } },
    `'${name} comes back to this row.`,
    "information",
  );
}

function here(state: ViewState): Mark | null {
  const list = openList(state);
  const key = list === null ? null : state.positions[list].key;
  return list === null || key === null ? null : { pane: state.pane, details: state.details, list, key };
}

function wentToMark(state: ViewState, name: string): ViewState {
  const mark = state.marks[name];
  if (mark === undefined) return say(state, `There is no mark ${name}.`, "warning");
  if (isGone(mark, state)) return say(state, `What mark ${name} stood on is gone.`, "warning");
  const { pane, details, list, key } = mark;
  const left = here(state);
  const marks = left === null ? state.marks : { ...state.marks, "'": left };
  const opened =
    details !== null && details.infoHash !== state.details?.infoHash
      ? openDetails(state, details)
      : { ...state, details };
  // A filter, a closed row or a closed folder must not hide what one comes back to.
  const [owner] = key.split(" ");
  const hidden = !state.lists[list].some((item) => item.key === key);
  const index = hidden ? opened.positions[list].index : state.lists[list].findIndex((item) => item.key === key);
  return {
    ...opened,
    pane,
    marks,
    filters: hidden ? { ...opened.filters, [list]: "" } : opened.filters,
    turned: list === "files" ? foldersOpened(opened, key) : opened.turned,
    expanded: list === "transfers" && owner !== key ? new Set([...state.expanded, owner!]) : state.expanded,
    following: list in state.following ? { ...opened.following, [list]: false } : opened.following,
    positions: { ...opened.positions, [list]: { ...opened.positions[list], key, index } },
  };
}

/** Of a row in details only whether its transfer is. */
function isGone({ details, list, key }: Mark, { snapshot }: ViewState): boolean {
  if (details === null && list === "broadcasts") return false;
  const rows = details === null && list === "available" ? snapshot.catalogue : snapshot.transfers;
  const infoHash = details?.infoHash ?? key.split(" ", 1)[0];
  return !rows.some((row) => row.infoHash === infoHash);
}
