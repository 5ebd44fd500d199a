// All that can happen to a swarm, and all that it can ask for.
import type { PeerId } from "../protocol/ids.ts";
import type { BlockRange, PeerMessage } from "../protocol/peer/messages.ts";

/** Names a connection for its life; positive, never used again in a swarm. */
export type PeerKey = number;

/** How an address came to us. `given` by the user; `web`: a web server that is asked in a peer's place, which nobody else can dial. */
export type PeerSource = "tracker" | "channel" | "pex" | "dht" | "lan" | "incoming" | "given" | "web";

/** Where a peer listens: an IP address without brackets and a TCP port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectedPeer {
  readonly peer: PeerKey;
  readonly peerId: PeerId;
  /** Its socket's address: for an incoming peer not the one it listens on. */
  readonly address: Address;
  /** Its IP address, where `address` may be the name that was dialled; undefined: it is none. */
  readonly ip?: string;
  readonly source: PeerSource;
  /** BEP 6 and BEP 10, spoken by both. */
  readonly fast: boolean;
  readonly extended: boolean;
}

/** A short text for the bytes of block number `block`: the same for the same bytes, and for no others. */
export type BlockDigest = (block: number) => string;

export type SwarmEvent =
  | ({ readonly type: "peer-connected" } & ConnectedPeer)
  | { readonly type: "peer-left"; readonly peer: PeerKey }
  | { readonly type: "message"; readonly peer: PeerKey; readonly message: PeerMessage }
  /**
   * The answer to `verify-piece`: `ok` when it is on disk and hashed right. `digestOf` tells blocks of the piece apart that differ; it is
   * called only while the event is handled, and only for pieces that failed once.
   */
  | { readonly type: "piece-verified"; readonly index: number; readonly ok: boolean; readonly digestOf?: BlockDigest }
  /** It could not be stored: it is missing again, and nobody is to blame. */
  | { readonly type: "piece-not-stored"; readonly index: number }
  | { readonly type: "candidates"; readonly addresses: readonly Address[]; readonly source: PeerSource }
  | { readonly type: "dial-failed"; readonly address: Address }
  /** It was not dialled: there are peers enough, or it is banned. */
  | { readonly type: "not-dialled"; readonly address: Address }
  /** Payload bytes that left for a peer. */
  | { readonly type: "block-sent"; readonly peer: PeerKey; readonly bytes: number }
  /** The disk did not give what a peer was to have. */
  | { readonly type: "uploads-failed"; readonly peer: PeerKey; readonly uploads: readonly Upload[] }
  /** `download`: ask for pieces. `upload`: serve and give them. */
  | { readonly type: "set-active"; readonly download: boolean; readonly upload: boolean }
  /**
   * What is asked for: for each piece 0 off, 1 normal, 2 first; `sequential`: in the order of the file. It is `completed` when all that is
   * not off is held. Without this event everything is wanted, rarest first.
   */
  | { readonly type: "set-wanted"; readonly priorities: Uint8Array; readonly sequential: boolean }
  /** Give `count` random pieces to every peer that speaks sta_push; `keep`: until nobody lacks anything. */
  | { readonly type: "give"; readonly count: number; readonly keep: boolean }
  /** Offer nothing more; what is under way arrives. */
  | { readonly type: "stop-giving" }
  | { readonly type: "tick" };

export type SwarmCommand =
  | { readonly type: "send"; readonly peer: PeerKey; readonly message: PeerMessage }
  /** Copy `data` to `begin` in the buffer of piece `index`; `data` is valid only until the command has been carried out. */
  | { readonly type: "store-block"; readonly index: number; readonly begin: number; readonly data: Uint8Array }
  /** All blocks are there: hash it, write it, and say `piece-verified`. */
  | { readonly type: "verify-piece"; readonly index: number }
  /** The blocks of this piece are of no use any more. */
  | { readonly type: "discard-piece"; readonly index: number }
  /** Requests wait in `takeUploads(peer)`, where none did: all of them are to be taken in time. */
  | { readonly type: "uploads-waiting"; readonly peer: PeerKey }
  /** Read piece `index` and send it in `sta_push` blocks. */
  | { readonly type: "give-piece"; readonly peer: PeerKey; readonly index: number }
  /** What has not left of a piece that is being given is not sent any more. */
  | { readonly type: "take-back-piece"; readonly peer: PeerKey; readonly index: number }
  | { readonly type: "disconnect"; readonly peer: PeerKey; readonly reason: string }
  /** Who is to blame for bad data is kept out for a day, connected or not. */
  | { readonly type: "ban"; readonly address: Address; readonly reason: string }
  | { readonly type: "dial"; readonly address: Address; readonly source: PeerSource }
  /** The last piece that is wanted is held, or no other is wanted any more: whether anything was asked for or not. */
  | { readonly type: "completed" }
  /** Something a person may want to read. */
  | { readonly type: "gift"; readonly direction: "given" | "received"; readonly peer: PeerKey; readonly index: number };

/** A request of a peer that is due to be served. */
export type Upload = BlockRange;
