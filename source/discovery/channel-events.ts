// What a swarm channel tells of: its own state, and what its tracker broadcasts.
import type { Broadcast, CatalogueEntry } from "../protocol/channel/messages.ts";
import type { InfoHashHex } from "../protocol/ids.ts";

/** `waiting`: not reachable, tried again at `retryAt`. `refused`: it does not want us, and is asked again more rarely. */
export interface ChannelState {
  readonly state: "connecting" | "connected" | "waiting" | "refused";
  /** Why it is not connected, as a sentence that may hold the tracker's own words; null when it is. */
  readonly problem: string | null;
  /** Monotonic milliseconds, as performance.now(). */
  readonly retryAt: number | null;
}

/** Texts in events are the tracker's, raw. */
export type ChannelEvent =
  | { readonly type: "state-changed"; readonly state: ChannelState }
  /** At most four times a second. */
  | { readonly type: "catalogue-changed" }
  | { readonly type: "peers-known"; readonly count: number }
  /** The tracker dialled us back. */
  | { readonly type: "reachable"; readonly port: number; readonly ok: boolean }
  | { readonly type: "available"; readonly seq: number; readonly entry: CatalogueEntry }
  | {
      readonly type: "unavailable";
      readonly seq: number;
      readonly infoHash: InfoHashHex;
      readonly name: string;
      readonly why: string;
      readonly peer: string | undefined;
    }
  | { readonly type: "notice"; readonly seq: number; readonly text: string }
  /** The tracker could not take something we said. */
  | { readonly type: "problem"; readonly text: string; readonly infoHash: InfoHashHex | undefined };

/** A broadcast as an event; of `changed` that is the number of peers, the counts being in the catalogue. */
export function eventOf(broadcast: Broadcast): ChannelEvent {
  switch (broadcast.type) {
    case "available":
    case "notice":
      return broadcast;
    case "changed":
      return { type: "peers-known", count: broadcast.peers };
    case "unavailable": {
      const { type, seq, infoHash, name, why, peer } = broadcast;
      return { type, seq, infoHash, name, why, peer };
    }
    default:
      return broadcast satisfies never;
  }
}
