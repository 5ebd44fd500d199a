// Choosing several rows, to do something with all of them.
import { movedTo } from "./moving.ts";
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

/** Chooses the selected row, or no longer, and goes on to the next. Of a peer below its transfer it is the transfer. */
export function toggledChoice(state: ViewState): ViewState {
  const list = openList(state);
  if (list === null) return state;
  const { index } = state.positions[list];
  const items = state.lists[list];
  const key = items[index] && ownerOf(items[index].key, list);
  if (key === undefined) return state;
  const chosen = new Set(state.chosen[list]);
  if (!chosen.delete(key)) chosen.add(key);
  const next = items.findIndex((item, place) => place > index && ownerOf(item.key, list) === item.key);
  return movedTo({ ...state, chosen: { ...state.chosen, [list]: chosen } }, list, next < 0 ? index : next);
}

/** Chooses all rows that are shown; none, when all were. */
export function toggledAll(state: ViewState): ViewState {
  const list = openList(state);
  if (list === null) return state;
  const keys = new Set(state.lists[list].map(({ key }) => ownerOf(key, list)));
  const all = [...keys].every((key) => state.chosen[list].has(key));
  return { ...state, chosen: { ...state.chosen, [list]: all ? new Set<string>() : keys } };
}

/** The key of the row that is chosen with row `key`. */
function ownerOf(key: string, list: ListName): string {
  return list === "transfers" ? key.split(" ", 1)[0]! : key;
}
