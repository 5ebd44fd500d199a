// What a tracker sends in base64, as bytes: metainfo files, and holders with their bitfields.
import { fromBase64 } from "../protocol/channel/bitfield.ts";
import type { ChannelPeer } from "../protocol/channel/messages.ts";
import { ProtocolError, TrackerError } from "../protocol/errors.ts";
import type { ReplyOf } from "./pending-requests.ts";

/** A peer that has at least one piece. */
export interface Holder extends ChannelPeer {
  /** Its bitfield as the tracker knows it: a hint, whose length is not checked. */
  readonly pieces: Uint8Array;
}

/** Throws TrackerError `malformed`. */
export function torrentIn(reply: ReplyOf<"torrent">): Uint8Array {
  return decoded(reply.torrent);
}

/** Throws TrackerError `malformed`. */
export function holdersIn(reply: ReplyOf<"holders">): readonly Holder[] {
  return reply.peers.map((peer) => ({ ...peer, pieces: decoded(peer.pieces) }));
}

function decoded(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new TrackerError("malformed", "The tracker's answer is unreadable.", { cause });
  }
}
