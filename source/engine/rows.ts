// transferRow: what the screen is told of a transfer, as plain values. Nothing of it is computed twice on the screen.
import type { AnnounceRow, DisplayText, FileRow, LogRow, TransferRow, TransferState } from "../control/contract.ts";
import type { AnnounceReport } from "../discovery/announcer.ts";
import { bytesText } from "../protocol/bytes-text.ts";
import { displayText } from "../protocol/display-text.ts";
import { BLOCK_BYTES } from "../protocol/peer/limits.ts";
import type { TransferSettings } from "../storage/transfer-store.ts";
import { MAX_LISTED_FILES } from "./limits.ts";
import { peerRow } from "./peer-row.ts";
import { availability, availabilityMap, pieceMap } from "./piece-maps.ts";
import type { Transfer } from "./transfer.ts";

/** What a row shows that the transfer itself does not know. */
export interface TransferFacts {
  readonly settings: TransferSettings;
  readonly summary: DisplayText | null;
  readonly announces: readonly AnnounceReport[];
  readonly webSeeds: readonly AnnounceReport[];
  readonly log: readonly LogRow[];
  /** From 1; null: it is not queued. */
  readonly queuePosition: number | null;
}

/** The row at `now` (monotonic ms). */
export function transferRow(transfer: Transfer, facts: TransferFacts, now: number): TransferRow {
  const { metainfo, layout, swarm, history } = transfer;
  const { settings } = facts;
  const state = stateOf(transfer);
  const downBytesPerSecond = Math.round(transfer.down.bytesPerSecond(now));
  const uploadedBytes = settings.uploadedBytes + transfer.up.totalBytes;
  const { selection } = transfer;
  const wantedHeldBytes = selection.heldBytes(swarm.states.held);
  const arrivedBlocks = [...swarm.states.downloading.values()].reduce((sum, piece) => sum + piece.receivedBlocks, 0);
  const left = Math.max(0, selection.bytes - wantedHeldBytes - arrivedBlocks * BLOCK_BYTES);
  const moving = state === "downloading" && downBytesPerSecond > 0;
  const meanDownBytesPerSecond = history.meanDown;
  return {
    infoHash: transfer.infoHash,
    name: displayText(metainfo.name),
    state,
    reason: reasonOf(transfer, state, facts),
    length: layout.fileBytes,
    pieceLength: metainfo.pieceLength,
    pieceCount: layout.pieceCount,
    heldPieces: swarm.states.held.count,
    heldBytes: Math.min(transfer.heldBytes, layout.fileBytes),
    folder: displayText(settings.folder),
    fileCount: layout.fileCount,
    files: fileRows(transfer, MAX_LISTED_FILES),
    wantedBytes: selection.bytes,
    wantedHeldBytes,
    private: metainfo.private,
    downBytesPerSecond,
    upBytesPerSecond: Math.round(transfer.up.bytesPerSecond(now)),
    meanDownBytesPerSecond,
    meanUpBytesPerSecond: history.meanUp,
    downHistory: history.down,
    upHistory: history.up,
    downLimitBytesPerSecond: transfer.downLimit.bytesPerSecond,
    upLimitBytesPerSecond: transfer.upLimit.bytesPerSecond,
    ratioLimit: settings.ratioLimit,
    seedSecondsLimit: settings.seedSecondsLimit,
    sequential: settings.sequential,
    queuePosition: facts.queuePosition,
    downloadedBytes: settings.downloadedBytes + transfer.down.totalBytes,
    uploadedBytes,
    wastedBytes: settings.wastedBytes + transfer.wastedBytes,
    ratio: metainfo.length === 0 ? 0 : Math.round((uploadedBytes / metainfo.length) * 100) / 100,
    secondsLeft: moving ? Math.ceil(left / (history.paceDown || downBytesPerSecond)) : null,
    pieceMap: pieceMap(transfer),
    availabilityMap: availabilityMap(transfer),
    availability: availability(transfer),
    peers: Array.from(swarm.peers.values(), (peer) => peerRow(transfer, peer, now)),
    trackers: [...facts.announces, ...facts.webSeeds].map(announceRow),
    log: facts.log,
    addedAt: settings.addedAt,
    summary: facts.summary,
  };
}

function stateOf(transfer: Transfer): TransferState {
  if (transfer.checks.checkedPieces !== undefined) return "checking";
  if (transfer.problem) return "error";
  if (transfer.mode === "paused") return "paused";
  if (transfer.isDone || transfer.mode === "hold") return "seeding";
  if (transfer.isQueued) return "queued";
  const wanted = [...transfer.swarm.peers.values()].some((peer) => peer.wanted > 0);
  return wanted ? "downloading" : "waiting";
}

function reasonOf(transfer: Transfer, state: TransferState, { webSeeds }: TransferFacts): DisplayText {
  if (state === "checking")
    return displayText(`checked ${transfer.checks.checkedPieces} of ${transfer.layout.pieceCount} pieces`);
  if (state === "error") return displayText(transfer.problem?.message ?? "");
  if (state === "seeding" && !transfer.isDone) return displayText("shares the pieces it has; Enter downloads the rest");
  if (state === "paused" && transfer.keptBytes > 0)
    return displayText(`${bytesText(transfer.keptBytes)} of begun pieces are kept`);
  if (state === "queued") return displayText("waits for its turn");
  if (state !== "waiting") return displayText("");
  if (transfer.connectedPeers > 0) return displayText("no connected peer has a missing piece");
  const failing = webSeeds.find(({ problem }) => problem !== null);
  return displayText(failing === undefined ? "no peer is connected" : `no peer; ${failing.problem}`);
}

/** What is to be said of its first `most` files; padding is none. */
export function fileRows(transfer: Transfer, most: number): FileRow[] {
  const { layout, selection, swarm } = transfer;
  const rows: FileRow[] = [];
  for (const [index, { path, length, padding }] of layout.files.entries()) {
    if (rows.length === most) break;
    if (padding) continue;
    const heldBytes = layout.bytesOfFileIn(index, swarm.states.held);
    rows.push({ index, priority: selection.priorityOf(index), path: displayText(path.join("/")), length, heldBytes });
  }
  return rows;
}

function announceRow(report: AnnounceReport): AnnounceRow {
  const { tracker, tier, state, problem, nextAt, seeds, leechers } = report;
  return {
    address: displayText(tracker),
    tier,
    state,
    problem: problem === null ? null : displayText(problem),
    nextAnnounceAt: nextAt,
    seeds,
    leechers,
  };
}
