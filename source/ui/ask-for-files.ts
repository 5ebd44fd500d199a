// When all files of a transfer are asked for: when its tab of files opens and its row lists only the first thousand, after a change of
// them, and now and then while the tab is open.
import type { TransferRow } from "../control/contract.ts";
import type { Change, ViewEvent, ViewState } from "./view-state.ts";

/** So many snapshots may come before it is asked again: 5 s of them. */
const SNAPSHOTS = 20;

/** What becomes of `state`, to which `event` has led from `before`. */
export function askedForFiles(state: ViewState, event: ViewEvent, before: ViewState): Change {
  const { allFiles } = state;
  const transfer = openTransfer(state);
  if (state.details?.tab !== "files" || transfer === undefined || transfer.fileCount === transfer.files.length)
    return { state: allFiles === null ? state : { ...state, allFiles: null }, effects: [] };
  const { infoHash } = transfer;
  const known = allFiles?.infoHash === infoHash ? allFiles : { infoHash, files: [] };
  const snapshots = state.snapshotsSinceFiles + (event.type === "snapshot" ? 1 : 0);
  const changed =
    (event.type === "replied" && event.command.method === "set-files") ||
    openTransfer(before)?.state !== transfer.state;
  if (known === allFiles && !changed && snapshots < SNAPSHOTS) {
    const same = snapshots === state.snapshotsSinceFiles;
    return { state: same ? state : { ...state, snapshotsSinceFiles: snapshots }, effects: [] };
  }
  return {
    state: { ...state, allFiles: known, snapshotsSinceFiles: 0 },
    effects: [{ type: "send", command: { method: "files", infoHash }, generation: null }],
  };
}

function openTransfer({ details, snapshot }: ViewState): TransferRow | undefined {
  return snapshot.transfers.find(({ infoHash }) => infoHash === details?.infoHash);
}
