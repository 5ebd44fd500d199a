// Rows: what the screen is told of a transfer and its peers, as plain values. Nothing of it is computed twice on the screen.
import type { DisplayText, FileRow, PeerRow, TransferRow, TransferState } from "../control/contract.ts";
import { displayText } from "../protocol/display-text.ts";
import { toHex } from "../protocol/ids.ts";
import type { Address } from "../swarm/events.ts";
import type { SwarmPeer } from "../swarm/peer.ts";
import { clientOfPeerId } from "./client-of-peer-id.ts";
import { MAP_CELLS, MAX_LISTED_FILES } from "./limits.ts";
import type { Transfer } from "./transfer.ts";

/** What a row shows that the transfer itself does not know. */
export interface TransferFacts {
  readonly folder: string;
  readonly addedAt: number;
  /** Payload of earlier runs of the engine. */
  readonly earlierDownBytes: number;
  readonly earlierUpBytes: number;
  readonly earlierWastedBytes: number;
  readonly summary: DisplayText | null;
}

/** `host:port`, an IPv6 host in brackets. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export function transferRow(transfer: Transfer, facts: TransferFacts, now: number): TransferRow {
  const { metainfo, layout, swarm } = transfer;
  const state = stateOf(transfer);
  const downBytesPerSecond = Math.round(transfer.down.bytesPerSecond(now));
  const uploadedBytes = facts.earlierUpBytes + transfer.up.totalBytes;
  const left = metainfo.length - transfer.heldBytes;
  const moving = state === "downloading" && downBytesPerSecond > 0;
  return {
    infoHash: transfer.infoHash,
    name: displayText(metainfo.name),
    state,
    reason: reasonOf(transfer, state),
    length: metainfo.length,
    pieceLength: metainfo.pieceLength,
    pieceCount: layout.pieceCount,
    heldPieces: swarm.states.held.count,
    heldBytes: transfer.heldBytes,
    folder: displayText(facts.folder),
    fileCount: metainfo.files.length,
    files: fileRows(transfer),
    private: metainfo.private,
    downBytesPerSecond,
    upBytesPerSecond: Math.round(transfer.up.bytesPerSecond(now)),
    downloadedBytes: facts.earlierDownBytes + transfer.down.totalBytes,
    uploadedBytes,
    wastedBytes: facts.earlierWastedBytes + transfer.wastedBytes,
    ratio: metainfo.length === 0 ? 0 : Math.round((uploadedBytes / metainfo.length) * 100) / 100,
    secondsLeft: moving ? Math.ceil(left / downBytesPerSecond) : null,
    pieceMap: pieceMap(transfer),
    availabilityMap: availabilityMap(transfer),
    peers: Array.from(swarm.peers.values(), (peer) => peerRow(transfer, peer, now)),
    addedAt: facts.addedAt,
    summary: facts.summary,
  };
}

function stateOf(transfer: Transfer): TransferState {
  if (transfer.checkedPieces !== undefined) return "checking";
  if (transfer.problem) return "error";
  if (transfer.mode === "paused") return "paused";
  if (transfer.isComplete || transfer.mode === "hold") return "seeding";
  const wanted = [...transfer.swarm.peers.values()].some((peer) => peer.wanted > 0);
  return wanted ? "downloading" : "waiting";
}

function reasonOf(transfer: Transfer, state: TransferState): DisplayText {
  if (state === "checking")
    return displayText(`checked ${transfer.checkedPieces} of ${transfer.layout.pieceCount} pieces`);
  if (state === "error") return displayText(transfer.problem?.message ?? "");
  if (state === "seeding" && !transfer.isComplete)
    return displayText("shares the pieces it has; Enter downloads the rest");
  if (state !== "waiting") return displayText("");
  const text = transfer.connectedPeers === 0 ? "no peer is connected" : "no connected peer has a missing piece";
  return displayText(text);
}

function fileRows(transfer: Transfer): FileRow[] {
  const { layout, metainfo, swarm } = transfer;
  return metainfo.files.slice(0, MAX_LISTED_FILES).map((file, i) => {
    const { first, end } = layout.piecesOfFile(i);
    let heldBytes = 0;
    for (let index = first; index < end; index++) {
      if (!swarm.states.held.get(index)) continue;
      const from = Math.max(file.offset, layout.pieceStart(index));
      const to = Math.min(file.offset + file.length, layout.pieceStart(index) + layout.pieceLengthAt(index));
      heldBytes += to - from;
    }
    return { path: displayText(file.path.join("/")), length: file.length, heldBytes };
  });
}

/** One character a cell: see `TransferRow.pieceMap`. */
function pieceMap(transfer: Transfer): string {
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

function availabilityMap(transfer: Transfer): string {
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

function peerRow(transfer: Transfer, peer: SwarmPeer, now: number): PeerRow {
  const arriving = arrivingPiece(transfer, peer);
  const downBytesPerSecond = Math.round(peer.down.bytesPerSecond(now));
  const upBytesPerSecond = Math.round(peer.up.bytesPerSecond(now));
  return {
    key: String(peer.key),
    address: displayText(addressText(peer.connected.address)),
    client: displayText(
      peer.client || clientOfPeerId(peer.connected.peerId) || toHex(peer.connected.peerId).slice(0, 16),
    ),
    via: peer.connected.source,
    progress: transfer.layout.pieceCount === 0 ? 1 : peer.pieces.count / transfer.layout.pieceCount,
    downBytesPerSecond,
    upBytesPerSecond,
    piece: arriving?.piece ?? null,
    pieceFraction: arriving?.fraction ?? 0,
    amChoking: peer.amChoking,
    amInterested: peer.amInterested,
    peerChoking: peer.peerChoking,
    peerInterested: peer.peerInterested,
    idle: displayText(downBytesPerSecond + upBytesPerSecond > 0 ? "" : idleReason(transfer, peer)),
  };
}

/** The piece of its own that has most blocks. */
function arrivingPiece(transfer: Transfer, peer: SwarmPeer): { piece: number; fraction: number } | undefined {
  let best: { piece: number; fraction: number } | undefined;
  for (const index of peer.requests.partials) {
    const partial = transfer.swarm.states.downloading.get(index);
    if (!partial) continue;
    const fraction = partial.receivedBlocks / partial.blockCount;
    if (!best || fraction > best.fraction) best = { piece: index, fraction };
  }
  return best;
}

function idleReason(transfer: Transfer, peer: SwarmPeer): string {
  if (peer.requests.snubbed) return "it stalls: its blocks are asked of others";
  if (peer.amInterested) return peer.peerChoking ? "choked by it" : "waiting for its blocks";
  if (peer.peerInterested) return peer.amChoking ? "waits for an upload slot" : "asks for nothing yet";
  return transfer.isComplete ? "not interested" : "has no piece we lack";
}
