// Numbers the swarm lives by, each with its reason. Times are milliseconds.

/** Peers of one torrent: as libtorrent and Transmission. */
export const MAX_PEERS = 50;

/** Dials of one torrent that have not come to a handshake: half of its peers. */
export const MAX_DIALING = 25;

/** Addresses kept for later dials; a tracker's answer has at most 200. */
export const MAX_CANDIDATES = 1_000;

/** Blocks asked for before a rate is known: 1 MiB, what a loopback or a fast link has in flight. */
export const INITIAL_WINDOW = 64;

/** Blocks asked for at once at most, whatever the peer's `reqq`: 8 MiB, past which nothing was gained on loopback. */
export const MAX_WINDOW = 512;

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

/** Bytes of pieces that are begun; beyond it peers share pieces rather than begin new ones. */
export const MAX_PARTIAL_BYTES = 64 * 1024 * 1024;

/** Without a block for so long, a peer's requests go to others: as libtorrent. */
export const SNUB_MS = 20_000;

/** Without a block for so long while asked, a peer is dropped: as libtorrent. */
export const STALL_MS = 60_000;

/** A peer that was silent for so long is gone; we say something every 100 s. */
export const IDLE_MS = 150_000;
export const KEEP_ALIVE_MS = 100_000;

/** Choking is decided anew so often (BEP 3), the optimistic slot moves every third time. */
export const CHOKE_ROUND_MS = 10_000;
export const OPTIMISTIC_ROUNDS = 3;

/** Peers unchoked by what they give, plus one optimistic: libtorrent's default of 8. */
export const UPLOAD_SLOTS = 8;

/** Blocks that a peer was asked for and that are not expected any more: two full windows may still be on their way. */
export const MAX_DROPPED = 2 * MAX_WINDOW;

/** Blocks that nothing explains before a peer is dropped. */
export const MAX_UNEXPLAINED_BLOCKS = 64;

/** Chokes within `FLAPS_MS` before a peer is dropped. */
export const MAX_CHOKE_FLAPS = 60;
export const FLAPS_MS = 60_000;

/** Times a piece may fail its hash before only one peer at a time is asked for it: from the first failure on. */
export const PAROLE_AFTER_FAILURES = 1;

/**
 * A failed dial is tried again after 5 s, 10 s, ... at most 60 s: a peer that was busy hashing, or a network that was
 * gone for minutes, is found again within a minute.
 */
export const REDIAL_MS = 5_000;
export const MAX_REDIAL_MS = 60_000;

/** How long a peer banned for poison stays banned. */
export const BAN_MS = 24 * 3_600_000;

/** Pieces a giver may have open with us at once (sta_push). */
export const MAX_OPEN_GIFTS = 2;

/** An offer or a gift that has not moved for so long is forgotten. */
export const GIFT_TIMEOUT_MS = 30_000;

/** How often the swarm wants to be woken while it has peers. */
export const TICK_MS = 1_000;

/** A clock that jumped further than this was stopped (suspend): the time is not held against the peers. */
export const SUSPENDED_MS = 10_000;
