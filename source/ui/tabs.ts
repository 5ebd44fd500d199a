// The tabs of a transfer's details, and the room that each leaves for its rows.
export const DETAIL_TABS = ["pieces", "peers", "files", "trackers", "log", "graph"] as const;
export type DetailTab = (typeof DETAIL_TABS)[number];

/** The tabs that are lists; the others are pictures, drawn to fit. */
export type ListTab = Exclude<DetailTab, "pieces" | "graph">;

/** Rows above each tab: the tabs, two lines about the transfer, its bar, an empty one; a long fault takes the last two. */
export const DETAIL_HEAD_ROWS = 5;

/** Rows of a tab around its list: headings, and what is said of the selected row. */
const AROUND: Readonly<Record<DetailTab, number>> = { pieces: 0, peers: 5, files: 1, trackers: 3, log: 0, graph: 0 };

export function isListTab(tab: DetailTab): tab is ListTab {
  return tab !== "pieces" && tab !== "graph";
}

/** Rows that a tab has in a pane of `height` rows, all it draws counted. */
export function tabHeight(height: number): number {
  return Math.max(1, height - 2 - DETAIL_HEAD_ROWS);
}

/** Rows of the list of a tab in a pane of `height` rows. */
export function tabListHeight(tab: DetailTab, height: number): number {
  return Math.max(1, tabHeight(height) - AROUND[tab]);
}
