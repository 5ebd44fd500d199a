// peerRow: what the screen is told of one peer of a transfer, as plain values.
import type { PeerRow } from "../control/contract.ts";
import { displayText } from "../protocol/display-text.ts";
import { toHex } from "../protocol/ids.ts";
import type { SwarmPeer } from "../swarm/peer.ts";
import { addressText } from "./address-text.ts";
import { clientOfPeerId } from "./client-of-peer-id.ts";
import type { Transfer } from "./transfer.ts";

/** What the screen is told of a peer at `now` (monotonic ms). */
export function peerRow(transfer: Transfer, peer: SwarmPeer, now: number): PeerRow {
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
    flags: flagsOf(peer),
    downloadedBytes: peer.down.totalBytes,
    uploadedBytes: peer.up.totalBytes,
    requestedBlocks: peer.requests.outstanding.size,
    idle: displayText(downBytesPerSecond + upBytesPerSecond > 0 ? "" : idleReason(transfer, peer)),
  };
}

/** See `PeerRow.flags`. */
function flagsOf(peer: SwarmPeer): string {
  const flags: (readonly [string, boolean])[] = [
    ["D", peer.amInterested && !peer.peerChoking],
    ["d", peer.amInterested && peer.peerChoking],
    ["U", peer.peerInterested && !peer.amChoking],
    ["u", peer.peerInterested && peer.amChoking],
    ["S", peer.requests.snubbed],
    ["I", peer.connected.source === "incoming"],
    ["F", peer.connected.fast],
    ["P", peer.speaksPush],
  ];
  return flags.map(([letter, isSet]) => (isSet ? letter : "")).join("");
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
