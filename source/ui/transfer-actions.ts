// What is asked of the engine for rows of the lists: transfers, files of the swarm, files of a transfer.
import type { Command, FilePriority, FileRow, TransferRow } from "../control/contract.ts";
import { targetsOf } from "./choosing.ts";
import { filesOf } from "./file-tree.ts";
import { formatBytes } from "./format/bytes.ts";
import { counted } from "./format/numbers.ts";
import { markerOf } from "./lists.ts";
import { magnetLink } from "./magnet.ts";
import { turnedFolder } from "./moving.ts";
import {
  become,
  openDetails,
  say,
  selectedTransfer,
  type Change,
  type Question,
  type ViewState,
} from "./view-state.ts";

/** Sends each of `commands` to the engine. */
export function sent(state: ViewState, ...commands: readonly Command[]): Change {
  return { state, effects: commands.map((command) => ({ type: "send", command, generation: null })) };
}

/** Info hashes that a key is about: of the details that are open, else of the chosen rows, else of the selected one. */
export function currentHashes(state: ViewState): readonly string[] {
  if (state.details !== null) return [state.details.infoHash];
  if (state.pane === "transfers") return targetsOf(state, "transfers").map(({ transfer }) => transfer.infoHash);
  if (state.pane === "available") return targetsOf(state, "available").map(({ row }) => row.infoHash);
  return [];
}

/** The transfers that a key is about. */
export function currentTransfers(state: ViewState): readonly TransferRow[] {
  const hashes = new Set(currentHashes(state));
  return state.snapshot.transfers.filter(({ infoHash }) => hashes.has(infoHash));
}

/** Sends what `toCommand` makes of each transfer that the key is about. */
export function onTransfers(state: ViewState, toCommand: (transfer: TransferRow) => Command): Change {
  const transfers = currentTransfers(state);
  return transfers.length === 0
    ? become(say(state, "No transfer is selected: Enter on a file of the swarm starts one.", "warning"))
    : sent(state, ...transfers.map(toCommand));
}

/** Pauses all; when all of them stand still, they go on. */
export function paused(state: ViewState): Change {
  const still = currentTransfers(state).every((row) => row.state === "paused" || row.state === "error");
  return onTransfers(state, ({ infoHash }) => ({ method: still ? "resume" : "pause", infoHash }));
}

export function entered(state: ViewState): Change {
  if (state.details !== null) return become(turnedFolder(state));
  if (state.pane === "transfers") {
    const selected = selectedTransfer(state);
    if (selected === undefined) return become(state);
    const tab = selected.peer === null ? "pieces" : "peers";
    const opened = openDetails(state, { infoHash: selected.transfer.infoHash, tab });
    const { peer } = selected;
    return become(
      peer === null
        ? opened
        : { ...opened, positions: { ...opened.positions, peers: { key: peer.key, index: 0, top: 0 } } },
    );
  }
  const infoHash = offeredTransfer(state);
  return infoHash === undefined ? downloaded(state) : become(openDetails(state, { infoHash, tab: "pieces" }));
}

/** The transfer whose details Enter opens in Available: of the selected file when it is ours already, and none is chosen. */
export function offeredTransfer({ lists, positions, chosen, snapshot }: ViewState): string | undefined {
  const infoHash = lists.available[positions.available.index]?.row.infoHash;
  const ours = chosen.available.size === 0 && snapshot.transfers.some((row) => row.infoHash === infoHash);
  return ours ? infoHash : undefined;
}

export function downloaded(state: ViewState): Change {
  const targets = targetsOf(state, "available");
  if (targets.length === 0) return become(say(state, "There is no file to download here.", "warning"));
  return sent(
    { ...state, chosen: { ...state.chosen, available: new Set() } },
    ...targets.map(({ row }) => ({ method: "download", target: row.infoHash }) as const),
  );
}

/** Gives each peer one random piece of each; `keep` goes on with it. */
export function gave(state: ViewState, keep: boolean): Change {
  const targets = currentHashes(state);
  if (targets.length === 0) return become(say(state, "There is no file to give pieces of here.", "warning"));
  return sent(
    state,
    ...targets.map((target) => ({ method: "push", target, count: 1, ...(keep && { keep }) }) as const),
  );
}

export function copied(state: ViewState): Change {
  const [hash] = currentHashes(state);
  const row = [...state.snapshot.transfers, ...state.snapshot.catalogue].find(({ infoHash }) => infoHash === hash);
  if (row === undefined) return become(say(state, "There is no file to copy a link of here.", "warning"));
  return {
    state: say(state, `Copied the magnet link of ${row.name}.`, "information"),
    effects: [{ type: "copy", text: magnetLink(row.infoHash, row.name) }],
  };
}

export function askedToRemove(state: ViewState, withData: boolean): ViewState {
  const transfers = currentTransfers(state);
  const [first] = transfers;
  if (first === undefined) return say(state, "No transfer is selected.", "warning");
  const question: Question = {
    lines: transfers.length === 1 ? removalOf(first, state, withData) : removalOfMany(transfers, withData),
    commands: transfers.map(({ infoHash }) => ({ method: "remove", infoHash, withData })),
    infoHashes: transfers.map(({ infoHash }) => infoHash),
  };
  return { ...state, question };
}

function removalOf(transfer: TransferRow, state: ViewState, withData: boolean): string[] {
  const mark = markerOf(state.snapshot.transfers)(transfer);
  const files = [mark, counted(transfer.fileCount, "file"), formatBytes(transfer.heldBytes)].filter(Boolean).join(", ");
  return withData
    ? [`Remove ${transfer.name}`, `and DELETE its data (${files}) in ${transfer.folder}?`]
    : [`Remove ${transfer.name} from the transfers?`, `Its data (${files}) stays in ${transfer.folder}.`];
}

const MOST_NAMED = 5;

function removalOfMany(transfers: readonly TransferRow[], withData: boolean): string[] {
  const names = transfers.slice(0, MOST_NAMED).map(({ name }) => `  ${name}`);
  const more = transfers.length > MOST_NAMED ? [`  and ${counted(transfers.length - MOST_NAMED, "other")}`] : [];
  const bytes = formatBytes(transfers.reduce((sum, { heldBytes }) => sum + heldBytes, 0));
  const all = `Remove ${counted(transfers.length, "transfer")}`;
  return withData
    ? [`${all} and DELETE their data (${bytes})?`, ...names, ...more]
    : [`${all}? Their data (${bytes}) stays.`, ...names, ...more];
}

/** The question was answered with yes. */
export function answered(state: ViewState): Change {
  const { question } = state;
  if (question === null) return become(state);
  const details = question.infoHashes.length === 0 ? state.details : null;
  const chosen = { ...state.chosen, transfers: new Set<string>() };
  return sent({ ...state, question: null, details, chosen }, ...question.commands);
}

export function stopped(state: ViewState): Change {
  // Also what nobody asks for now: somebody in the swarm may count on finding it here.
  const running = state.snapshot.transfers.filter((transfer) => transfer.state !== "paused");
  if (running.length === 0) return sent(state, { method: "stop" });
  const [first] = running;
  const others = running.length === 1 ? "" : ` and ${counted(running.length - 1, "other")}`;
  const lines = [
    `Stop the engine while ${first!.name}${others} run${running.length === 1 ? "s" : ""}?`,
    running.length === 1 ? "It goes on when the engine is started again." : "They go on when it is started again.",
  ];
  return become({ ...state, question: { lines, commands: [{ method: "stop" }], infoHashes: [] } });
}

/** From least to most wanted. */
const PRIORITIES: readonly FilePriority[] = ["off", "normal", "high"];

/** Files that are all off become wanted; else all are turned off. */
export function toggledFiles(state: ViewState): Change {
  const off = currentFiles(state).every(({ priority }) => priority === "off");
  return prioritised(state, () => (off ? "normal" : "off"));
}

/** One step more wanted, or one less for -1. */
export function wantedMore(state: ViewState, by: 1 | -1): Change {
  return prioritised(state, ({ priority }) => {
    const index = PRIORITIES.indexOf(priority) + by;
    return PRIORITIES[Math.max(0, Math.min(PRIORITIES.length - 1, index))]!;
  });
}

/** The files that a key is about; of a folder all below it. */
function currentFiles(state: ViewState): readonly FileRow[] {
  return filesOf(targetsOf(state, "files").map(({ row }) => row));
}

function prioritised(state: ViewState, toPriority: (file: FileRow) => FilePriority): Change {
  const { details } = state;
  const files = currentFiles(state)
    .map((file) => ({ index: file.index, priority: toPriority(file), before: file.priority }))
    .filter(({ priority, before }) => priority !== before)
    .map(({ index, priority }) => ({ index, priority }));
  if (details === null || files.length === 0) return become(state);
  return sent(state, { method: "set-files", infoHash: details.infoHash, files });
}
