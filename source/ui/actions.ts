// What each action does: to the view, or as a command to the engine.
import type { Command, TransferRow } from "../control/contract.ts";
import { formatBytes } from "./format/bytes.ts";
import { counted } from "./format/numbers.ts";
import type { Action } from "./keymap.ts";
import { listHeight, PANE_NAMES, type PaneName } from "./layout.ts";
import { AVAILABLE_ORDERS, markerOf, TRANSFER_ORDERS } from "./lists.ts";
import { DETAIL_TABS } from "./panes/details.ts";
import { magnetLink } from "./magnet.ts";
import { closePrompt, completePrompt, editPrompt, openPrompt, submitPrompt } from "./prompt.ts";
import { become, layoutOf, say, selectedTransfer, type Change, type Question, type ViewState } from "./view-state.ts";

/** Performs `action`; `typed` is what a prompt opens with. */
export function perform(state: ViewState, action: Action, typed = ""): Change {
  switch (action) {
    case "up":
      return become(moved(state, -1));
    case "down":
      return become(moved(state, 1));
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
      return become(state.details === null ? wentTo(state, next(PANE_NAMES, state.pane, 1)) : turned(state, 1));
    case "previous-pane":
      return become(state.details === null ? wentTo(state, next(PANE_NAMES, state.pane, -1)) : turned(state, -1));
    case "zoom":
      return become({ ...state, zoomed: !state.zoomed });
    case "sort":
      return become(sorted(state));
    case "enter":
      return entered(state);
    case "download":
      return downloaded(state);
    case "pause":
      return onTransfer(state, ({ infoHash, state: transferState }) => ({
        method: transferState === "paused" || transferState === "error" ? "resume" : "pause",
        infoHash,
      }));
    case "give":
      return gave(state, false);
    case "keep-giving":
      return gave(state, true);
    case "check":
      return onTransfer(state, ({ infoHash }) => ({ method: "check", infoHash }));
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
      return become(
        state.help === null
          ? openPrompt(state, "filter", state.filters[state.pane])
          : openPrompt(state, "search", state.help.search),
      );
    case "help":
      return become({ ...state, help: { top: 0, search: "" } });
    case "close":
      return become(closed(state));
    case "submit":
      return submitPrompt(state);
    case "complete":
      return completePrompt(state);
    case "clear-line":
      return become(editPrompt(state, "", true));
    case "erase-word":
      return become(editPrompt(state, state.prompt?.value.replace(/\S*\s*$/, "") ?? "", true));
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

function moved(state: ViewState, by: number): ViewState {
  if (state.prompt !== null && state.prompt.kind !== "filter") return state;
  if (state.help !== null) return { ...state, help: { ...state.help, top: scrolled(state.help.top, by) } };
  if (state.details !== null) return { ...state, details: { ...state.details, top: scrolled(state.details.top, by) } };
  const items = state.lists[state.pane];
  const position = state.positions[state.pane];
  const index = Math.max(0, Math.min(items.length - 1, position.index + by));
  const key = items[index]?.key ?? null;
  return {
    ...state,
    following: state.pane === "broadcasts" ? index === items.length - 1 : state.following,
    positions: { ...state.positions, [state.pane]: { ...position, index, key } },
  };
}

/** Beyond the end is put right by `settle`, which knows how long the text is. */
function scrolled(top: number, by: number): number {
  return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, top + by));
}

function pageOf(state: ViewState): number {
  const layout = layoutOf(state);
  if (state.help !== null || state.details !== null) return Math.max(1, layout.main.height - 4);
  return Math.max(1, listHeight(state.pane, layout.panes[state.pane]) - 1);
}

function next<T>(all: readonly T[], from: T, by: 1 | -1): T {
  return all[(all.indexOf(from) + by + all.length) % all.length]!;
}

function wentTo(state: ViewState, pane: PaneName): ViewState {
  return { ...state, pane, details: null };
}

function turned(state: ViewState, by: 1 | -1): ViewState {
  if (state.details === null) return state;
  return { ...state, details: { ...state.details, tab: next(DETAIL_TABS, state.details.tab, by), top: 0 } };
}

function wentLeft(state: ViewState): ViewState {
  if (state.details !== null) return turned(state, -1);
  const selected = state.pane === "transfers" ? selectedTransfer(state) : undefined;
  if (selected === undefined) return state;
  const { infoHash } = selected.transfer;
  const parent = state.lists.transfers.findIndex(({ key }) => key === infoHash);
  return {
    ...state,
    expanded: new Set([...state.expanded].filter((hash) => hash !== infoHash)),
    positions: { ...state.positions, transfers: { ...state.positions.transfers, key: infoHash, index: parent } },
  };
}

function wentRight(state: ViewState): ViewState {
  if (state.details !== null) return turned(state, 1);
  const selected = state.pane === "transfers" ? selectedTransfer(state) : undefined;
  return selected === undefined
    ? state
    : { ...state, expanded: new Set([...state.expanded, selected.transfer.infoHash]) };
}

function sorted(state: ViewState): ViewState {
  if (state.pane === "available") return { ...state, availableOrder: next(AVAILABLE_ORDERS, state.availableOrder, 1) };
  return { ...state, transferOrder: next(TRANSFER_ORDERS, state.transferOrder, 1) };
}

function closed(state: ViewState): ViewState {
  if (state.prompt !== null) return closePrompt(state);
  if (state.help !== null) return { ...state, help: null };
  if (state.details !== null) return { ...state, details: null };
  if (state.filters[state.pane] !== "") return { ...state, filters: { ...state.filters, [state.pane]: "" } };
  return { ...state, zoomed: false };
}

function entered(state: ViewState): Change {
  if (state.pane === "transfers") {
    const selected = selectedTransfer(state);
    if (selected === undefined) return become(state);
    const tab = selected.peer === null ? "pieces" : "peers";
    return become({ ...state, details: { infoHash: selected.transfer.infoHash, tab, top: 0 } });
  }
  const row = state.lists.available[state.positions.available.index]?.row;
  return row !== undefined && state.snapshot.transfers.some(({ infoHash }) => infoHash === row.infoHash)
    ? become({ ...state, details: { infoHash: row.infoHash, tab: "pieces", top: 0 } })
    : downloaded(state);
}

function downloaded(state: ViewState): Change {
  const item = state.lists.available[state.positions.available.index];
  if (item === undefined) return become(say(state, "There is no file to download here.", "warning"));
  return sent(state, { method: "download", target: item.row.infoHash });
}

/** What the keys for one transfer are about: the one whose details are open, or the one selected. */
function currentHash(state: ViewState): string | undefined {
  if (state.details !== null) return state.details.infoHash;
  if (state.pane === "transfers") return selectedTransfer(state)?.transfer.infoHash;
  return state.lists.available[state.positions.available.index]?.row.infoHash;
}

function currentTransfer(state: ViewState): TransferRow | undefined {
  const hash = currentHash(state);
  return state.snapshot.transfers.find(({ infoHash }) => infoHash === hash);
}

function onTransfer(state: ViewState, toCommand: (transfer: TransferRow) => Command): Change {
  const transfer = currentTransfer(state);
  return transfer === undefined
    ? become(say(state, "No transfer is selected: Enter on a file of the swarm starts one.", "warning"))
    : sent(state, toCommand(transfer));
}

function gave(state: ViewState, keep: boolean): Change {
  const target = currentHash(state);
  if (target === undefined) return become(say(state, "There is no file to give pieces of here.", "warning"));
  return sent(state, { method: "push", target, count: 1, ...(keep && { keep }) });
}

function copied(state: ViewState): Change {
  const hash = currentHash(state);
  const row = currentTransfer(state) ?? state.snapshot.catalogue.find(({ infoHash }) => infoHash === hash);
  if (row === undefined) return become(say(state, "There is no file to copy a link of here.", "warning"));
  return {
    state: say(state, `Copied the magnet link of ${row.name}.`, "information"),
    effects: [{ type: "copy", text: magnetLink(row.infoHash, row.name) }],
  };
}

function askedToRemove(state: ViewState, withData: boolean): ViewState {
  const transfer = currentTransfer(state);
  if (transfer === undefined) return say(state, "No transfer is selected.", "warning");
  const mark = markerOf(state.snapshot.transfers)(transfer);
  const files = [mark, counted(transfer.fileCount, "file"), formatBytes(transfer.heldBytes)].filter(Boolean).join(", ");
  const question: Question = {
    lines: withData
      ? [`Remove ${transfer.name}`, `and DELETE its data (${files}) in ${transfer.folder}?`]
      : [`Remove ${transfer.name} from the transfers?`, `Its data (${files}) stays in ${transfer.folder}.`],
    command: { method: "remove", infoHash: transfer.infoHash, withData },
    infoHash: transfer.infoHash,
  };
  return { ...state, question };
}

function answered(state: ViewState): Change {
  return state.question === null
    ? become(state)
    : sent(
        { ...state, question: null, details: state.question.infoHash === null ? state.details : null },
        state.question.command,
      );
}

function stopped(state: ViewState): Change {
  // Also what nobody asks for now: somebody in the swarm may count on finding it here.
  const running = state.snapshot.transfers.filter((transfer) => transfer.state !== "paused");
  if (running.length === 0) return sent(state, { method: "stop" });
  const [first] = running;
  const others = running.length === 1 ? "" : ` and ${counted(running.length - 1, "other")}`;
  const lines = [
    `Stop the engine while ${first!.name}${others} run${running.length === 1 ? "s" : ""}?`,
    running.length === 1 ? "It goes on when the engine is started again." : "They go on when it is started again.",
  ];
  return become({ ...state, question: { lines, command: { method: "stop" }, infoHash: null } });
}

function sent(state: ViewState, command: Command): Change {
  return { state, effects: [{ type: "send", command, generation: null }] };
}
