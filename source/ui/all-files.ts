// All files of the transfer whose tab of files is open. Its row lists the first thousand of them.
import type { FileRow, TransferRow } from "../control/contract.ts";

/** Answers to `files`, of the transfer that was asked about last; empty until the first. */
export interface AllFiles {
  readonly infoHash: string;
  readonly files: readonly FileRow[];
}

/** All files of `transfer` that are known. */
export function knownFiles(transfer: TransferRow, all: AllFiles | null): readonly FileRow[] {
  return all?.infoHash === transfer.infoHash && all.files.length > 0 ? all.files : transfer.files;
}
