// sta peers: who is connected for a transfer, what moves, and why nothing does.
import type { PeerRow, TransferRow } from "../control/contract.ts";
import { bytesText } from "../engine/transfer-summary.ts";
import { inColumns } from "./in-columns.ts";
import { namedTransfer, withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";
import { countText } from "../protocol/count-text.ts";

export function run([operand]: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const snapshot = engine.getSnapshot();
    const named = operand === undefined ? snapshot.transfers : namedTransfer(snapshot, operand);
    if (typeof named === "string") return fail(named);
    for (const row of "peers" in named ? [named] : named) {
      if (options.json) for (const peer of row.peers) printJson({ infoHash: row.infoHash, ...peer });
      else show(row);
    }
    return EXIT.done;
  });
}

function show(row: TransferRow): void {
  print(
    `${row.name}  ${countText(row.peers.length, "peer")}, ${row.availability === 1 ? "1 copy" : `${row.availability} copies`}`,
  );
  for (const line of inColumns(row.peers.map(peerParts))) print(`  ${line.trimEnd()}`);
}

function peerParts(peer: PeerRow): string[] {
  const piece = peer.piece === null ? "" : `piece ${peer.piece} ${Math.floor(peer.pieceFraction * 100)} %`;
  return [
    peer.address,
    peer.client,
    `${Math.floor(peer.progress * 100)} %`,
    peer.flags,
    `down ${bytesText(peer.downBytesPerSecond)}/s`,
    `up ${bytesText(peer.upBytesPerSecond)}/s`,
    piece,
    peer.via,
    peer.idle,
  ];
}
