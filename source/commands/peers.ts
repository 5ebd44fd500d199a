// sta peers: who is connected for a transfer, what moves, and why nothing does.
import type { PeerRow, Snapshot, TransferRow } from "../control/contract.ts";
import { bytesText } from "../engine/transfer-summary.ts";
import { findEngine } from "./engine-access.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";

export async function run([operand]: readonly string[], options: Options): Promise<number> {
  const engine = await findEngine(options);
  if (!engine) return fail(`No engine is running: "sta" or "sta daemon" starts one.`);
  const rows = named(engine.getSnapshot(), operand);
  await engine.close();
  if (operand !== undefined && rows.length === 0) return fail(`There is no transfer ${operand}.`);
  if (options.json)
    for (const row of rows) for (const peer of row.peers) printJson({ infoHash: row.infoHash, ...peer });
  else for (const row of rows) show(row);
  return EXIT.done;
}

/** All transfers, or the one that a person names. */
function named({ transfers }: Snapshot, operand: string | undefined): readonly TransferRow[] {
  return transfers.filter(({ infoHash, name }) => operand === undefined || operand === name || operand === infoHash);
}

function show(row: TransferRow): void {
  print(`${row.name}  ${row.peers.length} ${row.peers.length === 1 ? "peer" : "peers"}, ${row.availability} copies`);
  for (const peer of row.peers) print(`  ${peerLine(peer)}`);
}

function peerLine(peer: PeerRow): string {
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
  ]
    .filter((part) => part !== "")
    .join("  ");
}
