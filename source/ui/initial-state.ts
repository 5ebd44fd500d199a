// The state when the viewer opens.
import type { Snapshot } from "../control/contract.ts";
import { lineOf } from "./line.ts";
import { buildLists, type ListName, type ListSettings } from "./lists.ts";
import { settle } from "./settle.ts";
import { NOWHERE, type Settings, type ViewState } from "./view-state.ts";

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
    doneLines: [],
    erased: { ...lineOf(""), text: "" },
    question: null,
    message: null,
    counter: 0,
  });
}

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
