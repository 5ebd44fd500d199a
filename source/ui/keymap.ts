// The one table of keys. What a key does, what help says of it and what the footer hints at all come from here.
import { PANE_NAMES, type PaneName } from "./layout.ts";
import { DETAIL_TABS, type DetailTab } from "./tabs.ts";

/** What the keyboard talks to; exactly one at a time. */
export type Context = PaneName | DetailTab | "adding" | "help" | "question" | "prompt" | "menu" | "mark";

export type Action =
  | "up"
  | "down"
  | "left"
  | "right"
  | "top"
  | "bottom"
  | "page-up"
  | "page-down"
  | "pane-available"
  | "pane-transfers"
  | "pane-broadcasts"
  | "next-pane"
  | "previous-pane"
  | "zoom"
  | "enter"
  | "download"
  | "pause"
  | "give"
  | "keep-giving"
  | "add"
  | "share"
  | "toggle-files"
  | "want-more"
  | "want-less"
  | "sooner"
  | "later"
  | "sequential"
  | "remove"
  | "remove-with-data"
  | "check"
  | "filter"
  | "sort"
  | "menu-up"
  | "menu-down"
  | "menu-choose"
  | "choose"
  | "choose-all"
  | "mark"
  | "go-to-mark"
  | "command"
  | "copy-magnet"
  | "help"
  | "look"
  | "adding-file"
  | "adding-all"
  | "adding-folder"
  | "adding-order"
  | "adding-start"
  | "redraw"
  | "suspend"
  | "leave"
  | "leave-now"
  | "stop-engine"
  | "close"
  | "yes"
  | "no"
  | "complete"
  | "submit"
  | "clear-line"
  | "erase-word";

export interface Binding {
  /** As `keysOf` names them. */
  readonly keys: readonly string[];
  readonly action: Action;
  readonly contexts: readonly Context[];
  /** Heading in help. */
  readonly group:
    "Moving" | "Panes" | "Files and transfers" | "Adding" | "Finding" | "Sorting" | "Leaving" | "Questions" | "Typing";
  readonly help: string;
  /** Footer, in these contexts. */
  readonly hint?: { readonly text: string; readonly in: readonly Context[] };
}

const PANES = PANE_NAMES;
const DETAILS = DETAIL_TABS;
const LISTS = [...PANES, ...DETAILS];
const SCROLLED: readonly Context[] = [...LISTS, "adding", "help"];
const EVERYWHERE: readonly Context[] = [...SCROLLED, "question", "prompt", "menu", "mark"];
const CHOSEN_FROM = ["available", "transfers", "files"] as const;
const SORTED = [...CHOSEN_FROM, "peers"] as const;
const ONE_TRANSFER = ["transfers", ...DETAILS] as const;
const PAUSED = ["available", "transfers", ...DETAILS.filter((tab) => tab !== "files")] as const;

export const KEYMAP: readonly Binding[] = [
  { keys: ["up", "k"], action: "up", contexts: SCROLLED, group: "Moving", help: "one row up" },
  { keys: ["down", "j"], action: "down", contexts: SCROLLED, group: "Moving", help: "one row down" },
  {
    keys: ["left", "h"],
    action: "left",
    contexts: [...LISTS, "adding"],
    group: "Moving",
    help: "hide peers, close folder; tab before",
  },
  {
    keys: ["right", "l"],
    action: "right",
    contexts: [...LISTS, "adding"],
    group: "Moving",
    help: "show peers, open folder; next tab",
    hint: { text: "peers", in: ["transfers"] },
  },
  { keys: ["g", "home"], action: "top", contexts: SCROLLED, group: "Moving", help: "first row" },
  {
    keys: ["G", "end"],
    action: "bottom",
    contexts: SCROLLED,
    group: "Moving",
    help: "last row; follow what is said again",
    hint: { text: "follow", in: ["broadcasts", "log"] },
  },
  { keys: ["pageup"], action: "page-up", contexts: SCROLLED, group: "Moving", help: "one page up" },
  { keys: ["pagedown"], action: "page-down", contexts: SCROLLED, group: "Moving", help: "one page down" },

  { keys: ["1"], action: "pane-available", contexts: LISTS, group: "Panes", help: "what the swarm offers" },
  { keys: ["2"], action: "pane-transfers", contexts: LISTS, group: "Panes", help: "what we download and share" },
  { keys: ["3"], action: "pane-broadcasts", contexts: LISTS, group: "Panes", help: "what the tracker said" },
  {
    keys: ["tab"],
    action: "next-pane",
    contexts: LISTS,
    group: "Panes",
    help: "next pane or tab",
    hint: { text: "next tab", in: DETAILS },
  },
  { keys: ["shift-tab"], action: "previous-pane", contexts: LISTS, group: "Panes", help: "previous pane or tab" },
  { keys: ["z"], action: "zoom", contexts: PANES, group: "Panes", help: "this pane alone, and back" },
  {
    keys: ["return"],
    action: "enter",
    contexts: ["available"],
    group: "Files and transfers",
    help: "pane 1: download, or its details",
    hint: { text: "download", in: ["available"] },
  },
  {
    keys: ["return"],
    action: "enter",
    contexts: ["transfers"],
    group: "Files and transfers",
    help: "pane 2: details of the transfer",
    hint: { text: "details", in: ["transfers"] },
  },
  {
    keys: ["return"],
    action: "enter",
    contexts: ["files"],
    group: "Files and transfers",
    help: "files: open or close the folder",
    hint: { text: "folder", in: ["files"] },
  },
  { keys: ["d"], action: "download", contexts: ["available"], group: "Files and transfers", help: "pane 1: download" },
  {
    keys: ["A"],
    action: "look",
    contexts: ["available"],
    group: "Files and transfers",
    help: "pane 1: look into it, choose files",
  },
  {
    keys: ["space"],
    action: "pause",
    contexts: PAUSED,
    group: "Files and transfers",
    help: "pause, or go on",
    hint: { text: "pause", in: PAUSED.filter((context) => context !== "available") },
  },
  {
    keys: ["space"],
    action: "toggle-files",
    contexts: ["files"],
    group: "Files and transfers",
    help: "files: leave out, or want again",
    hint: { text: "off/on", in: ["files"] },
  },
  {
    keys: ["+"],
    action: "want-more",
    contexts: ["files"],
    group: "Files and transfers",
    help: "files: fetch first",
    hint: { text: "first", in: ["files"] },
  },
  {
    keys: ["-"],
    action: "want-less",
    contexts: ["files"],
    group: "Files and transfers",
    help: "files: less wanted; below normal off",
    hint: { text: "less", in: ["files"] },
  },
  {
    keys: ["v"],
    action: "choose",
    contexts: CHOSEN_FROM,
    group: "Files and transfers",
    help: "choose several rows for the next key",
    hint: { text: "choose", in: ["files"] },
  },
  {
    keys: ["V"],
    action: "choose-all",
    contexts: CHOSEN_FROM,
    group: "Files and transfers",
    help: "choose all rows shown; none",
  },
  {
    keys: ["K", "["],
    action: "sooner",
    contexts: ONE_TRANSFER,
    group: "Files and transfers",
    help: "sooner its turn, while queued",
  },
  {
    keys: ["J", "]"],
    action: "later",
    contexts: ONE_TRANSFER,
    group: "Files and transfers",
    help: "later its turn, while queued",
  },
  {
    keys: ["S"],
    action: "sequential",
    contexts: ONE_TRANSFER,
    group: "Files and transfers",
    help: "fetch its pieces in order, or not",
  },
  {
    keys: ["u"],
    action: "give",
    contexts: ["available", ...ONE_TRANSFER],
    group: "Files and transfers",
    help: "give each peer one random piece",
    hint: { text: "give a piece", in: ["available", "transfers"] },
  },
  {
    keys: ["U"],
    action: "keep-giving",
    contexts: ["available", ...ONE_TRANSFER],
    group: "Files and transfers",
    help: "give until nobody lacks anything",
  },
  {
    keys: ["a"],
    action: "add",
    contexts: PANES,
    group: "Files and transfers",
    help: "add: magnet, hash, name, URL or path",
    hint: { text: "add", in: ["available"] },
  },
  {
    keys: ["s"],
    action: "share",
    contexts: PANES,
    group: "Files and transfers",
    help: "share a file or a folder",
    hint: { text: "share", in: PANES },
  },
  {
    keys: ["x"],
    action: "remove",
    contexts: ONE_TRANSFER,
    group: "Files and transfers",
    help: "remove the transfer, keep its data",
    hint: { text: "remove", in: ["transfers", "pieces"] },
  },
  {
    keys: ["X"],
    action: "remove-with-data",
    contexts: ONE_TRANSFER,
    group: "Files and transfers",
    help: "remove the transfer, DELETE its data",
  },
  {
    keys: ["c"],
    action: "check",
    contexts: ONE_TRANSFER,
    group: "Files and transfers",
    help: "check the files on disk again",
  },
  {
    keys: ["y"],
    action: "copy-magnet",
    contexts: ["available", ...ONE_TRANSFER],
    group: "Files and transfers",
    help: "copy the magnet link",
  },

  {
    keys: ["return"],
    action: "adding-start",
    contexts: ["adding"],
    group: "Adding",
    help: "download what is chosen",
    hint: { text: "download", in: ["adding"] },
  },
  {
    keys: ["space"],
    action: "adding-file",
    contexts: ["adding"],
    group: "Adding",
    help: "this file, or not",
    hint: { text: "file", in: ["adding"] },
  },
  {
    keys: ["a"],
    action: "adding-all",
    contexts: ["adding"],
    group: "Adding",
    help: "all files, or none",
    hint: { text: "all or none", in: ["adding"] },
  },
  {
    keys: ["f"],
    action: "adding-folder",
    contexts: ["adding"],
    group: "Adding",
    help: "into another folder",
    hint: { text: "folder", in: ["adding"] },
  },
  {
    keys: ["s"],
    action: "adding-order",
    contexts: ["adding"],
    group: "Adding",
    help: "pieces in order, or the rarest first",
    hint: { text: "order", in: ["adding"] },
  },

  {
    keys: ["/"],
    action: "filter",
    contexts: [...PANES, "peers", "files", "log", "adding", "help"],
    group: "Finding",
    help: "filter the list; search this help",
    hint: { text: "filter", in: [...PANES, "peers", "files", "log", "adding"] },
  },
  {
    keys: ["o"],
    action: "sort",
    contexts: SORTED,
    group: "Finding",
    help: "sort: a menu of orders",
    hint: { text: "sort", in: ["peers", "files"] },
  },
  {
    keys: ["m"],
    action: "mark",
    contexts: LISTS,
    group: "Finding",
    help: "mark this row: m and a letter",
  },
  {
    keys: ["'"],
    action: "go-to-mark",
    contexts: LISTS,
    group: "Finding",
    help: "back to a mark; '' to where one was",
  },
  {
    keys: [":"],
    action: "command",
    contexts: LISTS,
    group: "Finding",
    help: "command line: DOWNLOAD: name, ...",
    hint: { text: "command", in: PANES },
  },
  {
    keys: ["?"],
    action: "help",
    contexts: [...LISTS, "adding"],
    group: "Finding",
    help: "this help",
    hint: { text: "help", in: [...LISTS, "adding"] },
  },

  { keys: ["up", "k"], action: "menu-up", contexts: ["menu"], group: "Sorting", help: "the order above" },
  { keys: ["down", "j"], action: "menu-down", contexts: ["menu"], group: "Sorting", help: "the order below" },
  {
    keys: ["return", "space"],
    action: "menu-choose",
    contexts: ["menu"],
    group: "Sorting",
    help: "sort so; again: the other way round",
    hint: { text: "sort; again: the other way round", in: ["menu"] },
  },

  {
    keys: ["escape"],
    action: "close",
    contexts: EVERYWHERE.filter((context) => context !== "question"),
    group: "Leaving",
    help: "close, drop the filter; never leaves",
    hint: { text: "close", in: [...DETAILS, "adding", "help", "menu", "mark"] },
  },
  { keys: ["q"], action: "leave", contexts: LISTS, group: "Leaving", help: "leave", hint: { text: "", in: PANES } },
  { keys: ["q", "?"], action: "close", contexts: ["help"], group: "Leaving", help: "close this help" },
  { keys: ["q", "o"], action: "close", contexts: ["menu"], group: "Leaving", help: "close the sort menu" },
  { keys: ["Q"], action: "stop-engine", contexts: LISTS, group: "Leaving", help: "stop the engine too" },
  { keys: ["ctrl-c"], action: "leave-now", contexts: EVERYWHERE, group: "Leaving", help: "leave, whatever is open" },
  { keys: ["ctrl-z"], action: "suspend", contexts: EVERYWHERE, group: "Leaving", help: "suspend; `fg` comes back" },
  { keys: ["ctrl-l"], action: "redraw", contexts: EVERYWHERE, group: "Leaving", help: "draw the screen anew" },

  {
    keys: ["y", "Y"],
    action: "yes",
    contexts: ["question"],
    group: "Questions",
    help: "yes",
    hint: { text: "yes", in: ["question"] },
  },
  {
    keys: ["n", "N", "return", "escape", "q"],
    action: "no",
    contexts: ["question"],
    group: "Questions",
    help: "no",
    hint: { text: "no", in: ["question"] },
  },

  {
    keys: ["return"],
    action: "submit",
    contexts: ["prompt"],
    group: "Typing",
    help: "do what was typed",
  },
  {
    keys: ["tab"],
    action: "complete",
    contexts: ["prompt"],
    group: "Typing",
    help: "complete a path or a name",
  },
  { keys: ["up"], action: "up", contexts: ["prompt"], group: "Typing", help: "one row up, while filtering" },
  { keys: ["down"], action: "down", contexts: ["prompt"], group: "Typing", help: "one row down, while filtering" },
  { keys: ["ctrl-u"], action: "clear-line", contexts: ["prompt"], group: "Typing", help: "clear the line" },
  { keys: ["ctrl-w"], action: "erase-word", contexts: ["prompt"], group: "Typing", help: "erase the last word" },
];

/** What `key` does in `context`. */
export function actionOf(key: string, context: Context): Action | undefined {
  return lookup.get(`${context} ${key}`);
}

const lookup = new Map(
  KEYMAP.flatMap(({ keys, contexts, action }) =>
    contexts.flatMap((context) => keys.map((key) => [`${context} ${key}`, action] as const)),
  ),
);

const KEY_LABELS: Readonly<Record<string, string>> = {
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  return: "Enter",
  escape: "Esc",
  space: "Space",
  tab: "Tab",
  "shift-tab": "Shift-Tab",
  pageup: "PgUp",
  pagedown: "PgDn",
  home: "Home",
  end: "End",
};
const ASCII_LABELS: Readonly<Record<string, string>> = { up: "Up", down: "Down", left: "Left", right: "Right" };

/** A key as people read it: `Enter`, `Ctrl-L`, `→` (`Right` in ASCII). */
export function keyLabel(key: string, ascii: boolean): string {
  if (key.startsWith("ctrl-")) return `Ctrl-${key.slice(5).toUpperCase()}`;
  return (ascii ? ASCII_LABELS[key] : undefined) ?? KEY_LABELS[key] ?? key;
}
