// Everything that can happen to the swarms of a tracker, in one place. Applied in one order, it makes one state, on one tracker or on several.
import type { InfoHashHex, PeerIdHex } from "../source/protocol/ids.ts";
import type { TorrentFacts } from "./catalogue.ts";
import type { PeerKey } from "./peer-key.ts";

/** Name of a channel connection, unique among all trackers that are one. */
export type MemberId = string;

export type Change =
  /** A torrent is in the store and is listed from now on. */
  | { readonly type: "published"; readonly facts: TorrentFacts }
  /** A torrent is no longer in the store. */
  | { readonly type: "forgotten"; readonly infoHash: InfoHashHex; readonly why: string }
  /** A channel client was welcomed by `tracker`. */
  | {
      readonly type: "arrived";
      readonly member: MemberId;
      readonly tracker: string;
      readonly peerId: PeerIdHex;
      readonly peer: PeerKey;
    }
  /** It is gone, whyever, and all it held with it. */
  | { readonly type: "left"; readonly member: MemberId; readonly why: string }
  /** All that a channel client has of a torrent: a bitfield without spare bits; null when it has nothing to do with it any longer. */
  | {
      readonly type: "have";
      readonly member: MemberId;
      readonly infoHash: InfoHashHex;
      readonly pieces: Uint8Array | null;
    }
  /** Pieces it gained and lost since. */
  | {
      readonly type: "update";
      readonly member: MemberId;
      readonly infoHash: InfoHashHex;
      readonly gained: readonly number[];
      readonly lost: readonly number[];
    }
  /** A peer announced to `tracker`, for the first time or otherwise than before. */
  | {
      readonly type: "announced";
      readonly tracker: string;
      readonly infoHash: InfoHashHex;
      readonly peer: PeerKey;
      readonly peerId: PeerIdHex;
      readonly seed: boolean;
    }
  /** An announcing peer stopped, or was not heard of in time. */
  | { readonly type: "stopped"; readonly infoHash: InfoHashHex; readonly peer: PeerKey; readonly why: string }
  /** An announcing peer completed a download. */
  | { readonly type: "completed"; readonly infoHash: InfoHashHex }
  /** The operator says something to everybody. */
  | { readonly type: "notice"; readonly text: string }
  /** One of several trackers is gone: its clients with it; who announced to it has time to announce to another. */
  | { readonly type: "tracker-lost"; readonly tracker: string };
