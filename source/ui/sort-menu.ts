// The menu of sort orders: opened by `o`, moved in, chosen from.
import { isSorted, ORDERINGS, type SortedList } from "./orders.ts";
import { openList, say, type ViewState } from "./view-state.ts";

/** Opens the menu of the open list, at the order that it has. */
export function openSortMenu(state: ViewState): ViewState {
  const list = openList(state);
  if (list === null || !isSorted(list)) return say(state, "This has one order only.", "information");
  const index = ORDERINGS[list].findIndex(({ by }) => by === state.orders[list].by);
  return { ...state, menu: { list, index: Math.max(0, index) } };
}

export function movedInMenu(state: ViewState, by: number): ViewState {
  const { menu } = state;
  if (menu === null) return state;
  const { length } = ORDERINGS[menu.list];
  return { ...state, menu: { ...menu, index: (menu.index + by + length) % length } };
}

/** Sorts by row `index` of the menu, the other way round when it was sorted so already, and closes it. */
export function chosenOrder(state: ViewState, index: number): ViewState {
  const { menu } = state;
  if (menu === null) return state;
  const { by } = ORDERINGS[menu.list][index]!;
  const before = state.orders[menu.list];
  const order = { by, reversed: before.by === by && !before.reversed };
  return { ...state, menu: null, orders: { ...state.orders, [menu.list]: order } };
}

/** The row of the menu that `key` chooses; -1 for none. */
export function menuIndexOf(list: SortedList, key: string): number {
  return ORDERINGS[list].findIndex((ordering) => ordering.key === key);
}
