// SwarmPeer: what the swarm knows of one connected peer.
import { Bitfield } from "../metainfo/bitfield.ts";
import type { Address, ConnectedPeer, PeerKey, Upload } from "./events.ts";
import { DEFAULT_REQUEST_QUEUE, INITIAL_WINDOW } from "./limits.ts";
import { RateMeter } from "./rate-meter.ts";

/** Blocks we asked this peer for. A block is named `index * 16384 + block` (a piece has at most 16 384 blocks). */
export class RequestQueue {
  /** Asked for and not answered, oldest first. */
  readonly outstanding = new Set<number>();
  /** Not expected any more (cancelled, given to others), but may still arrive and is then no offence. */
  readonly dropped = new Set<number>();
  /** Pieces we ask this peer for. */
  readonly partials = new Set<number>();
  /** Blocks that may be outstanding, before the rate and the peer's `reqq` bound it: grows by one a block (slow start). */
  window = INITIAL_WINDOW;
  /** `reqq` of the peer. */
  peerLimit = DEFAULT_REQUEST_QUEUE;
  /** When it last moved: a block came, or the first request of an empty queue left. */
  progressAt = 0;
  /** Since when it may be asked. */
  unchokedAt = 0;
  /** Requests it rejected since its last block: who says it has a piece and never gives it makes no progress. */
  rejects = 0;
  /** Its requests went to others because nothing came for 20 s. */
  snubbed = false;
}

export class SwarmPeer {
  readonly connected: ConnectedPeer;
  /** Where it takes connections, once that is known. */
  listensAt: Address | undefined;
  pieces: Bitfield;
  /** Pieces it has and we lack. */
  wanted = 0;
  amChoking = true;
  amInterested = false;
  peerChoking = true;
  peerInterested = false;
  readonly requests = new RequestQueue();
  /** Requests of the peer that we have not begun to serve. */
  uploads: Upload[] = [];
  readonly down = new RateMeter();
  readonly up = new RateMeter();
  /** Payload bytes that were of no use. */
  wastedBytes = 0;
  unexplainedBlocks = 0;
  /** Chokes in the minute that began at `flapsSince`. */
  flaps = 0;
  flapsSince = 0;
  heardAt: number;
  saidAt: number;
  /** `v` of its extended handshake; foreign text. */
  client = "";
  speaksPush = false;

  constructor(connected: ConnectedPeer, pieceCount: number, now: number) {
    this.connected = connected;
    this.pieces = Bitfield.empty(pieceCount);
    this.heardAt = now;
    this.saidAt = now;
  }

  get key(): PeerKey {
    return this.connected.peer;
  }

  get isSeed(): boolean {
    return this.pieces.isFull;
  }
}
