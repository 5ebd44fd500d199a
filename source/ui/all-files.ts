// The files of the transfer whose tab of files is open. Its row lists the first thousand; when there are more, all of them are asked for
// when the tab opens, after a change of them, and now and then while it is open.
import type { FileRow, TransferRow } from "../control/contract.ts";
import type { Change, ViewEvent, ViewState } from "./view-state.ts";

/** Answers to `files`, of the transfer that was asked about last; empty until the first. */
export interface AllFiles {
  readonly infoHash: string;
  readonly files: readonly FileRow[];
}

/** So many snapshots may come before it is asked again: 5 s of them. */
const SNAPSHOTS = 20;

/** All files of `transfer` that are known. */
export function knownFiles(transfer: TransferRow, all: AllFiles | null): readonly FileRow[] {
  return all?.infoHash === transfer.infoHash && all.files.length > 0 ? all.files : transfer.files;
}

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
