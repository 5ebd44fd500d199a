// Piece maps: all pieces of a transfer as a line of characters, each cell for the same share of them.
import { MAP_CELLS } from "./limits.ts";
import type { Transfer } from "./transfer.ts";

/** One character a cell: see `TransferRow.pieceMap`. */
export function pieceMap({ layout: { pieceCount }, swarm: { states, peers }, given }: Transfer): string {
  const busy = new Map<number, string>();
  for (const index of states.verifying.keys()) busy.set(cellOf(index, pieceCount), "v");
  for (const { index, receivedBlocks } of states.downloading.values()) {
    if (receivedBlocks > 0 && peers.size > 0) busy.set(cellOf(index, pieceCount), "a");
  }
  return cells(pieceCount, (first, end, cell) => {
    const held = states.held.countIn(first, end);
    if (held === end - first) return given.countIn(first, end) > 0 ? "g" : "h";
    return busy.get(cell) ?? (held > 0 ? "p" : "m");
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

function cells(pieceCount: number, textOf: (first: number, end: number, cell: number) => string): string {
  const count = Math.min(pieceCount, MAP_CELLS);
  let text = "";
  for (let i = 0; i < count; i++) {
    text += textOf(Math.floor((i * pieceCount) / count), Math.floor(((i + 1) * pieceCount) / count), i);
  }
  return text;
}

/** Number of the cell that shows piece `index`. */
function cellOf(index: number, pieceCount: number): number {
  return Math.ceil(((index + 1) * Math.min(pieceCount, MAP_CELLS)) / pieceCount) - 1;
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
