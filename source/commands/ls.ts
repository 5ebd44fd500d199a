// sta ls: what the swarm offers and what is under way, as of now.
import type { CatalogueRow, Snapshot, TransferRow } from "../control/contract.ts";
import { bytesText } from "../engine/transfer-summary.ts";
import { findEngine } from "./engine-access.ts";
import { inColumns } from "./in-columns.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";
import { countText } from "../protocol/count-text.ts";

export async function run(_operands: readonly string[], options: Options): Promise<number> {
  const engine = await findEngine(options);
  if (!engine) return fail(`No engine is running: "sta" or "sta daemon" starts one.`);
  const snapshot = filtered(engine.getSnapshot(), options.filter);
  if (options.json) {
    printJson(snapshot);
  } else {
    for (const { address, state, problem } of snapshot.trackers) print(`tracker ${address}: ${problem ?? state}`);
    for (const line of inColumns(snapshot.catalogue.map(catalogueParts))) print(line);
    for (const line of inColumns(snapshot.transfers.map(transferParts))) print(line);
    if (snapshot.trackers.length === 0) print('No tracker is known: "sta --tracker HOST:PORT" adds one.');
    if (snapshot.catalogue.length + snapshot.transfers.length === 0)
      print(options.filter ? "No file and no transfer matches." : "No file is offered, and no transfer is here.");
  }
  await engine.close();
  return EXIT.done;
}

function filtered(snapshot: Snapshot, filter: Options["filter"]): Snapshot {
  if (filter === undefined) return snapshot;
  const { catalogue, transfers, broadcasts } = snapshot;
  return {
    ...snapshot,
    catalogue: catalogue.filter(filter),
    transfers: transfers.filter(filter),
    broadcasts: broadcasts.filter(filter),
  };
}

function catalogueParts(row: CatalogueRow): string[] {
  const availability =
    row.availablePieces === row.pieceCount ? "whole" : `${row.availablePieces} of ${row.pieceCount} pieces`;
  const holders = countText(row.holders, "holder");
  return ["available", row.name, bytesText(row.length), `${availability}, ${holders}`, row.infoHash];
}

function transferParts(row: TransferRow): string[] {
  const percent = row.wantedBytes === 0 ? 100 : Math.floor((row.wantedHeldBytes / row.wantedBytes) * 100);
  const state = row.reason ? `${row.state} (${row.reason})` : row.state;
  const rates = `down ${bytesText(row.downBytesPerSecond)}/s, up ${bytesText(row.upBytesPerSecond)}/s`;
  const peers = countText(row.peers.length, "peer");
  return ["transfer ", row.name, `${percent} %`, state, `${rates}, ${peers}`, row.infoHash];
}
