// SwarmPeer: what the swarm knows of one connected peer.
import { Bitfield } from "../metainfo/bitfield.ts";
import type { Address, ConnectedPeer, PeerKey, Upload } from "./events.ts";
import { DEFAULT_REQUEST_QUEUE, INITIAL_WINDOW } from "./limits.ts";
import { RateMeter } from "./rate-meter.ts";

/** Nothing is known of what it has to offer. */
export const NEVER_BARREN = { version: -1, held: -1 };

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
  /** The block by which it is seen how long an answer takes, asked for at `askedAt`; and the quickest answer so far. */
  probe: { readonly name: number; readonly askedAt: number } | undefined;
  quickestMs = Number.POSITIVE_INFINITY;
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
  /** It chokes and unchokes quickly: asked for nothing before. */
  notBefore = 0;
  /** Pieces it serves even while it chokes us, and those it would rather serve (BEP 6). */
  readonly allowedFast = new Set<number>();
  readonly suggested = new Set<number>();
  /** The piece that was begun for it last; -1: none was. */
  lastBegun = -1;
  /** The state of the order of pieces, and how many it held, when it had none that could be begun: see `RarestFirst.version`. */
  barren = NEVER_BARREN;
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
  /** Blocks it may still ask for of each piece that it may have while it is choked (BEP 6); undefined: it was told of none. */
  fastBlocks: Map<number, number> | undefined;
  /** Requests it sent since it was choked last. */
  chokedRequests = 0;
  /** Bytes it had of us as a seed, a turn that it did not use counted as if it had. */
  hadBytes = 0;
  readonly down = new RateMeter();
  readonly up = new RateMeter();
  /** Payload bytes that were of no use. */
  wastedBytes = 0;
  unexplainedBlocks = 0;
  /** Bitfields in which pieces were missing that it had said it holds. */
  retractions = 0;
  #upBeforeTurn = 0;
  /** Chokes in the minute that began at `flapsSince`. */
  flaps = 0;
  flapsSince = 0;
  heardAt: number;
  saidAt: number;
  /** `v` of its extended handshake; foreign text. */
  client = "";
  readonly since: number;
  /** It wants nothing more, whatever it lacks (BEP 21). */
  uploadOnly = false;
  speaksPush = false;
  speaksMetadata = false;

  constructor(connected: ConnectedPeer, pieceCount: number, now: number) {
    this.connected = connected;
    this.pieces = Bitfield.empty(pieceCount);
    this.since = now;
    this.heardAt = now;
    this.saidAt = now;
  }

  get key(): PeerKey {
    return this.connected.peer;
  }

  get isSeed(): boolean {
    return this.pieces.isFull;
  }

  /** Payload bytes it had of us since the choking round began. */
  get tookBytes(): number {
    return this.up.totalBytes - this.#upBeforeTurn;
  }

  turnBegins(): void {
    this.#upBeforeTurn = this.up.totalBytes;
  }
}
