// For slow links: figures that stay the same for longer, so that less has to be drawn.
import type { PeerRow, Snapshot, TransferRow } from "../control/contract.ts";

/** The same snapshot with figures that stay the same for longer: rates of one or two digits, no curves in the status line. */
export function calmed(snapshot: Snapshot): Snapshot {
  const { engine, transfers } = snapshot;
  return {
    ...snapshot,
    engine: {
      ...engine,
      downBytesPerSecond: rounded(engine.downBytesPerSecond),
      upBytesPerSecond: rounded(engine.upBytesPerSecond),
      downHistory: [],
      upHistory: [],
    },
    transfers: transfers.map(calmedTransfer),
  };
}

function calmedTransfer(row: TransferRow): TransferRow {
  const { secondsLeft } = row;
  return {
    ...row,
    downBytesPerSecond: rounded(row.downBytesPerSecond),
    upBytesPerSecond: rounded(row.upBytesPerSecond),
    meanDownBytesPerSecond: rounded(row.meanDownBytesPerSecond),
    meanUpBytesPerSecond: rounded(row.meanUpBytesPerSecond),
    secondsLeft:
      secondsLeft === null ? null : secondsLeft < 60 ? Math.ceil(secondsLeft / 10) * 10 : rounded(secondsLeft),
    peers: row.peers.map(calmedPeer),
  };
}

function calmedPeer(row: PeerRow): PeerRow {
  return {
    ...row,
    progress: row.progress >= 1 ? 1 : Math.floor(row.progress * 20) / 20,
    downBytesPerSecond: rounded(row.downBytesPerSecond),
    upBytesPerSecond: rounded(row.upBytesPerSecond),
    pieceFraction: row.pieceFraction >= 0.5 ? 0.5 : 0,
  };
}

/** One digit, and another one below half: 12, 14, ... 48, 50, 60, ... */
function rounded(value: number): number {
  if (value < 1) return 0;
  const step = 10 ** Math.floor(Math.log10(value));
  const part = value / step < 5 ? step / 5 : step;
  return Math.round(value / part) * part;
}
