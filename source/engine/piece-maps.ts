// Piece maps: all pieces of a transfer as a line of characters, each cell for the same share of them.
import { MAP_CELLS } from "./limits.ts";
import type { Transfer } from "./transfer.ts";

/** One character a cell: see `TransferRow.pieceMap`. */
export function pieceMap(transfer: Transfer): string {
  const { states } = transfer.swarm;
  return cells(transfer.layout.pieceCount, (first, end) => {
    let held = 0;
    let given = false;
    let busy = "";
    for (let index = first; index < end; index++) {
      if (states.held.get(index)) {
        held++;
        given ||= transfer.given.get(index);
      } else if (states.verifying.has(index)) busy ||= "v";
      else if ((states.downloading.get(index)?.receivedBlocks ?? 0) > 0) busy = "a";
    }
    if (held === end - first) return given ? "g" : "h";
    return busy || (held > 0 ? "p" : "m");
  });
}

/** One digit a cell: see `TransferRow.availabilityMap`. */
export function availabilityMap(transfer: Transfer): string {
  return cells(transfer.layout.pieceCount, (first, end) => {
    let rarest = 9;
    for (let index = first; index < end; index++) rarest = Math.min(rarest, transfer.swarm.availability(index));
    return String(rarest);
  });
}

function cells(pieceCount: number, cell: (first: number, end: number) => string): string {
  const count = Math.min(pieceCount, MAP_CELLS);
  let text = "";
  for (let i = 0; i < count; i++) {
    text += cell(Math.floor((i * pieceCount) / count), Math.floor(((i + 1) * pieceCount) / count));
  }
  return text;
}

/** Copies among connected peers: see `TransferRow.availability`. Two digits behind the point. */
export function availability({ layout, swarm }: Transfer): number {
  let least = Number.POSITIVE_INFINITY;
  let more = 0;
  for (let index = 0; index < layout.pieceCount; index++) {
    const copies = swarm.availability(index);
    if (copies < least) {
      least = copies;
      more = index;
    } else if (copies > least) more++;
  }
  return layout.pieceCount === 0 ? 0 : Math.floor((least + more / layout.pieceCount) * 100) / 100;
}
