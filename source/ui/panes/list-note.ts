// What the frame of a list says of it: the filter and how many rows it leaves, how many are chosen, the sort order.
import { formatCount } from "../format/numbers.ts";
import type { ListName } from "../lists.ts";
import { isSorted } from "../orders.ts";
import type { ViewState } from "../view-state.ts";

/** `/mkv 2 of 7, 1 chosen, by name`; just `7, by name` when nothing is filtered or chosen. */
export function listNote(state: ViewState, list: ListName, all: number): string {
  const filter = state.filters[list];
  const rows = state.lists[list];
  const shown = list === "transfers" ? state.lists.transfers.filter(({ peer }) => peer === null).length : rows.length;
  const { [list]: keys } = state.chosen;
  const chosen = keys.size === 0 ? 0 : rows.filter(({ key }) => keys.has(key)).length;
  return [
    filter === "" ? formatCount(all) : `/${filter} ${formatCount(shown)} of ${formatCount(all)}`,
    chosen === 0 ? "" : `${formatCount(chosen)} chosen`,
    isSorted(list) ? `by ${state.orders[list].by}${state.orders[list].reversed ? ", reversed" : ""}` : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
