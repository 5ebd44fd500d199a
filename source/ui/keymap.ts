// The one table of keys. What a key does, what help says of it and what the footer hints at all come from here.

/** What the keyboard talks to; exactly one at a time. */
export type Context = "available" | "transfers" | "broadcasts" | "details" | "help" | "question" | "prompt";

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
  | "remove"
  | "remove-with-data"
  | "check"
  | "filter"
  | "sort"
  | "command"
  | "copy-magnet"
  | "help"
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
  readonly group: "Moving" | "Panes" | "Files and transfers" | "Finding" | "Leaving" | "Questions" | "Typing";
  readonly help: string;
  /** Footer, in these contexts. */
  readonly hint?: { readonly text: string; readonly in: readonly Context[] };
}

const PANES = ["available", "transfers", "broadcasts"] as const;
const LISTS = [...PANES, "details"] as const;
const SCROLLED = [...LISTS, "help"] as const;
const EVERYWHERE = [...SCROLLED, "question", "prompt"] as const;

export const KEYMAP: readonly Binding[] = [
  { keys: ["up", "k"], action: "up", contexts: SCROLLED, group: "Moving", help: "one row up" },
  { keys: ["down", "j"], action: "down", contexts: SCROLLED, group: "Moving", help: "one row down" },
  {
    keys: ["left", "h"],
    action: "left",
    contexts: LISTS,
    group: "Moving",
    help: "hide peers; previous tab",
  },
  {
    keys: ["right", "l"],
    action: "right",
    contexts: LISTS,
    group: "Moving",
    help: "show peers; next tab",
    hint: { text: "peers", in: ["transfers"] },
  },
  { keys: ["g", "home"], action: "top", contexts: SCROLLED, group: "Moving", help: "first row" },
  {
    keys: ["G", "end"],
    action: "bottom",
    contexts: SCROLLED,
    group: "Moving",
    help: "last row; follow broadcasts again",
    hint: { text: "follow", in: ["broadcasts"] },
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
    hint: { text: "next tab", in: ["details"] },
  },
  { keys: ["shift-tab"], action: "previous-pane", contexts: LISTS, group: "Panes", help: "previous pane or tab" },
  { keys: ["z"], action: "zoom", contexts: PANES, group: "Panes", help: "this pane alone, and back" },
  {
    keys: ["o"],
    action: "sort",
    contexts: ["available", "transfers"],
    group: "Panes",
    help: "next sort order",
  },

  {
    keys: ["return"],
    action: "enter",
    contexts: ["available"],
    group: "Files and transfers",
    help: "download; details if it is on its way",
    hint: { text: "download", in: ["available"] },
  },
  {
    keys: ["return"],
    action: "enter",
    contexts: ["transfers"],
    group: "Files and transfers",
    help: "details of the transfer",
    hint: { text: "details", in: ["transfers"] },
  },
  { keys: ["d"], action: "download", contexts: ["available"], group: "Files and transfers", help: "download the file" },
  {
    keys: ["space"],
    action: "pause",
    contexts: ["available", "transfers", "details"],
    group: "Files and transfers",
    help: "pause, or go on",
    hint: { text: "pause", in: ["transfers", "details"] },
  },
  {
    keys: ["u"],
    action: "give",
    contexts: ["available", "transfers", "details"],
    group: "Files and transfers",
    help: "give each peer one random piece",
    hint: { text: "give a piece", in: ["available", "transfers", "details"] },
  },
  {
    keys: ["U"],
    action: "keep-giving",
    contexts: ["available", "transfers", "details"],
    group: "Files and transfers",
    help: "give until nobody lacks anything",
  },
  {
    keys: ["a"],
    action: "add",
    contexts: PANES,
    group: "Files and transfers",
    help: "add by name, hash, magnet or path",
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
    contexts: ["transfers", "details"],
    group: "Files and transfers",
    help: "remove the transfer, keep its files",
    hint: { text: "remove", in: ["transfers", "details"] },
  },
  {
    keys: ["X"],
    action: "remove-with-data",
    contexts: ["transfers", "details"],
    group: "Files and transfers",
    help: "remove the transfer, delete its files",
  },
  {
    keys: ["c"],
    action: "check",
    contexts: ["transfers", "details"],
    group: "Files and transfers",
    help: "check the files on disk again",
  },
  {
    keys: ["y"],
    action: "copy-magnet",
    contexts: ["available", "transfers", "details"],
    group: "Files and transfers",
    help: "copy the magnet link",
  },

  {
    keys: ["/"],
    action: "filter",
    contexts: [...PANES, "help"],
    group: "Finding",
    help: "filter the pane; search this help",
    hint: { text: "filter", in: PANES },
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
    contexts: LISTS,
    group: "Finding",
    help: "this help",
    hint: { text: "help", in: LISTS },
  },

  {
    keys: ["escape"],
    action: "close",
    contexts: EVERYWHERE.filter((context) => context !== "question"),
    group: "Leaving",
    help: "close, drop the filter; never leaves",
    hint: { text: "close", in: ["details", "help", "prompt"] },
  },
  { keys: ["q"], action: "leave", contexts: LISTS, group: "Leaving", help: "leave", hint: { text: "", in: PANES } },
  { keys: ["q", "?"], action: "close", contexts: ["help"], group: "Leaving", help: "close this help" },
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
    hint: { text: "ok", in: ["prompt"] },
  },
  {
    keys: ["tab"],
    action: "complete",
    contexts: ["prompt"],
    group: "Typing",
    help: "complete a path or a name",
    hint: { text: "complete", in: ["prompt"] },
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
