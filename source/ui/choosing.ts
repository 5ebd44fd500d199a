// Choosing several rows, to do something with all of them.
import { moved } from "./moving.ts";
import type { ListName, Lists } from "./lists.ts";
import { openList, type ViewState } from "./view-state.ts";

type ItemOf<List extends ListName> = Lists[List][number];

/** The rows that a key is about: those of `list` that are chosen and shown, else the one that is selected. */
export function targetsOf<List extends ListName>(state: ViewState, list: List): readonly ItemOf<List>[] {
  const items: readonly ItemOf<List>[] = state.lists[list];
  const chosen = items.filter(({ key }) => state.chosen[list].has(key));
  const selected = items[state.positions[list].index];
  return chosen.length > 0 ? chosen : selected === undefined ? [] : [selected];
}

/** Chooses the selected row, or no longer, and goes on to the next. A peer below its transfer cannot be chosen. */
export function toggledChoice(state: ViewState): ViewState {
  const list = openList(state);
  const key = list === null ? undefined : state.lists[list][state.positions[list].index]?.key;
  if (list === null || key === undefined || !canBeChosen(key, list)) return state;
  const chosen = new Set(state.chosen[list]);
  if (!chosen.delete(key)) chosen.add(key);
  return moved({ ...state, chosen: { ...state.chosen, [list]: chosen } }, 1);
}

/** Chooses all rows that are shown; none, when all were. */
export function toggledAll(state: ViewState): ViewState {
  const list = openList(state);
  if (list === null) return state;
  const keys = state.lists[list].map(({ key }) => key).filter((key) => canBeChosen(key, list));
  const all = keys.every((key) => state.chosen[list].has(key));
  return { ...state, chosen: { ...state.chosen, [list]: new Set(all ? [] : keys) } };
}

function canBeChosen(key: string, list: ListName): boolean {
  return list !== "transfers" || !key.includes(" ");
}
