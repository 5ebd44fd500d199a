// What stops a malicious client of the tracker.

/** Metainfo files kept, and swarms known, the ones announced longest ago going first. */
export const MAX_TORRENTS = 50_000;

/** Peers of one swarm, and of all swarms: 200 000 peers fit into 256 MB. */
export const MAX_SWARM_PEERS = 1_000;
export const MAX_PEERS = 200_000;

/** Bytes of one metainfo file, and of all that are kept. */
export const MAX_METAINFO_BYTES = 10_000_000;
export const MAX_STORE_BYTES = 1_000_000_000;

/** A metainfo file longer than this in base64 is read in a thread: at worst 0.3 us a byte, so that others wait 20 ms at most. */
export const LARGE_METAINFO_CHARACTERS = 64 * 1024;

/** Peers in one answer, as libtorrent asks for. */
export const MAX_NUMWANT = 50;

/** Peers in one `peers` or `holders` reply, and the bitfields in it: one frame. */
export const MAX_REPLY_PEERS = 300;
export const MAX_REPLY_BITFIELDS = 48 * 1024;

/** Connections in all, and from one address (the /64 of IPv6). Loopback may have any share: there they are the machine's own engines. */
export const MAX_HTTP_CONNECTIONS = 1_024;
export const MAX_HTTP_CONNECTIONS_PER_ADDRESS = 32;
export const MAX_CHANNEL_CLIENTS = 10_000;
export const MAX_CHANNEL_CLIENTS_PER_ADDRESS = 4;

/** Channels that one network opens in a second, and at once after a pause: four engines that try again every 8 seconds. Not for loopback. */
export const CHANNELS_PER_SECOND = 0.5;
export const CHANNEL_BURST = 16;

/** HTTP requests of one address a second, and at once after a pause. Not for loopback. */
export const REQUESTS_PER_SECOND = 10;
export const REQUEST_BURST = 50;

/** Bytes of a request's header, and how long it and the whole request may take. */
export const MAX_HEADER_BYTES = 8 * 1024;
export const HEADER_MS = 5_000;
export const REQUEST_MS = 10_000;

/** A connection that asks nothing for this long is closed: most clients announce once and are gone for minutes. */
export const IDLE_MS = 15_000;

/** A client for which more than this waits is cut; the others never notice. */
export const MAX_QUEUED_BYTES = 256 * 1024;

/**
 * Messages a channel client may send beyond `MESSAGE_BURST` before it counts as flooding: what a client that keeps the pace of the
 * protocol sends within a minute arrives at once when its line, or we, stood still for so long.
 */
export const MESSAGE_TOLERANCE = 500;

/** Bytes that are read of a channel client, and answered to it, in a second and at once after a pause: two of the longest messages. */
export const CHANNEL_BYTES_PER_SECOND = 4 * 1024 * 1024;
export const CHANNEL_BYTE_BURST = 32 * 1024 * 1024;

/** Pieces that a WebSocket message may come in: of 16 KiB, as some libraries cut them. */
export const MAX_FRAGMENTS = 1_024;

/** How long a client may still read why it was refused, while nothing is read of it any longer. */
export const REJECTED_MS = 250;

/**
 * How long a network that flooded is refused: at first about as long as a client waits that tries again, then twice as long each time.
 * Its other channels, which did nothing, stay. After it kept the rules for as long as the longest time it begins anew.
 */
export const LOCKOUT_MS = 10_000;
export const MAX_LOCKOUT_MS = 600_000;
export const LOCKOUT_REMEMBERED_MS = 600_000;

/** Networks that are remembered for it, 2 MB; the one that flooded longest ago goes first. */
export const MAX_LOCKOUTS = 10_000;

/**
 * Dialling clients back. 5 s is what a far one needs, with two lost packets; 64 at once go through 9 000 clients that all come back and
 * cannot be dialled within 12 minutes. What was found is good for 2 minutes: who comes again meanwhile is told the same.
 */
export const PROBE_MS = 5_000;
export const MAX_PROBES = 64;
export const MAX_PROBES_WAITING = 10_000;
export const PROBE_KEPT_MS = 120_000;
export const MAX_PROBES_KEPT = 10_000;

/** Ports of one network that are dialled in a second, and at once: four clients, each every two minutes. Not for loopback. */
export const PROBES_PER_SECOND = 1 / 30;
export const PROBE_BURST = 8;

/** Broadcasts kept for clients that come back. */
export const REPLAY_BROADCASTS = 256;

/**
 * Transitions of availability that are told of one by one, in a second and at once; what is beyond is gathered into `changed`. One client
 * that takes a file away and gives it again ten times a second would otherwise cause ten writes to each of the others; one with
 * thousands of files that leaves would fill the queues of all of them.
 */
export const TRANSITIONS_PER_SECOND = 4;
export const TRANSITION_BURST = 256;

/** Of so many chances to tell of moved counts, one is taken when only the number of peers moved: every 2 seconds. */
export const PEER_COUNT_EVERY = 8;

/** Torrents one channel client may have said `have` for. */
export const MAX_HAVES_PER_CLIENT = 10_000;

/** How often a tracker that is one of several shows that it lives, and after what silence the others hold it for dead. */
export const HEARTBEAT_MS = 2_000;
export const TRACKER_LOST_MS = 8_000;

/** Changes that Redis keeps for a tracker that falls behind: some seconds of the busiest one, 30 MB. */
export const MAX_STREAM_CHANGES = 100_000;

/** How long things take. Tests shorten them. */
export interface Timing {
  /** From the upgrade to `hello`. */
  readonly helloMs: number;
  readonly pingMs: number;
  /** Without a byte for this long a client is gone. */
  readonly silentMs: number;
  /** `changed` is sent at most once in this time. */
  readonly gatherMs: number;
  /** What announcing peers are told to wait; after 2.5 times as long they are gone. */
  readonly announceIntervalMs: number;
  /** How often it is written down what is held, and `--keep` is looked after. */
  readonly tidyMs: number;
}

/** 5 minutes between announces, as libtorrent's shortest: an announcing peer that dies is forgotten in 12.5. */
export const TIMING: Timing = {
  helloMs: 5_000,
  pingMs: 30_000,
  silentMs: 90_000,
  gatherMs: 250,
  announceIntervalMs: 300_000,
  tidyMs: 3_600_000,
};
