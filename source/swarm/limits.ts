// Numbers the swarm lives by, each with its reason. Times are milliseconds.
import { ADVERTISED_REQUEST_QUEUE } from "../protocol/peer/limits.ts";

/** Peers of one torrent: as libtorrent and Transmission. */
export const MAX_PEERS = 50;

/** A peer has so long to become of use, or we to it, before it has to go for another when there are too many. */
export const SETTLE_MS = 60_000;

/** While we fetch, it has so long to give something, as libtorrent, whose peers are looked at every five minutes when there are too many. */
export const TURNOVER_MS = 300_000;

/** Dials of one torrent that have not come to a handshake: half of its peers. */
export const MAX_DIALING = 25;

/** Addresses kept for later dials; a tracker's answer has at most 200. */
export const MAX_CANDIDATES = 1_000;

/** Blocks asked for before a rate is known: 1 MiB, what a loopback or a fast link has in flight. */
export const INITIAL_WINDOW = 64;

/** Blocks asked for at once at most, whatever the peer's `reqq`: 8 MiB, past which nothing was gained on loopback. */
export const MAX_WINDOW = 512;

/**
 * Blocks asked for at once of a peer that answers this quickly: 4 MiB keep 400 MB/s busy. What is on its way beyond that only leaves the
 * processor's cache: 0.17 s of CPU a GiB over loopback.
 */
export const NEAR_WINDOW = 256;
export const NEAR_MS = 10;

/** Blocks always asked for, so that a slow peer never waits for us. */
export const MIN_WINDOW = 8;

/** `reqq` of a peer that names none: libtorrent's default. */
export const DEFAULT_REQUEST_QUEUE = 250;

/** The window holds so much of a peer's rate: the rule of thumb is 3 s of data. */
export const WINDOW_MS = 3_000;

/** Blocks asked of one peer in endgame that others were asked for too: bounds the waste to peers x 8 blocks. */
export const ENDGAME_REQUESTS = 8;

/** Peers that are asked for the same block in endgame. */
export const ENDGAME_ASKERS = 2;

/** A block is asked of a second peer when that brings it so many times faster than the first, and so much sooner: few come twice then. */
export const ENDGAME_ADVANTAGE = 2;
export const ENDGAME_MARGIN_MS = 500;

/** Bytes of pieces that are begun; beyond it peers share pieces rather than begin new ones. */
export const MAX_PARTIAL_BYTES = 64 * 1024 * 1024;

/** How often a peer may ask for all of the info dictionary (BEP 9): once, and again when it lost some of it. */
export const METADATA_TIMES = 2;

/** A peer is told whom else we know so long after it came, and then once a minute at most (BEP 11). */
export const EXCHANGE_FIRST_MS = 5_000;
export const EXCHANGE_MS = 60_000;

/** What a peer tells us of others more often than this is not heard: clocks and first messages may differ. */
export const LEAST_EXCHANGE_MS = 30_000;

/** How often the swarm wants to be woken while it has peers. */
export const TICK_MS = 1_000;

/** Without a block for so long, a peer's requests go to others: at the next tick, so within 20 s, as libtorrent. */
export const SNUB_MS = 20_000 - TICK_MS;

/** Without a block for so long while asked, a peer is dropped: at the next tick, so within 30 s. Who trickles a block in over more is no use. */
export const STALL_MS = 30_000 - TICK_MS;

/** A peer that was silent for so long is gone; we say something every 100 s. */
export const IDLE_MS = 150_000;
export const KEEP_ALIVE_MS = 100_000;

/** Choking is decided anew so often (BEP 3), the optimistic slot moves every third time. */
export const CHOKE_ROUND_MS = 10_000;
export const OPTIMISTIC_ROUNDS = 3;

/** Peers unchoked by what they give, plus one optimistic: libtorrent's default of 8. */
export const UPLOAD_SLOTS = 8;

/** Requests of a choked peer before it is dropped: as many as it may have had on the way when the choke left (our `reqq`). */
export const MAX_CHOKED_REQUESTS = ADVERTISED_REQUEST_QUEUE;

/** Pieces a peer may ask for while it is choked (BEP 6 suggests 10), and how many bytes they may have: what is given without a slot stays little. */
export const ALLOWED_FAST_PIECES = 10;
export const ALLOWED_FAST_BYTES = 8 * 1024 * 1024;

/** Pieces of a peer's `allowed-fast` and `suggest` that are remembered: libtorrent sends 5 of the one and a handful of the other. */
export const MAX_ALLOWED_FAST = 64;
export const MAX_SUGGESTED = 16;

/** `have` messages of pieces that follow one another this closely leave together: 50 peers are 50 writes. */
export const HAVE_GATHER_MS = 100;

/** Blocks that a peer was asked for and that are not expected any more: two full windows may still be on their way. */
export const MAX_DROPPED = 2 * MAX_WINDOW;

/** Blocks that nothing explains before a peer is dropped. */
export const MAX_UNEXPLAINED_BLOCKS = 64;

/** Bitfields that take pieces back before a peer is dropped: each costs as much as a first one, and honest peers lose pieces seldom. */
export const MAX_RETRACTIONS = 8;

/** Chokes within `FLAPS_MS` before a peer is dropped. */
export const MAX_CHOKE_FLAPS = 60;
export const FLAPS_MS = 60_000;

/** Who chokes and unchokes is asked anew at most so often. */
export const REASK_MS = 1_000;

/** Times a piece is fetched and fails its hash before it waits: for a peer that came since, or for longer and longer. */
export const MAX_FETCHES = 3;
export const PAROLE_PAUSE_MS = 60_000;
export const MAX_PAROLE_PAUSE_MS = 3_600_000;

/** Blocks of failed pieces whose sender and digest are kept to be compared: 1 GiB of pieces, about 8 MB of memory. */
export const MAX_EVIDENCE_BLOCKS = 65_536;

/** Addresses remembered of peers that left: they may be to blame for a piece that fails later. */
export const MAX_REMEMBERED_LEFT = 1_000;

/**
 * A failed dial is tried again after 5 s, 10 s, ... at most 45 s: a peer that was busy hashing, or a network that was
 * gone for minutes, is found again within a minute, a dial of 10 s that was begun just before among it.
 */
export const REDIAL_MS = 5_000;
export const MAX_REDIAL_MS = 45_000;

/**
 * One that never answered, and that neither a person nor a channel named, is tried after 15 minutes at last, or when a tracker names it again:
 * most of those are nobody's any more, and a hundred torrents that know thirty each would dial without end.
 */
export const MAX_UNANSWERED_REDIAL_MS = 900_000;

/** How long a peer banned for poison stays banned. */
export const BAN_MS = 24 * 3_600_000;

/** Pieces a giver may have open with us at once (sta_push). */
export const MAX_OPEN_GIFTS = 2;

/** Who refused 8 pieces is offered some again after so long, while giving goes on: it may have room by then. */
export const OFFER_AGAIN_MS = 120_000;

/** Offers of a giver that are refused in a minute before it is dropped: an honest one stops after 8. */
export const MAX_REFUSED_OFFERS = 64;
export const REFUSED_OFFERS_MS = 60_000;

/** Pieces looked at to choose one to offer. */
export const MAX_OFFER_CHOICE = 1_024;

/** An offer or a gift that has not moved for so long is forgotten. */
export const GIFT_TIMEOUT_MS = 30_000;

/** A clock that jumped further than this was stopped (suspend): the time is not held against the peers. */
export const SUSPENDED_MS = 10_000;
