// The one table of keys. What a key does, what help says of it and what the footer hints at all come from here.
import { PANE_NAMES, type PaneName } from "./layout.ts";
import { DETAIL_TABS, type DetailTab } from "./tabs.ts";

/** What the keyboard talks to; exactly one at a time. */
export type Context = PaneName | DetailTab | "adding" | "help" | "question" | "prompt" | "menu" | "mark";

interface Row {
  /** As `keysOf` names them. */
  readonly keys: readonly string[];
  readonly action: string;
  readonly contexts: readonly Context[];
  readonly help: string;
  /** What the footer says of it; only in the contexts of `hintIn` when there are some. */
  readonly hint?: string;
  readonly hintIn?: readonly Context[];
}

const PANES = PANE_NAMES;
const DETAILS = DETAIL_TABS;
const LISTS = [...PANES, ...DETAILS];
const SCROLLED: readonly Context[] = [...LISTS, "adding", "help"];
const EVERYWHERE: readonly Context[] = [...SCROLLED, "question", "prompt", "menu", "mark"];
const CHOSEN_FROM = ["available", "transfers", "files"] as const;
const ONE_TRANSFER = ["transfers", ...DETAILS] as const;
const PAUSED = ["available", "transfers", ...DETAILS.filter((tab) => tab !== "files")] as const;

/** By the heading that they have in help. */
const GROUPS = {
  Moving: [
    { keys: ["up", "k"], action: "up", contexts: SCROLLED, help: "one row up" },
    { keys: ["down", "j"], action: "down", contexts: SCROLLED, help: "one row down" },
    {
      keys: ["left", "h"],
      action: "left",
      contexts: [...LISTS, "adding"],
      help: "hide peers, close folder; tab before",
    },
    {
      keys: ["right", "l"],
      action: "right",
      contexts: [...LISTS, "adding"],
      help: "show peers, open folder; next tab",
      hint: "peers",
      hintIn: ["transfers"],
    },
    { keys: ["g", "home"], action: "top", contexts: SCROLLED, help: "first row" },
    {
      keys: ["G", "end"],
      action: "bottom",
      contexts: SCROLLED,
      help: "last row; follow what is said again",
      hint: "follow",
      hintIn: ["broadcasts", "log"],
    },
    { keys: ["pageup", "ctrl-b"], action: "page-up", contexts: SCROLLED, help: "one page up" },
    { keys: ["pagedown", "ctrl-f"], action: "page-down", contexts: SCROLLED, help: "one page down" },
  ],
  Panes: [
    { keys: ["1"], action: "pane-available", contexts: LISTS, help: "what the swarm offers" },
    { keys: ["2"], action: "pane-transfers", contexts: LISTS, help: "what we download and share" },
    { keys: ["3"], action: "pane-broadcasts", contexts: LISTS, help: "what the tracker said" },
    {
      keys: ["tab"],
      action: "next-pane",
      contexts: LISTS,
      help: "next pane or tab",
      hint: "next tab",
      hintIn: DETAILS,
    },
    { keys: ["shift-tab"], action: "previous-pane", contexts: LISTS, help: "previous pane or tab" },
    { keys: ["z"], action: "zoom", contexts: PANES, help: "this pane alone, and back" },
  ],
  "Files and transfers": [
    {
      keys: ["return"],
      action: "enter",
      contexts: ["available"],
      help: "pane 1: download, or its details",
      hint: "download",
    },
    {
      keys: ["return"],
      action: "enter",
      contexts: ["transfers"],
      help: "pane 2: details of the transfer",
      hint: "details",
    },
    { keys: ["return"], action: "enter", contexts: ["files"], help: "files: open or close the folder", hint: "folder" },
    { keys: ["d"], action: "download", contexts: ["available"], help: "pane 1: download" },
    { keys: ["A"], action: "look", contexts: ["available"], help: "pane 1: look into it, choose files" },
    {
      keys: ["space"],
      action: "pause",
      contexts: PAUSED,
      help: "pause, or go on",
      hint: "pause",
      hintIn: PAUSED.filter((context) => context !== "available"),
    },
    {
      keys: ["space"],
      action: "toggle-files",
      contexts: ["files"],
      help: "files: leave out, or want again",
      hint: "off/on",
    },
    { keys: ["+"], action: "want-more", contexts: ["files"], help: "files: fetch first", hint: "first" },
    {
      keys: ["-"],
      action: "want-less",
      contexts: ["files"],
      help: "files: less wanted; below normal off",
      hint: "less",
    },
    {
      keys: ["v"],
      action: "choose",
      contexts: CHOSEN_FROM,
      help: "choose several rows for the next key",
      hint: "choose",
      hintIn: ["files"],
    },
    { keys: ["V"], action: "choose-all", contexts: CHOSEN_FROM, help: "choose all rows shown; none" },
    { keys: ["K", "["], action: "sooner", contexts: ONE_TRANSFER, help: "sooner its turn, while queued" },
    { keys: ["J", "]"], action: "later", contexts: ONE_TRANSFER, help: "later its turn, while queued" },
    { keys: ["S"], action: "sequential", contexts: ONE_TRANSFER, help: "fetch its pieces in order, or not" },
    {
      keys: ["u"],
      action: "give",
      contexts: ["available", ...ONE_TRANSFER],
      help: "give each peer one random piece",
      hint: "give a piece",
      hintIn: ["available", "transfers"],
    },
    {
      keys: ["U"],
      action: "keep-giving",
      contexts: ["available", ...ONE_TRANSFER],
      help: "give until nobody lacks anything",
    },
    {
      keys: ["a"],
      action: "add",
      contexts: LISTS,
      help: "add: magnet, hash, name, URL or path",
      hint: "add",
      hintIn: ["available"],
    },
    {
      keys: ["s"],
      action: "share",
      contexts: LISTS,
      help: "share a file or a folder",
      hint: "share",
      hintIn: PANES,
    },
    {
      keys: ["x"],
      action: "remove",
      contexts: ONE_TRANSFER,
      help: "remove the transfer, keep its data",
      hint: "remove",
      hintIn: ["transfers", "pieces"],
    },
    { keys: ["X"], action: "remove-with-data", contexts: ONE_TRANSFER, help: "remove the transfer, DELETE its data" },
    { keys: ["r"], action: "reannounce", contexts: ONE_TRANSFER, help: "ask for more peers now" },
    { keys: ["c"], action: "check", contexts: ONE_TRANSFER, help: "check the files on disk again" },
    { keys: ["y"], action: "copy-magnet", contexts: ["available", ...ONE_TRANSFER], help: "copy the magnet link" },
  ],
  Adding: [
    {
      keys: ["return"],
      action: "adding-start",
      contexts: ["adding"],
      help: "download what is chosen",
      hint: "download",
    },
    { keys: ["space"], action: "adding-file", contexts: ["adding"], help: "this file, or not", hint: "file" },
    { keys: ["a"], action: "adding-all", contexts: ["adding"], help: "all files, or none", hint: "all or none" },
    { keys: ["f"], action: "adding-folder", contexts: ["adding"], help: "into another folder", hint: "folder" },
    {
      keys: ["s"],
      action: "adding-order",
      contexts: ["adding"],
      help: "pieces in order, or the rarest first",
      hint: "order",
    },
  ],
  Finding: [
    {
      keys: ["/"],
      action: "filter",
      contexts: [...PANES, "peers", "files", "log", "adding", "help"],
      help: "filter the list; search this help",
      hint: "filter",
      hintIn: [...PANES, "peers", "files", "log", "adding"],
    },
    {
      keys: ["o"],
      action: "sort",
      contexts: LISTS,
      help: "sort: a menu of orders",
      hint: "sort",
      hintIn: ["peers", "files"],
    },
    { keys: ["m"], action: "mark", contexts: LISTS, help: "mark this row: m and a letter" },
    { keys: ["'"], action: "go-to-mark", contexts: LISTS, help: "back to a mark; '' to where one was" },
    {
      keys: [":"],
      action: "command",
      contexts: LISTS,
      help: "command line: DOWNLOAD: name, ...",
      hint: "command",
      hintIn: PANES,
    },
    { keys: ["?"], action: "help", contexts: [...LISTS, "adding"], help: "this help", hint: "help" },
  ],
  Sorting: [
    { keys: ["up", "k"], action: "menu-up", contexts: ["menu"], help: "the order above" },
    { keys: ["down", "j"], action: "menu-down", contexts: ["menu"], help: "the order below" },
    {
      keys: ["return", "space"],
      action: "menu-choose",
      contexts: ["menu"],
      help: "sort so; again: the other way round",
      hint: "sort; again: the other way round",
    },
  ],
  Leaving: [
    {
      keys: ["escape"],
      action: "close",
      contexts: EVERYWHERE.filter((context) => context !== "question"),
      help: "close, drop the filter; never leaves",
      hint: "close",
      hintIn: [...DETAILS, "adding", "help", "menu", "mark"],
    },
    { keys: ["q"], action: "leave", contexts: LISTS, help: "leave", hint: "", hintIn: PANES },
    { keys: ["q", "?"], action: "close", contexts: ["help"], help: "close this help" },
    { keys: ["q", "o"], action: "close", contexts: ["menu"], help: "close the sort menu" },
    { keys: ["Q"], action: "stop-engine", contexts: LISTS, help: "stop the engine too" },
    { keys: ["ctrl-c"], action: "leave-now", contexts: EVERYWHERE, help: "leave, whatever is open" },
    { keys: ["ctrl-z"], action: "suspend", contexts: EVERYWHERE, help: "suspend; `fg` comes back" },
    { keys: ["ctrl-l"], action: "redraw", contexts: EVERYWHERE, help: "draw the screen anew" },
  ],
  Questions: [
    { keys: ["y", "Y"], action: "yes", contexts: ["question"], help: "yes", hint: "yes" },
    { keys: ["n", "N", "return", "escape", "q"], action: "no", contexts: ["question"], help: "no", hint: "no" },
  ],
  Typing: [
    { keys: ["return"], action: "submit", contexts: ["prompt"], help: "do what was typed" },
    { keys: ["tab"], action: "complete", contexts: ["prompt"], help: "complete a path or a name" },
    { keys: ["up", "ctrl-p"], action: "up", contexts: ["prompt"], help: "line before; a row up in a filter" },
    { keys: ["down", "ctrl-n"], action: "down", contexts: ["prompt"], help: "line after; a row down in a filter" },
    { keys: ["left", "ctrl-b"], action: "char-back", contexts: ["prompt"], help: "a letter back" },
    { keys: ["right", "ctrl-f"], action: "char-forward", contexts: ["prompt"], help: "a letter forward" },
    { keys: ["ctrl-left", "alt-b"], action: "word-back", contexts: ["prompt"], help: "a word back" },
    { keys: ["ctrl-right", "alt-f"], action: "word-forward", contexts: ["prompt"], help: "a word forward" },
    { keys: ["home", "ctrl-a"], action: "line-start", contexts: ["prompt"], help: "to the start of the line" },
    { keys: ["end", "ctrl-e"], action: "line-end", contexts: ["prompt"], help: "to its end" },
    { keys: ["backspace", "ctrl-h"], action: "erase-back", contexts: ["prompt"], help: "erase the letter before" },
    { keys: ["delete", "ctrl-d"], action: "erase-forward", contexts: ["prompt"], help: "erase the letter behind" },
    { keys: ["ctrl-w"], action: "erase-word", contexts: ["prompt"], help: "erase back to a space" },
    {
      keys: ["ctrl-backspace"],
      action: "erase-word-back",
      contexts: ["prompt"],
      help: "erase the word before; or with Alt",
    },
    {
      keys: ["ctrl-delete", "alt-d"],
      action: "erase-word-forward",
      contexts: ["prompt"],
      help: "erase the word behind",
    },
    { keys: ["ctrl-u"], action: "erase-to-start", contexts: ["prompt"], help: "erase all before" },
    { keys: ["ctrl-k"], action: "erase-to-end", contexts: ["prompt"], help: "erase all behind" },
    { keys: ["ctrl-y"], action: "yank", contexts: ["prompt"], help: "what was erased so, here" },
  ],
} as const satisfies Readonly<Record<string, readonly Row[]>>;

/** What keys do. */
export type Action = (typeof GROUPS)[keyof typeof GROUPS][number]["action"];

export interface Binding extends Row {
  readonly action: Action;
  readonly group: string;
}

export const KEYMAP: readonly Binding[] = Object.entries(GROUPS).flatMap(([group, rows]) =>
  rows.map((row) => ({ ...row, group })),
);

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
  backspace: "Backspace",
  delete: "Del",
};
const ASCII_LABELS: Readonly<Record<string, string>> = { up: "Up", down: "Down", left: "Left", right: "Right" };

/** A key as people read it: `Enter`, `Ctrl-L`, `→` (`Right` in ASCII). */
export function keyLabel(key: string, ascii: boolean): string {
  const [, held, name = ""] = /^(ctrl|alt)-(.+)$/.exec(key) ?? [];
  if (held !== undefined) {
    const label = name.length === 1 ? name.toUpperCase() : keyLabel(name, ascii);
    return `${held === "ctrl" ? "Ctrl" : "Alt"}-${label}`;
  }
  return (ascii ? ASCII_LABELS[key] : undefined) ?? KEY_LABELS[key] ?? key;
}
