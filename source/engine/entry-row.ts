// entryRow: the row of a transfer with what is remembered of it; the same object as before where nothing moved.
import type { TransferRow } from "../control/contract.ts";
import { transferRow } from "./rows.ts";
import type { Entry } from "./transfer-book.ts";

/** At `now` (monotonic ms); it is kept in the entry. */
export function entryRow(entry: Entry, now: number): TransferRow {
  const { transfer, settings, summary, announcer, searches, webSeeds, log, queuePosition, row: before } = entry;
  // What was given while nobody looked shows in the count alone.
  const isCounted = before?.uploadedBytes === settings.uploadedBytes + transfer.up.totalBytes;
  if (before && isQuiet(entry) && isCounted) return before;
  const announces = [...(announcer?.reports ?? []), ...searches.flatMap(({ report }) => report ?? [])];
  const row = transferRow(
    transfer,
    { settings, summary, announces, webSeeds: webSeeds?.reports ?? [], log: log.rows, queuePosition },
    now,
  );
  if (before && JSON.stringify(before) === JSON.stringify(row)) return before;
  entry.row = row;
  return row;
}

/** Does nothing move, and did nothing when it was looked last? */
function isQuiet({ transfer, row }: Entry): boolean {
  const isAtRest = transfer.connectedPeers === 0 && transfer.checks.checkedPieces === undefined;
  const wasMoving = row !== undefined && (row.downHistory.length > 0 || row.peers.length > 0);
  return isAtRest && transfer.history.down.length === 0 && !wasMoving;
}
