// Numbers the engine lives by, each with its reason.

/** Peers of all torrents together: as libtorrent. */
export const MAX_CONNECTIONS = 200;

/** This part of them is kept for torrents that fetch: those that only share, however many, would leave a download none. */
export const FETCHING_SHARE = 1 / 5;

/**
 * Descriptors that are neither for data files nor for peers: Node's own, threads, state, log, trackers, the control socket and its viewers
 * (30 with one tracker and one viewer), and connections without a handshake.
 */
export const RESERVED_DESCRIPTORS = 40;

/** Inbound connections that have not said their handshake; beyond it the oldest is closed. */
export const MAX_WAITING_INBOUND = 32;

/**
 * The oldest has had so long at least; until then who comes is refused. A flood cannot push out who has just come, and costs little: 10 000
 * idle connections in 1.5 s took 32 MB more when each of them was let in.
 */
export const LEAST_WAIT_MS = 50;

/** Those of one address, the loopback ones spared; who is one too many is closed at once. */
export const MAX_WAITING_AN_ADDRESS = 3;

/** A peer has so long for its first byte, and for all 68 of its handshake: as libtorrent. */
export const FIRST_BYTE_MS = 5_000;
export const HANDSHAKE_MS = 10_000;

/** Encrypted handshakes that are answered in a second: working out the secret takes half a millisecond, and anybody may ask for it. */
export const AGREEMENTS_PER_SECOND = 50;

/** Those of one address, or of one IPv6 network, the loopback ones spared: nobody alone uses up what there is for all. */
export const AGREEMENTS_AN_ADDRESS = 5;

/** Dials that have not come to a connection, how long one may take, and how many begin in a second. */
export const MAX_HALF_OPEN = 50;
export const CONNECT_MS = 10_000;
export const DIALS_PER_SECOND = 20;

/** Bytes read from a socket at once; one buffer serves all sockets, for what is read is used up at once. */
export const READ_BUFFER_BYTES = 262_144;

/** A peer to which bytes are on their way and that reads none of them for so long is closed. */
export const UNREAD_MS = 60_000;

/** Bytes of requests that are read from disk and written to a socket at once: 64 blocks in one call. */
export const UPLOAD_BATCH_BYTES = 1_048_576;

/** The first batch of a peer, and the next one after a batch that took longer than a second; each that did not may be twice as large. */
export const FIRST_BATCH_BYTES = 131_072;
export const QUICK_BATCH_MS = 1_000;

/** Buffers of that size that are kept for the next batches: two for each of the peers that have an upload slot. */
export const MAX_SPARE_WIRE_BUFFERS = 18;

/** Bytes that may wait in a socket before no more are read from disk for it. */
export const UPLOAD_BUFFER_BYTES = 524_288;

/** Bytes that may wait in a socket at all, a full upload buffer and its batches among them: whose peer reads nothing is closed. */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Who waits for a rate limit looks again after so long: a person may have lifted it. */
export const LIMIT_WAIT_MS = 1_000;

/** Bytes of whole pieces that wait for their hash and the disk before sockets pause; and go on below half of it. */
export const MAX_UNWRITTEN_BYTES = 32 * 1024 * 1024;

/**
 * Bytes of buffers kept for the next pieces, until the download is done: as much as may be arriving and waiting for the disk
 * together. With less, buffers were made and thrown away all the time: 160 MB resident instead of 250 for 1 GiB over loopback.
 */
export const SPARE_PIECE_BYTES = 64 * 1024 * 1024;

/** Web servers of one torrent that are asked at once, and ranges of each: as libtorrent has 3, and so that one range comes while the next is asked for. */
export const WEB_SEEDS_AT_ONCE = 3;
export const WEB_SEED_CONNECTIONS = 2;

/** Bytes of one range: a second of 16 Mbit/s, so that what is asked for is no burden to servers nor to who cancels. */
export const WEB_SEED_RANGE_BYTES = 2 * 1024 * 1024;

/** A web server that gave something is asked again after so long; one that gave nothing after this, then twice as long each time. */
export const WEB_SEED_AGAIN_MS = 1_000;

/** Files in a row that it turns out not to have before it counts as one that gives nothing. */
export const MAX_WEB_SEED_LESSONS = 3;
export const WEB_SEED_RETRY_MS = 10_000;
export const MAX_WEB_SEED_RETRY_MS = 1_800_000;

/** How often a watched folder is looked at, and how often again for a file in it that was refused: a magnet link may find somebody by then. */
export const WATCH_MS = 2_000;
export const WATCH_AGAIN_MS = 300_000;

/** Files of it that are taken at once: 3 000 had 3 000 descriptors open together. */
export const WATCH_AT_ONCE = 8;

/** Snapshots a second at most: the screen shows no more. */
export const SNAPSHOT_MS = 250;

/** Seconds of rates that are kept for the screen. */
export const HISTORY_SECONDS = 60;

/** Of how many of them the mean is taken: long enough to tell a time left by, short enough to follow a link. */
export const MEAN_SECONDS = 30;

/** Lines that a transfer remembers of what happened to it. */
export const MAX_LOG_LINES = 100;

/** Cells of a piece map at most. */
export const MAP_CELLS = 1_024;

/** Broadcasts that are kept for the screen. */
export const MAX_BROADCASTS = 500;

/** Files of a torrent that the screen is told of. */
export const MAX_LISTED_FILES = 1_000;

/** How often a tracker is asked for holders while pieces are missing. */
export const HOLDERS_MS = 15_000;

/** A download that has its turn has so long to find who gives it something, before it counts as one that nobody gives anything. */
export const TURN_MS = 10_000;

/** How often a transfer that the disk stopped looks whether it can go on. */
export const DISK_RETRY_MS = 10_000;

/** Free bytes below which the user is told. */
export const LOW_SPACE_BYTES = 500_000_000;

/** The event loop's delay is measured so often: 0.1 % of a core, and late by 50 ms is seen. */
export const DOCTOR_RESOLUTION_MS = 50;

/** How often the engine says how it does, when it does well: a line in the log that shows what changed over a day. */
export const HEALTH_MINUTES = 10;

/** An event loop that is later than this once in a hundred times is told of: keys and peers begin to wait. */
export const LATE_LOOP_MS = 50;

/** How long peers are asked for a torrent's metainfo before a person hears that nobody told it. */
export const METAINFO_MS = 60_000;

/** Info dictionaries that are kept for whoever looked at a torrent and adds it then; 10 MB each at most. */
export const KEPT_METAINFO = 4;

/** Peers that are asked for it at once, and for how long one may be silent meanwhile. */
export const METAINFO_PEERS = 8;
export const METAINFO_PEER_MS = 15_000;

/** Peers that are asked beside them because they came: silent ones keep nobody from being dialled. */
export const METAINFO_GUESTS = 4;

/** One that told nothing is asked again after so long: qBittorrent, that has just checked what it has, closes the first connection. */
export const METAINFO_AGAIN_MS = 5_000;

/** How often counts of payload are saved. */
export const SAVE_MS = 30_000;

/** Torrents that are here because somebody gives us pieces of them, and of which no piece has come yet. */
export const MAX_EMPTY_GIFTS = 16;

/** Bytes of pieces taken as gifts of torrents the user never asked for. */
export const GIFT_QUOTA_BYTES = 1024 ** 3;

/** Peers kept as banned; beyond it the oldest is forgotten. */
export const MAX_BANNED = 10_000;

/** A person's handshake with the swarm must end some time: what a stop may take. */
export const STOP_MS = 4_000;
