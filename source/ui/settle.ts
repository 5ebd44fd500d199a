// settle: what holds between the fields of the state, whatever changed one of them.
import type { TransferRow } from "../control/contract.ts";
import { addingHeight, settleAdding } from "./adding.ts";
import { PANE_NAMES } from "./layout.ts";
import { buildLists } from "./lists.ts";
import { helpLength } from "./panes/help.ts";
import { heightOf, layoutOf } from "./room.ts";
import { openList, type FollowedList, type Position, type ViewState } from "./view-state.ts";

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
