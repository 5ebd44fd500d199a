// What each action does: to the view, or as a command to the engine.
import { type Adding, chosenFile, chosenFiles, downloadOf, searched } from "./adding.ts";
import { chosenOrder, movedInMenu, openSortMenu } from "./sort-menu.ts";
import { toggledAll, toggledChoice } from "./choosing.ts";
import { giveUpTracker } from "./first-run.ts";
import type { Action } from "./keymap.ts";
import { edited } from "./line.ts";
import { beganMarking } from "./marks.ts";
import { moved, pageOf, turned, wentLeft, wentRight, wentTo } from "./moving.ts";
import {
  closePrompt,
  completePrompt,
  editPrompt,
  erased,
  filtered,
  openPrompt,
  recalled,
  submitPrompt,
  typedInto,
} from "./prompt.ts";
import {
  answered,
  askedToRemove,
  copied,
  downloaded,
  entered,
  gave,
  onTransfers,
  paused,
  sent,
  stopped,
  toggledFiles,
  wantedMore,
} from "./transfer-actions.ts";
import { become, openList, say, type Change, type ViewState } from "./view-state.ts";

/** Performs `action`; `typed` is what a prompt opens with. */
export function perform(state: ViewState, action: Action, typed = ""): Change {
  switch (action) {
    case "up":
      return become(state.prompt?.kind === "command" ? recalled(state, -1) : moved(state, -1));
    case "down":
      return become(state.prompt?.kind === "command" ? recalled(state, 1) : moved(state, 1));
    case "page-up":
      return become(moved(state, -pageOf(state)));
    case "page-down":
      return become(moved(state, pageOf(state)));
    case "top":
      return become(moved(state, -Infinity));
    case "bottom":
      return become(moved(state, Infinity));
    case "left":
      return become(wentLeft(state));
    case "right":
      return become(wentRight(state));
    case "pane-available":
      return become(wentTo(state, "available"));
    case "pane-transfers":
      return become(wentTo(state, "transfers"));
    case "pane-broadcasts":
      return become(wentTo(state, "broadcasts"));
    case "next-pane":
      return become(turned(state, 1));
    case "previous-pane":
      return become(turned(state, -1));
    case "zoom":
      return become({ ...state, zoomed: !state.zoomed });
    case "sort":
      return become(openSortMenu(state));
    case "menu-up":
      return become(movedInMenu(state, -1));
    case "menu-down":
      return become(movedInMenu(state, 1));
    case "menu-choose":
      return become(chosenOrder(state, state.menu?.index ?? 0));
    case "choose":
      return become(toggledChoice(state));
    case "choose-all":
      return become(toggledAll(state));
    case "mark":
      return become(beganMarking(state, "set"));
    case "go-to-mark":
      return become(beganMarking(state, "go"));
    case "enter":
      return entered(state);
    case "download":
      return downloaded(state);
    case "pause":
      return paused(state);
    case "toggle-files":
      return toggledFiles(state);
    case "want-more":
      return wantedMore(state, 1);
    case "want-less":
      return wantedMore(state, -1);
    case "sooner":
      return onTransfers(state, ({ infoHash }) => ({ method: "move", infoHash, to: "up" }));
    case "later":
      return onTransfers(state, ({ infoHash }) => ({ method: "move", infoHash, to: "down" }));
    case "sequential":
      return onTransfers(state, ({ infoHash, sequential }) => ({
        method: "set-transfer",
        infoHash,
        sequential: !sequential,
      }));
    case "give":
      return gave(state, false);
    case "keep-giving":
      return gave(state, true);
    case "check":
    case "reannounce":
      return onTransfers(state, ({ infoHash }) => ({ method: action, infoHash }));
    case "remove":
      return become(askedToRemove(state, false));
    case "remove-with-data":
      return become(askedToRemove(state, true));
    case "copy-magnet":
      return copied(state);
    case "add":
    case "share":
    case "command":
      return become(openPrompt(state, action, typed));
    case "filter":
      return become(openFilter(state));
    case "help":
      return become({ ...state, help: { top: 0, search: "" } });
    case "close":
      return state.prompt?.kind === "tracker" ? giveUpTracker(state) : become(closed(state));
    case "submit":
      return submitPrompt(state);
    case "complete":
      return completePrompt(state);
    case "char-back":
    case "char-forward":
    case "word-back":
    case "word-forward":
    case "line-start":
    case "line-end":
    case "erase-back":
    case "erase-forward":
      return become(state.prompt === null ? state : editPrompt(state, edited(state.prompt, action)));
    case "erase-word":
    case "erase-word-back":
    case "erase-word-forward":
    case "erase-to-start":
    case "erase-to-end":
      return become(erased(state, action));
    case "yank":
      return become(typedInto(state, state.erased.text));
    case "look":
      return lookedInto(state);
    case "adding-file":
      return become(inAdding(state, chosenFile));
    case "adding-all":
      return become(inAdding(state, chosenFiles));
    case "adding-order":
      return become(inAdding(state, (adding) => ({ ...adding, sequential: !adding.sequential })));
    case "adding-folder":
      return become(state.adding === null ? state : openPrompt(state, "folder", state.adding.torrent.folder));
    case "adding-start":
      return startedAdding(state);
    case "yes":
      return answered(state);
    case "no":
      return become({ ...state, question: null });
    case "leave":
    case "leave-now":
      return { state, effects: [{ type: "leave", reason: "quit" }] };
    case "stop-engine":
      return stopped(state);
    case "redraw":
      return { state, effects: [{ type: "redraw" }] };
    case "suspend":
      return { state, effects: [{ type: "suspend" }] };
    default:
      return action satisfies never;
  }
}

function openFilter(state: ViewState): ViewState {
  if (state.help !== null) return openPrompt(state, "search", state.help.search);
  if (state.adding !== null) return openPrompt(state, "search", state.adding.search);
  return openPrompt(state, "filter", state.filters[openList(state) ?? state.pane]);
}

function lookedInto(state: ViewState): Change {
  const item = state.lists.available[state.positions.available.index];
  return item === undefined
    ? become(say(state, "There is no file to look into here.", "warning"))
    : submitPrompt(openPrompt(state, "add", item.row.infoHash));
}

function inAdding(state: ViewState, change: (adding: Adding) => Adding): ViewState {
  return state.adding === null ? state : { ...state, adding: change(state.adding) };
}

function startedAdding(state: ViewState): Change {
  const { adding } = state;
  if (adding === null) return become(state);
  if (adding.off.size === adding.torrent.files.length && adding.off.size > 0)
    return become(say(state, "No file is chosen: Space chooses one, a all of them.", "warning"));
  return sent({ ...state, adding: null, details: null, pane: "transfers" }, downloadOf(adding));
}

function closed(state: ViewState): ViewState {
  if (state.menu !== null) return { ...state, menu: null };
  if (state.marking !== null) return { ...state, marking: null };
  if (state.prompt !== null) return closePrompt(state);
  if (state.help !== null) return { ...state, help: null };
  if (state.adding !== null)
    return { ...state, adding: state.adding.search === "" ? null : searched(state.adding, "") };
  const list = openList(state);
  if (list !== null && state.chosen[list].size > 0) return { ...state, chosen: { ...state.chosen, [list]: new Set() } };
  if (list !== null && state.filters[list] !== "") return filtered(state, list, "");
  if (state.details !== null) return { ...state, details: null };
  return { ...state, zoomed: false };
}
