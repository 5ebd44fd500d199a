// What the frame of a list says of it: the filter and how many rows it leaves, the sort order.
import { formatCount } from "../format/numbers.ts";
import type { PaneName } from "../layout.ts";
import type { ViewState } from "../view-state.ts";

/** `/mkv 2 of 7  by name`; just `7  by name` without a filter. */
export function listNote(state: ViewState, pane: PaneName, all: number, order: string): string {
  const filter = state.filters[pane];
  const shown =
    pane === "transfers" ? state.lists.transfers.filter(({ peer }) => peer === null).length : state.lists[pane].length;
  const count = filter === "" ? formatCount(all) : `/${filter} ${formatCount(shown)} of ${formatCount(all)}`;
  return order === "" ? count : `${count}, ${order}`;
}
